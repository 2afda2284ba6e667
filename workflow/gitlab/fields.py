"""The fields that a request and its GitLab issue have in common: the one table that all who compare the two read.

A new one is a row of ``FIELDS`` and the model's field, no more: push (``converge``), pull (``pull``, ``pull_outcome``),
poll, ``reconcile``, the ledger (``status``) and the panel on the request's page go through the rows.
The three-way merge is pure and stands in ``merge``.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import Any, Protocol

from supportops.accounts.models import User
from workflow.actions import Incomplete, assign, set_due_date, set_priority, take_step
from workflow.actions.fields import set_field
from workflow.gitlab.client import Gateway
from workflow.gitlab.escaping import block_in, with_block, without_breaks
from workflow.gitlab.identities import account_of, known_as, stranger
from workflow.gitlab.labels import SHARED, Family, Labelling, Spelling, scope_of
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.render import Beside, Surroundings, block_of, surroundings_of, title_of
from workflow.gitlab.schemas import Person, RemoteIssue
from workflow.models import Issue
from workflow.states import ENDED, Source
from workflow.verbs import Verb

OPENED, CLOSED = "opened", "closed"

Value = Any
Values = Mapping[str, Value]
"""By the name of the field; of a label family the sorted names."""
Payload = dict[str, object]
"""What a call sends, by GitLab's names."""
Send = Callable[[Value, RemoteIssue | None, str], Payload]


class Owner(Enum):
    """Who decides about a field. What people change in GitLab of the portal's own is only a wish (domain.md §6)."""

    PORTAL = "portal"
    SHARED = "shared"


@dataclass(frozen=True)
class PortalSide:
    """The request, and what its fields are read from besides; read when first asked for.

    ``gateway``: where to ask for the assignee's number if it is not known, which costs a call; None: it is not asked.
    ``around``: what the description tells besides; None: read from the database, as far as there is any ``beside``.
    """

    issue: Issue
    labelling: Labelling
    gateway: Gateway | None = None
    around: Surroundings | None = None
    beside: Beside | None = None

    @cached_property
    def assignee(self) -> int | None:
        """The assignee's number in GitLab."""
        return account_of(self.issue.assignee, self.gateway)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What the description tells besides the request's own fields."""
        if self.around is not None:
            return self.around
        unmapped = self.issue.assignee.name if self.issue.assignee and self.assignee is None else ""
        return surroundings_of(self.issue, unmapped=unmapped, beside=self.beside)

    @cached_property
    def labels(self) -> Mapping[str, list[str]]:
        """Label family → names."""
        return self.labelling.wanted(self.issue)


@dataclass(frozen=True)
class GitLabSide:
    """The GitLab issue, and what it takes to read it. ``owned``: label family → every spelling known.

    ``alone``: of several assignees none counts as the one, so that a push leaves only its own.
    """

    remote: RemoteIssue
    owned: Mapping[str, Collection[str]]
    agreed: Values
    alone: bool = False


class Names(Protocol):
    """What GitLab's numbers stand for, in words."""

    def milestone(self, number: int) -> str:
        """A milestone's title."""

    def person(self, number: int) -> str:
        """Somebody's name."""


class Taker(Protocol):
    """What a pull knows beyond the value it takes in."""

    @property
    def spelling(self) -> Spelling:
        """What labels mean, and meant."""

    def person(self, user_id: int) -> Person:
        """Somebody in GitLab by number."""


Take = Callable[[Taker, Issue, Value, User], None]


def _plainly(value: Value, names: Names) -> str:
    if value is None or value in ("", []):
        return "None"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Field:
    """A row of the table."""

    name: str
    label: str
    """As a heading."""
    words: str
    """In a sentence about what GitLab did not take."""
    owner: Owner
    read: Callable[[PortalSide], Value]
    """What the portal wants."""
    seen: Callable[[GitLabSide], Value]
    """What GitLab shows, comparable with what is ``kept``."""
    sends: tuple[str, ...]
    """GitLab's parameters: where it did not take one of them over, its value says nothing about the field."""
    send: Send | None
    """(value, the issue as it is or None for a new one, the request's mark) → parameters. A new issue is only sent what
    is something. None for a label family: the labels are sent together."""
    take: Take | None
    """Gives the request what GitLab shows, through the door, as the person who changed it there. Raises Refused or
    Incomplete. None where the portal is the owner."""
    noted: tuple[str, ...]
    """How GitLab's system notes about a change begin, lower case; nothing where it keeps an event."""
    event: str = ""
    """Where the portal's own events keep a change, if not by the name."""
    family: Family | None = None
    kept: Callable[[Value], Value] = lambda value: value
    """As it is remembered and compared."""
    show: Callable[[Value, Names], str] = _plainly
    unlike: str = ""
    """What stands for GitLab's value where it differs and cannot be shown."""
    insists: bool = False
    """Its difference counts even where GitLab would not take it over."""


