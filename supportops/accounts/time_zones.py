"""The time zones this machine knows."""

import zoneinfo
from functools import cache


@cache
def time_zones() -> frozenset[str]:
    """Their IANA names; looked for once, because that opens hundreds of files, and every page asks."""
    return frozenset(zoneinfo.available_timezones())
