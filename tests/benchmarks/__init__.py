"""Measurements, not tests: nothing here decides by the clock whether the portal is right (docs/reliability.md §4)."""