def _send_state(value: Value, remote: RemoteIssue | None, mark: str) -> Payload:
    return {} if remote is None else {"state_event": "close" if value == CLOSED else "reopen"}


def _milestone(side: PortalSide) -> int | None:
    milestone = side.issue.milestone
    return milestone.gitlab_id if milestone and milestone.tracker_id == side.issue.tracker_id else None


def _one_assignee(side: GitLabSide) -> Value:
    """Of several the agreed one counts while it is among them."""
    there = side.remote.assignee_ids
    if side.alone and len(there) > 1:
        return list(map(str, there))
    agreed = side.agreed.get("assignee")
    return agreed if agreed in there else next(iter(there), None)


def _block_seen(side: GitLabSide) -> str:
    block = block_in(side.remote.description)
    return "" if block is None else _digest(block)


def _take_title(run: Taker, issue: Issue, value: Value, person: User) -> None:
    title = without_breaks(value).strip()
    if title and title != issue.title:
        take_step(issue.pk, Verb.EDIT, by=person, given={"title": title}, source=Source.GITLAB)


def _take_due_date(run: Taker, issue: Issue, value: Value, person: User) -> None:
    set_due_date(issue.pk, date.fromisoformat(value) if value else None, by=person, source=Source.GITLAB)


def _take_assignee(run: Taker, issue: Issue, value: Value, person: User) -> None:
    assignee = None
    if value is not None:
        assignee = User.objects.filter(gitlab_id=value).first() or known_as(run.person(value))
        if assignee is None:
            raise Incomplete({"assignee": stranger(run.person(value))})
    assign(issue.pk, assignee, by=person, source=Source.GITLAB)


def _take_priority(run: Taker, issue: Issue, value: Value, person: User) -> None:
    key = _meant(run, Family.PRIORITY, value)
    set_priority(issue.pk, int(key) if key else None, by=person, source=Source.GITLAB)


def _take_customer(run: Taker, issue: Issue, value: Value, person: User) -> None:
    set_field(issue.pk, "customer", _meant(run, Family.CUSTOMER, value), by=person, source=Source.GITLAB)


def _take_system(run: Taker, issue: Issue, value: Value, person: User) -> None:
    set_field(issue.pk, "system", _meant(run, Family.SYSTEM, value), by=person, source=Source.GITLAB)


def _meant(run: Taker, family: Family, names: Sequence[str]) -> str:
    """What the family's one label stands for; "" for none."""
    return min(run.spelling.meaning(family, names[0]), default="") if names else ""


def _label(family: Family, label: str, take: Take | None = None) -> Field:
    """The row of a label family; who decides about it, ``labels`` says."""
    return Field(
        name=f"labels.{family}",
        label=label,
        words="labels",
        owner=Owner.SHARED if family in SHARED else Owner.PORTAL,
        read=lambda side: sorted(side.labels[family]),
        seen=lambda side: sorted(name for name in side.remote.labels if name in side.owned[family]),
        sends=("add_labels", "remove_labels"),
        send=None,
        take=take,
        noted=(),
        event=str(family),
        family=family,
    )


