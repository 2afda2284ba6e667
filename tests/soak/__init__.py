"""A soak: real processes, a seeded workload by real HTTP, a seeded nemesis; then everything heals and I1 to I8 of
reliability.md §2 are checked. ``make soak MINUTES=10 SEED=1``.
"""
