"""Brings the people in step with a file: first the difference, then all of it or nothing.

People are never deleted. An empty value in the file says nothing about a person; groups, passwords and rights in the
administration are never touched.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction

from supportops.accounts.models import Division, User
from supportops.accounts.people_file import Row
from supportops.accounts.time_zones import time_zones

COPIED = (
    "email",
    "title",
    "division",
    "region",
    "working_hours",
    "time_zone",
    "gitlab_username",
    "gitlab_id",
    "slack_id",
)
"""Fields that are kept as the file says them; name and manager are more than that."""
_BY = (("gitlab_username", "gitlab_username__iexact"), ("email", "email__iexact"), ("username", "username__iexact"))


@dataclass
class Change:
    """One person the file is about. ``fields``: {field: (old, new)} in words, in order; empty when nothing changes."""

    line: int
    person: User
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)
    manager: User | None = None

    @property
    def is_new(self) -> bool:
        """Whether the portal does not know the person yet."""
        return self.person._state.adding


@dataclass
class Difference:
    """What importing the file would do. With ``problems`` (sentences, by line) nothing is imported."""

    changes: list[Change] = field(default_factory=list)
    gone: list[User] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def new(self) -> list[Change]:
        """The people the portal does not know yet."""
        return [change for change in self.changes if change.is_new]

    @property
    def changed(self) -> list[Change]:
        """The people about whom the file says something else."""
        return [change for change in self.changes if change.fields and not change.is_new]

    @property
    def mark(self) -> str:
        """Stands for exactly this difference: another one has another."""
        said = [(one.line, str(one.person), one.is_new, sorted(one.fields.items())) for one in self.changes]
        return hashlib.sha256(repr((said, [person.pk for person in self.gone], self.problems)).encode()).hexdigest()

    def lines(self) -> Iterator[str]:
        """The difference as lines of text."""
        yield from self.problems
        for change in self.new:
            yield f"+ {change.person}"
            yield from (f"    {name}: {new}" for name, (_, new) in change.fields.items())
        for change in self.changed:
            yield f"~ {change.person}"
            yield from (f"    {name}: {old or 'nothing'} → {new}" for name, (old, new) in change.fields.items())
        yield from (f"- {person} is not in the file" for person in self.gone)


def difference(rows: Sequence[Row]) -> Difference:
    """What the portal's people differ in from ``rows`` (of ``people_file``). Reads only."""
    found = Difference()
    for row in rows:
        _add(found, row)
    _find_managers(found, rows)
    _refuse_circles(found)
    for change in found.changes:
        _validate(found, change)
    here = {change.person.pk for change in found.changes}
    active = User.objects.active().exclude(is_superuser=True).order_by("first_name", "last_name", "username")
    found.gone = [person for person in active if person.pk not in here]
    return found


@transaction.atomic
def apply(found: Difference, *, deactivate_missing: bool = False) -> int:
    """Do what the Difference says and return how many people were touched. ValueError while it has problems.

    ``deactivate_missing``: whoever is gone can no longer sign in; administrators always can.
    """
    if found.problems:
        raise ValueError("A difference with problems is not applied.")
    touched = [change for change in found.changes if change.fields]
    for change in touched:
        if change.is_new:
            change.person.set_unusable_password()
        change.person.reports_to = None if change.is_new else change.person.reports_to
        change.person.save()
    for change in touched:  # once everybody is there
        if change.manager:
            change.person.reports_to = User.objects.get(pk=change.manager.pk)
            change.person.save(update_fields=["reports_to"])
    for person in found.gone if deactivate_missing else ():
        person.is_active = False
        person.save(update_fields=["is_active"])
    return len(touched) + (len(found.gone) if deactivate_missing else 0)


# Who is meant ---------------------------------------------------------------------------------------------------------


def _add(found: Difference, row: Row) -> None:
    if "name" not in row.said:
        found.problems.append(f"Line {row.line}: a person without a name.")
        return
    people = {
        person.pk: person
        for field_name, lookup in _BY
        if field_name in row.said
        for person in User.objects.select_related("reports_to").filter(**{lookup: row.said[field_name].lstrip("@")})
    }
    if len(people) > 1:
        names = " and ".join(str(person) for person in people.values())
        found.problems.append(f"Line {row.line}: {row.said['name']} could be {names}, by GitLab name and e-mail.")
        return
    person = next(iter(people.values()), None) or User(username=_username(row))
    if person.pk and any(person.pk == change.person.pk for change in found.changes):
        found.problems.append(f"Line {row.line}: {row.said['name']} stands in the file twice.")
        return
    if person.username == "":
        found.problems.append(f"Line {row.line}: {row.said['name']} has neither GitLab name nor e-mail address.")
        return
    change = Change(row.line, person)
    _say_name(change, row.said["name"])
    for name in COPIED:
        if name in row.said:
            _say(found, change, name, row.said[name])
    if not change.is_new and not person.is_active:
        change.fields["active"] = ("no", "yes")
        person.is_active = True
    found.changes.append(change)