FIELDS: tuple[Field, ...] = (
    Field(
        name="title",
        label="Title",
        words="title",
        owner=Owner.SHARED,
        read=lambda side: title_of(side.issue),
        seen=lambda side: side.remote.title,
        sends=("title",),
        send=lambda value, remote, mark: {"title": value},
        take=_take_title,
        noted=("changed title",),
    ),
    Field(
        name="block",
        label="Description",
        words="description",
        owner=Owner.PORTAL,
        read=lambda side: block_of(side.issue, side.surroundings),
        seen=_block_seen,
        sends=("description",),
        send=lambda value, remote, mark: {"description": with_block(remote.description if remote else "", mark, value)},
        take=None,
        noted=("changed the description",),
        kept=_digest,
        show=lambda value, names: "As written here",
        unlike="Older, or changed in GitLab",
    ),
    Field(
        name="state",
        label="State",
        words="state",
        owner=Owner.PORTAL,
        read=lambda side: CLOSED if side.issue.state in ENDED else OPENED,
        seen=lambda side: side.remote.state,
        sends=("state_event",),
        send=_send_state,
        take=None,
        noted=(),
    ),
    _label(Family.STATE, "Stage label"),
    _label(Family.VALIDATION, "Validation label"),
    _label(Family.TYPE, "Type label"),
    _label(Family.CUSTOMER, "Customer label", _take_customer),
    _label(Family.PRIORITY, "Priority label", _take_priority),
    _label(Family.SYSTEM, "System label", _take_system),
    Field(
        name="assignee",
        label="Assignee",
        words="assignee",
        owner=Owner.SHARED,
        read=lambda side: side.assignee,
        seen=_one_assignee,
        sends=("assignee_ids",),
        send=lambda value, remote, mark: {"assignee_ids": [value or 0]},
        take=_take_assignee,
        noted=("assigned to @", "unassigned @"),
        show=lambda value, names: names.person(value) if value else "None",
    ),
    Field(
        name="milestone",
        label="Milestone",
        words="milestone",
        owner=Owner.PORTAL,
        read=_milestone,
        seen=lambda side: side.remote.milestone_id,
        sends=("milestone_id",),
        send=lambda value, remote, mark: {"milestone_id": value or 0},
        take=None,
        noted=(),
        show=lambda value, names: names.milestone(value) if value else "None",
    ),
    Field(
        name="due_date",
        label="Due date",
        words="due date",
        owner=Owner.SHARED,
        read=lambda side: side.issue.due_date.isoformat() if side.issue.due_date else None,
        seen=lambda side: side.remote.due_date,
        sends=("due_date",),
        send=lambda value, remote, mark: {"due_date": value or ""},
        take=_take_due_date,
        noted=("changed due date", "removed due date", "changed start date", "removed start date"),
    ),
    Field(
        name="confidential",
        label="Confidential",
        words="confidentiality",
        owner=Owner.PORTAL,
        read=lambda side: side.issue.confidential,
        seen=lambda side: side.remote.confidential,
        sends=("confidential",),
        send=lambda value, remote, mark: {"confidential": value},
        take=None,
        noted=(),
        show=lambda value, names: "Yes" if value else "No",
        insists=True,
    ),
)
"""In the order of the ledger."""
BY_NAME = {field.name: field for field in FIELDS}
_LABELS = tuple(field for field in FIELDS if field.family)
_IN_TURN = ("block", "state", "confidential", "milestone", "title", "due_date", "assignee")
"""The order in which a sentence names what GitLab did not take; what does not stand here comes next, labels last."""
_ONE_BY_ONE: Sequence[tuple[Field, Send]] = sorted(
    ((field, field.send) for field in FIELDS if field.send),
    key=lambda row: _IN_TURN.index(row[0].name) if row[0].name in _IN_TURN else len(_IN_TURN),
)
ON_THE_PAGE: tuple[tuple[Field, ...], ...] = (
    (BY_NAME["title"],),
    _LABELS,
    (BY_NAME["state"],),
    (BY_NAME["due_date"],),
    (BY_NAME["confidential"],),
)
"""What the panel on the request's page compares, row by row; the ledger compares all."""


@dataclass(frozen=True)
class Wanted:
    """What the GitLab issue should show. ``values``: as they are sent."""

    values: Values

    @cached_property
    def kept(self) -> Values:
        """As they are remembered and compared."""
        return {name: BY_NAME[name].kept(value) for name, value in self.values.items()}


@dataclass(frozen=True)
class Agreed:
    """What both sides last agreed on, the base of every merge: of each field what GitLab really showed then.

    ``refused``: the values that GitLab would not take when they were sent; ``values`` has what it showed instead. They
    are not sent again until something else is, and whatever changes there from then on is somebody's doing.
    """

    values: Values
    refused: Mapping[str, Value] = dataclass_field(default_factory=dict)

    @classmethod
    def of(cls, link: GitLabLink) -> "Agreed":
        """As the mirror row keeps it; no values where nothing was agreed yet."""
        refused = {name: value for name, value in link.refused.items() if name in BY_NAME}
        return cls(flat(link.last_synced.get("fields", {})), refused)

    def holds(self, seen: Values) -> bool:
        """Whether GitLab shows nothing but what was agreed."""
        return not differs(seen, self.values)

    def owes(self, wanted: Values) -> list["Field"]:
        """The fields that are still to be sent so that GitLab shows what is wanted."""
        return [field for field in differs(wanted, self.values) if not self.would_refuse(field.name, wanted)]

    def would_refuse(self, name: str, wanted: Values) -> bool:
        """Whether GitLab has refused the very value that is wanted."""
        return name in self.refused and self.refused[name] == wanted[name]

    def after_sending(self, wanted: Values, seen: Values, left: Collection[str]) -> "Agreed":
        """What is agreed once ``wanted`` was sent: as wanted, but of what GitLab would not take (``left``: its
        own names for that) what it shows."""
        refused = {
            field.name: wanted[field.name]
            for field in differs(wanted, seen)
            if not field.insists and not set(left).isdisjoint(field.sends) and field in self.ours(wanted)
        }
        return Agreed({**wanted, **{name: seen[name] for name in refused}}, refused)

    def still(self, wanted: Values) -> "Agreed":
        """Without the refusals of what is wanted no more: another value, or the same later, is sent."""
        return Agreed(self.values, {name: v for name, v in self.refused.items() if wanted.get(name) == v})

    def after_looking(self, seen: Values) -> "Agreed":
        """What is agreed after a look: what GitLab shows, so that whatever the portal holds otherwise is pushed next.
        What it has taken by now was not refused."""
        return Agreed(seen, {name: value for name, value in self.refused.items() if seen.get(name) != value})

    def ours(self, wanted: Values) -> list["Field"]:
        """The fields a push sends: the portal's own, and shared ones that the portal changed since they were agreed."""
        return [
            field
            for field in FIELDS
            if field.owner is Owner.PORTAL or self.values.get(field.name, ...) != wanted[field.name]
        ]

    def kept(self, left: Collection[str] = (), updated_at: datetime | None = None) -> dict[str, Any]:
        """As a mirror row keeps it. ``left``: GitLab's names for what it did not take; ``updated_at``: when GitLab last
        changed what this was read from."""
        still = [name for name in left if any(name in BY_NAME[one].sends for one in self.refused)]
        insisted = [name for name in left if any(field.insists and name in field.sends for field in FIELDS)]
        return {
            "fields": nested(self.values),
            "dropped": sorted({*still, *insisted}),
            "refused": dict(self.refused),
            "updated_at": updated_at and updated_at.isoformat(),
        }


