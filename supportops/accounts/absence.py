"""Who decides for whom while people are away. Pure: it reads what it is given and asks the database nothing.

A *link* leads from somebody who is away now to their stand-in (None where they named nobody). A chain of links ends
with somebody who is here: that person decides for the first, nobody between them does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import date, datetime

    from supportops.accounts.models import User

Links = Mapping[int, int | None]
"""{id of somebody who is away: their stand-in's id or None}"""
UTC = ZoneInfo("UTC")


def is_away(person: User, now: datetime) -> bool:
    """Whether the moment ``now`` lies in the person's absence: both dates included, in the person's own time zone.

    ``person`` has away_from and away_until (dates or None) and time_zone (an IANA name). Without an end it goes on.
    """
    if person.away_from is None:
        return False
    today = now.astimezone(zone_of(person)).date()
    return person.away_from <= today and (person.away_until is None or today <= person.away_until)


def zone_of(person: User) -> ZoneInfo:
    """The person's time zone; UTC where the name is not known on this machine, so that one row stops nobody else."""
    try:
        return ZoneInfo(person.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def links(people: Iterable[User], now: datetime) -> dict[int, int | None]:
    """{id: stand-in's id or None} of those of ``people`` who are away at the moment ``now``."""
    return {person.pk: person.stand_in_id for person in people if is_away(person, now)}


def decider_for(pk: int, links: Links) -> int | None:
    """The id of whoever decides for the person ``pk`` now: themselves unless away; None where the chain leads nowhere.

    A chain that goes round in a circle leads nowhere too: entry refuses one, dates may still make one.
    """
    met = set()
    current: int | None = pk
    while current is not None and current in links:
        if current in met:
            return None
        met.add(current)
        current = links[current]
    return current


def stands_in_for(pk: int, links: Links) -> frozenset[int]:
    """The ids of everybody for whom the person ``pk`` decides now; never their own."""
    return frozenset(away for away in links if away != pk and decider_for(away, links) == pk)


def circle(person: User, stand_in: User | None, today: date) -> list[User] | None:
    """The people between ``stand_in`` and ``person`` if naming ``stand_in`` closed a circle, else None.

    A stand-in named for an absence that has ended by ``today`` (a date) is no link any more. An empty list: the person
    named themselves.
    """
    met: list[User] = []
    current = stand_in
    while current is not None and current not in met:
        if current.pk == person.pk:
            return met
        met.append(current)
        over = current.away_until is not None and current.away_until < today
        current = None if over else current.stand_in
    return None
