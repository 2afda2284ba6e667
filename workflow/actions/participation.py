"""Who hears how a request goes on: whoever is assigned it, comments, or is mentioned watches it, and may stop.

People are mentioned by “@” and their name here or in GitLab, groups by “@” and the group's name (domain.md §7). Called
inside the transaction of whatever is done.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from django.contrib.auth.models import Group
from django.db.models import Q
from django.db.models.functions import Lower

from supportops.accounts.models import User
from supportops.accounts.roles import Role
from workflow.models import Issue, Watch
from workflow.permissions import may_see, sees_internal

OPS_HANDLES = frozenset({"ops", "support-ops", "gitlab-com/support/support-ops"})
"""What Support Operations are called after an “@”; the last is their group in GitLab (handbook, "Contact us")."""
MOST_MENTIONS = 50
"""So many different names of a text are looked up; nobody means more."""
LONGEST_READ = 100_000
_NAME = re.compile(r"(?<![\w@/.+`-])@(\w[\w./+-]{0,149})")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TICKS = re.compile(r"`+")


def take_part(issue: Issue, people: Iterable[User | None], *, internal: bool = False) -> None:
    """From now on these watch the request: all but its requester, who hears anyway, and who may not read this."""
    watching = {
        person.pk
        for person in people
        if person and person.pk != issue.requester_id and may_see(person, issue) and _reads(person, internal)
    }
    if watching:
        Watch.objects.bulk_create([Watch(issue=issue, person_id=pk) for pk in sorted(watching)], ignore_conflicts=True)


def mention(issue: Issue, text: str, *, internal: bool = False) -> frozenset[int]:
    """Who is mentioned in these words takes part from now on; the members of a mentioned group are told this once.

    Returns the ids of all of them. Whether each may read it, whoever tells them asks.
    """
    names = handles_in(text)
    if not names:
        return frozenset()
    people = _people(names)
    take_part(issue, people, internal=internal)
    return frozenset(person.pk for person in people) | _members(names)


def handles_in(text: str) -> frozenset[str]:
    """The names after “@” in a text, in small letters: not in code, not in what is quoted, not in an address."""
    if "@" not in text:
        return frozenset()
    found: dict[str, None] = {}
    for line in own_lines(text[:LONGEST_READ]):
        for match in _NAME.finditer(without_code(line)):
            found[match.group(1).rstrip("./+-").casefold()] = None
            if len(found) == MOST_MENTIONS:
                return frozenset(found)
    return frozenset(found)


def groups_like(typed: str) -> list[tuple[str, str]]:
    """[(name, handle)] of the groups that may be called by a handle which begins like what was typed."""
    handles = [("Support Operations", "support-ops")]
    handles += [
        (name, _handle(name)) for name in Group.objects.exclude(name__in=Role.values).values_list("name", flat=True)
    ]
    return [(name, handle) for name, handle in handles if handle.startswith(typed.strip().casefold())]


def _handle(group: str) -> str:
    return group.casefold().replace(" ", "-")


def own_lines(text: str) -> Iterator[str]:
    """The lines of a text that its writer says themselves: neither quoted nor code."""
    fence = ""
    for line in text.splitlines():
        opens = _FENCE.match(line)
        if fence:
            if opens and opens.group(1).startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif opens:
            fence = opens.group(1)
        elif not line.lstrip().startswith(">"):
            yield line


def without_code(line: str) -> str:
    """The line without what stands between two equally long runs of backticks; reads each character once."""
    runs = list(_TICKS.finditer(line))
    later = Counter(len(run.group()) for run in runs)
    kept, end, opened = [], 0, 0
    for run in runs:
        ticks = len(run.group())
        later[ticks] -= 1
        if opened == ticks:
            end, opened = run.end(), 0
        elif not opened and later[ticks]:
            kept.append(line[end : run.start()])
            opened = ticks
    return " ".join([*kept, line[end:]]) if not opened else " ".join(kept)


def _people(names: Iterable[str]) -> list[User]:
    called = {"here": Lower("username"), "there": Lower("gitlab_username")}
    return list(User.objects.active().alias(**called).filter(Q(here__in=names) | Q(there__in=names)))


def _members(names: frozenset[str]) -> frozenset[int]:
    """Ids of the people of the groups called so; a space in a group's name is written as a hyphen."""
    groups = [group.pk for group in Group.objects.exclude(name=Role.OPS) if _handle(group.name) in names]
    members = set(User.objects.active().filter(groups__in=groups).values_list("pk", flat=True)) if groups else set()
    if names & OPS_HANDLES:
        members |= set(User.objects.ops().values_list("pk", flat=True))
    return frozenset(members)


def _reads(person: User, internal: bool) -> bool:
    return sees_internal(person) if internal else True