def wanted_of(side: PortalSide, fields: Iterable[Field] = FIELDS) -> Wanted:
    """What the GitLab issue of a request should show, of these fields."""
    return Wanted({field.name: field.read(side) for field in fields})


def seen_of(side: GitLabSide) -> Values:
    """What GitLab shows, comparable with what is wanted and what was agreed."""
    return {field.name: field.seen(side) for field in FIELDS}


def differs(one: Values, other: Values, *, ignored: Collection[str] = ()) -> list[Field]:
    """The fields of ``one`` that ``other`` does not hold alike, in the table's order. Nothing is nothing, however it is
    written."""
    return [
        field
        for field in FIELDS
        if field.name in one
        and field.name not in ignored
        and _something(one[field.name]) != _something(other.get(field.name))
    ]


def _something(value: Value) -> Value:
    """The value, or None for each way to say nothing; 0 is something."""
    return None if value is False or value in ("", []) else value


def creation(wanted: Wanted, marker: str, default_labels: Iterable[str] = ()) -> Payload:
    """The parameters of a new issue."""
    names = {name for field in _LABELS for name in wanted.values[field.name]}
    taken = {scope_of(name) for name in names} - {None}
    names |= {name for name in default_labels if scope_of(name) not in taken}  # one of a scope, on Premium the last
    sent: Payload = {"labels": sorted(names)}
    for field, send in _ONE_BY_ONE:
        value = wanted.values[field.name]
        if _something(value) is not None:
            sent |= send(value, None, marker)
    return sent


def changes(wanted: Wanted, agreed: Agreed, remote: RemoteIssue, labelling: Labelling, marker: str) -> Payload:
    """What one PUT must send so that ``remote`` shows ``wanted``: only what differs; nothing if nothing does.

    The portal's own fields are put right whoever changed them. Shared ones (domain.md §6) are sent where the portal
    changed them since they were agreed on; a change people made in GitLab stays for the merge.
    """
    ours = {field.name for field in agreed.ours(wanted.kept)}
    unlike = differs(wanted.kept, seen_of(GitLabSide(remote, labelling.owned, agreed.values, alone=True)))
    needed: Payload = {}
    for field, send in _ONE_BY_ONE:
        if field.name in ours and field in unlike:
            needed |= send(wanted.values[field.name], remote, marker)
    families = [field.family for field in _LABELS if field.family and field.name in ours]
    names: dict[str, list[str]] = {field.family: wanted.values[field.name] for field in _LABELS if field.family}
    add, remove = labelling.changes(families, names, remote.labels)
    named = {"add_labels": ",".join(add), "remove_labels": ",".join(remove)}
    return needed | {parameter: listed for parameter, listed in named.items() if listed}


def in_words(parameters: Iterable[str]) -> str:
    """GitLab's parameters as people say them; those it does not know are left out."""
    words = {parameter: field.words for field in FIELDS for parameter in field.sends}
    return ", ".join(dict.fromkeys(words[parameter] for parameter in parameters if parameter in words))


def flat(fields: Mapping[str, Any]) -> dict[str, Value]:
    """Fields as the mirror row keeps them, with each label family as a field of its own (``labels.priority``)."""
    plain = {name: value for name, value in fields.items() if name != "labels"}
    return plain | {f"labels.{family}": sorted(names) for family, names in fields.get("labels", {}).items()}


def nested(values: Values) -> dict[str, object]:
    """The opposite of ``flat``."""
    plain = {name: value for name, value in values.items() if not name.startswith("labels.")}
    labels = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("labels.")}
    return plain | {"labels": labels}
