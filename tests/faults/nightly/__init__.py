"""Whole portals, killed, starved, restarted and cut off: minutes, not seconds, so `make faults` runs them.

They start and stop servers of their own and touch nobody else's.
"""
