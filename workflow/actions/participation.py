"""Who hears how a request goes on: whoever is assigned it, comments, or is mentioned watches it, and may stop.

People are mentioned by “@” and their name here or in GitLab, groups by “@” and the group's name (domain.md §7). Called
inside the transaction of whatever is done.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from django.contrib.auth.models import Group
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

from supportops.accounts.models import User
from supportops.accounts.roles import Role
from supportops.ui.prose import without_comments
from workflow.models import Issue, Watch
from workflow.permissions import may_see, sees_internal

OPS_HANDLES = frozenset({"ops", "support-ops", "gitlab-com/support/support-ops"})
"""What Support Operations are called after an “@”; the last is their group in GitLab (handbook, "Contact us")."""
MOST_MENTIONS = 50
"""So many different names of a text are looked up; nobody means more."""
LONGEST_READ = 100_000
_NAME = re.compile(r"(?<![\w@/.+`-])@(\w[\w./+-]{0,149}+)(?![\w@])")
_QUOTATION = re.compile(r" {0,3}>{3,}\s*\Z")
"""A line that begins or ends one of GitLab's quotations of many lines."""
_markdown = MarkdownIt("commonmark", {"html": True})


def take_part(issue: Issue, people: Iterable[User | None], *, internal: bool = False) -> None:
    """From now on these watch the request: all but its requester, who hears anyway, and who may not read this."""
    watching = {
        person.pk
        for person in people
        if person and person.pk != issue.requester_id and may_see(person, issue) and _reads(person, internal)
    }
    if watching:
        Watch.objects.bulk_create([Watch(issue=issue, person_id=pk) for pk in sorted(watching)], ignore_conflicts=True)


def mention(issue: Issue, text: str, *, internal: bool = False, in_gitlab: bool = False) -> frozenset[int]:
    """Who is mentioned in these words takes part from now on; the members of a mentioned group are told this once.

    ``in_gitlab``: they were written there. Returns the ids of all of them. Whether each may read it, whoever tells them
    asks.
    """
    names = handles_in(text)
    if not names:
        return frozenset()
    people = _people(names, in_gitlab=in_gitlab)
    take_part(issue, people, internal=internal)
    return frozenset(person.pk for person in people) | _members(names)


def on_duty(issue: Issue, *, besides: User | None = None) -> list[User]:
    """Who looks after a request that nobody owns, ``besides`` a person: the owners of its route who may see it, or
    else everybody of Support Operations who may."""
    owners = {one.pk: one for one in (issue.route.owner, issue.route.second_owner) if one}
    for people in (owners.values(), User.objects.ops()):
        if found := [one for one in people if one != besides and may_see(one, issue)]:
            return found
    return []


def handles_in(text: str) -> frozenset[str]:
    """The names after “@” in a text, in small letters: not in code, not in what is quoted, not in an address."""
    if "@" not in text:
        return frozenset()
    found: dict[str, None] = {}
    for line in own_lines(text):
        for match in _NAME.finditer(line):
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
    return slugify(group, allow_unicode=True)


def own_lines(text: str, *, lists: bool = True) -> Iterator[str]:
    """The lines of a text that its writer says themselves, without code and marks: what is quoted, code in any of its
    forms, hidden or HTML is left out. ``lists``: those of lists too."""
    inside: list[str] = []
    for token in _markdown.parse(_without_quotations(without_comments(text[:LONGEST_READ]))):
        if token.nesting == 1:
            inside.append(token.type)
        elif token.nesting == -1:
            inside.pop()
        elif token.type == "inline" and "blockquote_open" not in inside and (lists or len(inside) == 1):
            yield from _said(token.children or []).split("\n")


def _without_quotations(text: str) -> str:
    """Without GitLab's quotations of many lines; and a line right under a quoted one is its writer's own, although
    CommonMark counts it to the quotation: people answer so."""
    if ">" not in text:
        return text
    kept: list[str] = []
    quoted = False
    for line in text.splitlines():
        if _QUOTATION.match(line):
            quoted = not quoted
        elif not quoted:
            if kept and kept[-1].lstrip().startswith(">") and not line.lstrip().startswith(">"):
                kept.append("")
            kept.append(line)
    return "\n".join(kept)


def _said(tokens: Iterable[Token]) -> str:
    return "".join(
        "\n" if token.type in ("softbreak", "hardbreak") else token.content if token.type == "text" else " "
        for token in tokens
        if token.nesting == 0
    )


def _people(names: Collection[str], *, in_gitlab: bool) -> list[User]:
    """Who is called so where it was written; where nobody is, who is called so on the other side."""
    called = {"here": Lower("username"), "there": Lower("gitlab_username")}
    found = list(User.objects.active().annotate(**called).filter(Q(here__in=names) | Q(there__in=names)))
    people: dict[int, User] = {}
    for name in names:
        here, there = ([one for one in found if getattr(one, side) == name] for side in called)
        people |= {one.pk: one for one in ((there or here) if in_gitlab else (here or there))}
    return list(people.values())


def _members(names: frozenset[str]) -> frozenset[int]:
    """Ids of the people of the groups called so; a space in a group's name is written as a hyphen."""
    groups = [group.pk for group in Group.objects.exclude(name=Role.OPS) if _handle(group.name) in names]
    members = set(User.objects.active().filter(groups__in=groups).values_list("pk", flat=True)) if groups else set()
    if names & OPS_HANDLES:
        members |= set(User.objects.ops().values_list("pk", flat=True))
    return frozenset(members)


def _reads(person: User, internal: bool) -> bool:
    return sees_internal(person) if internal else True