def _username(row: Row) -> str:
    email = row.said.get("email", "").partition("@")[0]
    return (row.said.get("username") or row.said.get("gitlab_username", "").lstrip("@") or email)[:150]


def _say_name(change: Change, name: str) -> None:
    old = change.person.get_full_name()
    if name != old:
        change.fields["name"] = (old, name)
        change.person.first_name, _, change.person.last_name = name.partition(" ")


def _say(found: Difference, change: Change, name: str, said: str) -> None:
    said = said.lstrip("@") if name == "gitlab_username" else said
    if sentence := _refuse_value(name, said):
        found.problems.append(f"Line {change.line}: {sentence}")
        return
    new = int(said) if name == "gitlab_id" else said
    old = getattr(change.person, name)
    if new != old and not (name == "time_zone" and change.is_new and new == old):
        change.fields[name.replace("_", " ")] = ("" if old is None else str(old), str(new))
        setattr(change.person, name, new)
    if name == "time_zone":
        change.person.time_zone_known = True


def _refuse_value(name: str, said: str) -> str | None:
    if name == "time_zone" and said not in time_zones():
        return f"there is no time zone “{said}”. Use a name such as Europe/Berlin."
    if name == "division" and said not in Division.values:
        return f"there is no division “{said}”. Use one of {', '.join(Division.values)}."
    if name == "gitlab_id" and not (said.isascii() and said.isdigit() and 0 < len(said) < 19):
        return f"“{said}” is no GitLab user id."
    return None


def _validate(found: Difference, change: Change) -> None:
    try:
        change.person.full_clean(exclude=["password", "reports_to"])
    except ValidationError as error:
        for name, sentences in error.message_dict.items():
            about = "" if name == "__all__" else f" ({name.replace('_', ' ')})"
            found.problems.append(f"Line {change.line}: {change.person}{about}: {' '.join(sentences)}")
    for name in ("username", "gitlab_username"):
        value = getattr(change.person, name).lower()
        twins = [one for one in found.changes if value and getattr(one.person, name).lower() == value]
        if len(twins) > 1 and twins[0] is not change:
            both = f"{change.person} and {twins[0].person} both have the {name.replace('_', ' ')} {value}."
            found.problems.append(f"Line {change.line}: {both}")


# Whom they report to --------------------------------------------------------------------------------------------------


def _find_managers(found: Difference, rows: Sequence[Row]) -> None:
    said = {row.line: row.said["reports_to"] for row in rows if "reports_to" in row.said}
    in_file: dict[str, list[User]] = {}
    for change in found.changes:
        in_file.setdefault(str(change.person).casefold(), []).append(change.person)
    elsewhere: dict[str, list[User]] = {}
    for person in User.objects.active().exclude(pk__in=[change.person.pk for change in found.changes]):
        elsewhere.setdefault(str(person).casefold(), []).append(person)
    for change in found.changes:
        if name := said.get(change.line):
            people = in_file.get(name.casefold()) or elsewhere.get(name.casefold()) or []
            _say_manager(found, change, name, people)


def _say_manager(found: Difference, change: Change, name: str, people: Sequence[User]) -> None:
    if len(people) != 1:
        why = "nobody of this name is known" if not people else "there are several of this name"
        found.problems.append(f"Line {change.line}: {change.person} reports to “{name}”, but {why}.")
        return
    manager, old = people[0], change.person.reports_to
    if manager is change.person:
        found.problems.append(f"Line {change.line}: {change.person} reports to themselves.")
    elif old is None or old.pk != manager.pk:
        change.fields["reports to"] = (str(old) if old else "", str(manager))
        change.manager = manager


def _refuse_circles(found: Difference) -> None:
    known = {change.person.pk: change for change in found.changes if change.person.pk}
    new = {id(change.person): change for change in found.changes}
    reported: set[int] = set()

    def above(person: User) -> User | None:
        change = known.get(person.pk) or new.get(id(person))
        return change.manager or person.reports_to if change else person.reports_to

    for change in found.changes:
        met: list[User] = []
        person: User | None = change.person
        while person is not None and person not in met:
            met.append(person)
            person = above(person)
        if person == change.person and len(met) > 1 and not reported & set(map(id, met)):
            reported |= set(map(id, met))
            chain = ", who reports to ".join(str(one) for one in [*met, person])
            found.problems.append(f"Line {change.line}: this goes round in a circle: {chain}.")
