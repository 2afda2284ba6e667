"""People and teams by the names others write: “Finance, Support EMEA, Zendesk Owners and Rita Roe”.

A team is a division, a division with a region, or a group; who hears for it are the division's managers, or the group's
members. A person is found by their name, their user name or their name in GitLab.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from supportops.accounts.models import Division, User
from supportops.accounts.roles import Role

_BETWEEN, _AND = re.compile(r"[,;\n]"), re.compile(r"\band\b")
MOST_SUGGESTED = 8


@dataclass
class Meant:
    """Whom a text names. ``names``: as they are called here; ``people``: who hears for them; ``unknown``: {what was
    written: what comes nearest, or nothing}; ``ambiguous``: {what was written: those who are called so}."""

    names: list[str] = field(default_factory=list)
    people: list[User] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)


def meant_by(text: str) -> Meant:
    """Whom a text names, separated by commas, semicolons or “and”."""
    found = Meant()
    parts = [name for name in (part.strip() for part in _BETWEEN.split(text)) if name]
    if not parts:
        return found
    teams, people = _teams(), _people([*parts, *(name for part in parts for name in _apart(part))])
    known = teams.keys() | people.keys()
    written = [name for part in parts for name in ([part] if part.casefold() in known else _apart(part))]
    heard: dict[int, User] = {}
    for name in dict.fromkeys(written):
        if team := teams.get(name.casefold()):
            found.names.append(team.name)
            heard |= {person.pk: person for person in team.members}
        elif called := people.get(name.casefold()):
            if len(called) > 1:
                found.ambiguous[name] = [called_here(one) for one in called]
                continue
            found.names.append(called_here(called[0]))
            heard[called[0].pk] = called[0]
        else:
            found.unknown[name] = _nearest(name, [team.name for team in teams.values()])
    found.people = list(heard.values())
    return found


def _apart(part: str) -> list[str]:
    """What stands around an “and”, where it is not part of a name."""
    return [name for name in (piece.strip() for piece in _AND.split(part)) if name]


def _unseparated(name: str) -> str:
    """A name without what separates names here."""
    return " ".join(_BETWEEN.sub(" ", name).split())


def called_here(person: User) -> str:
    """The name that means this person and nobody else: “Rita Roe (rita)”."""
    name = _unseparated(str(person))
    return f"{name} ({person.username})" if name != person.username else person.username


def suggested(typed: str) -> list[str]:
    """The names of people and teams that begin like what was typed, teams first; at most MOST_SUGGESTED."""
    typed = typed.strip().casefold()
    if not typed:
        return []
    teams = sorted(team.name for team in _teams().values() if team.name.casefold().startswith(typed))
    return [*teams, *map(called_here, people_like(typed))][:MOST_SUGGESTED]


def people_like(typed: str) -> list[User]:
    """Active people whose names begin like what was typed; at most MOST_SUGGESTED."""
    first, _, last = typed.strip().partition(" ")
    begins = Q(first_name__istartswith=first, last_name__istartswith=last) if last else Q(first_name__istartswith=first)
    begins |= Q(last_name__istartswith=typed) | Q(username__istartswith=typed) | Q(gitlab_username__istartswith=typed)
    found = User.objects.active().filter(begins).order_by("first_name", "last_name", "username")
    return list(found[:MOST_SUGGESTED])


@dataclass(frozen=True)
class _Team:
    name: str
    members: list[User]


def _teams() -> dict[str, _Team]:
    """{name in small letters: team} of all divisions, regions of a division, and groups that are no role."""
    teams = {division.casefold(): _Team(str(division), []) for division in Division.values}
    for manager in User.objects.managers().exclude(division=""):
        for name in (manager.division, f"{manager.division} {manager.region}".strip()):
            teams.setdefault(name.casefold(), _Team(name, [])).members.append(manager)
    for group in Group.objects.exclude(name__in=Role.values).prefetch_related("user_set"):
        name = _unseparated(group.name)
        teams[name.casefold()] = _Team(name, [one for one in group.user_set.all() if one.is_active])
    return teams


def _people(written: Iterable[str]) -> dict[str, list[User]]:
    """{what was written, in small letters: the active people who are called so}."""
    called: dict[str, list[User]] = {}
    wanted = {name.casefold() for name in written}
    for person in _perhaps(wanted):
        name, user_name = _unseparated(str(person)), person.username
        names = {name, user_name, f"@{user_name}", person.gitlab_username, called_here(person)}
        for name in {name.casefold() for name in names if name} & wanted:
            called.setdefault(name, []).append(person)
    return called


def _perhaps(names: Iterable[str]) -> QuerySet[User]:
    """The active people one of whose names begins like one of these."""
    begins = Q()
    for name in names:
        word = name.removeprefix("@").split()[0] if name.removeprefix("@").split() else name
        begins |= Q(first_name__istartswith=word) | Q(username__iexact=word) | Q(gitlab_username__iexact=word)
        begins |= Q(last_name__istartswith=word)
    return User.objects.active().filter(begins)


def _nearest(name: str, names: Iterable[str]) -> str:
    by_small = {one.casefold(): one for one in names}
    near = get_close_matches(name.casefold(), by_small, n=1, cutoff=0.6)
    return by_small[near[0]] if near else ""
