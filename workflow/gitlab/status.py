"""How a request stands with GitLab, field by field, and what waits for a person: data for pages.

Whether something waits for a person is decided here and nowhere else: ``stuck`` for one request,
``in_need_of_a_person`` and its parts for all. A test holds the two equal.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import BooleanField, Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat

from supportops.accounts.models import User
from workflow.gitlab.fields import FIELDS, Agreed, PortalSide, differs, wanted_of
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload, PendingFile
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.gitlab.render import Surroundings
from workflow.models import Issue, Milestone

RECENT = 10
PIECES = (
    (OutgoingNote, "issue"),
    (OutgoingUpload, "attachment__issue"),
    (OutgoingLink, "link__source"),
    (PendingFile, "comment__issue"),
)
"""What is on its way besides the issue itself, and the way from there to its request."""


class Stuck(Enum):
    """Why nothing more happens by itself; of several the first is told."""

    LINK = "the issue could not be sent, or is gone"
    FIGHT = "the two sides changed the same thing back and forth"
    UNREAD = "the issue could not be read"
    PIECE = "a comment, file or link could not be sent"


def stuck(mirror: GitLabLink | None, look: PendingPull | None, *, piece: bool) -> Stuck | None:
    """Why the exchange about a request waits for a person, or None. ``piece``: whether one of its pieces is parked."""
    if mirror is not None and mirror.parked and mirror.status in GitLabLink.NEEDS_A_PERSON:
        return Stuck.LINK
    if look is not None and look.frozen_at:
        return Stuck.FIGHT
    if look is not None and look.due_at is None and look.last_error:
        return Stuck.UNREAD
    return Stuck.PIECE if piece else None


def stuck_links() -> QuerySet[GitLabLink]:
    """The mirrors for which it is the link itself."""
    # Both conditions: the first is the partial index's own, which SQLite only then uses.
    behind = GitLabLink.objects.exclude(status=GitLabLink.Status.IN_STEP)
    return behind.filter(status__in=GitLabLink.NEEDS_A_PERSON, parked=True)


def unread_pulls() -> QuerySet[PendingPull]:
    """The looks that failed for good."""
    return PendingPull.objects.filter(last_error__gt="", due_at__isnull=True)


def fought_pulls() -> QuerySet[PendingPull]:
    """The looks at which both sides stopped."""
    return PendingPull.objects.filter(frozen_at__isnull=False)


def parked_pieces() -> Iterator[tuple[QuerySet[Any], str]]:
    """Per kind of piece those that were parked, and the way from there to their request."""
    for model, issue in PIECES:
        parked = model.objects.filter(parked=True)
        # a file may belong to a draft; where it cannot be empty the condition would only spoil the index
        yield parked.filter(**{f"{issue}__isnull": False}) if model is OutgoingUpload else parked, issue


def in_need_of_a_person() -> QuerySet[Any, Any]:
    """Numbers of the requests whose exchange with GitLab waits for a person: the issue itself, a piece of it, or the
    reading of it. Each part is an index that only holds such rows.
    """
    return (
        stuck_links()
        .order_by()
        .values("issue")
        .union(
            *(pieces.order_by().values(issue) for pieces, issue in parked_pieces()),
            fought_pulls().order_by().values("issue"),
            unread_pulls().order_by().values("issue"),
        )
    )


@dataclass(frozen=True)
class FieldRow:
    """One field: what the portal wants, and GitLab was last seen with. ``dropped``: GitLab would not take it."""

    field: str
    intended: str
    observed: str
    agrees: bool
    dropped: bool


@dataclass(frozen=True)
class Hanging:
    """A comment, a file or a link that is not in GitLab yet, or a file from there that is not here; ``internal``: it is
    for Support Operations only."""

    what: str
    attempts: int
    due_at: datetime | None
    last_error: str
    parked: bool
    internal: bool


@dataclass(frozen=True)
class Ledger:
    """Everything about one request's mirror. ``hanging``: Hanging rows of comments, files and links not there yet;
    ``deliveries``: the newest webhooks about it; ``fields`` is empty until GitLab was seen once."""

    mirror: GitLabLink
    look: PendingPull | None
    fields: tuple[FieldRow, ...]
    hanging: tuple[Hanging, ...]
    deliveries: tuple[WebhookDelivery, ...]

    @property
    def stuck(self) -> Stuck | None:
        """Why nothing more happens by itself, or None."""
        return stuck(self.mirror, self.look, piece=any(row.parked for row in self.hanging))


def ledger_of(issue: Issue) -> Ledger | None:
    """The Ledger of a request, or None if it has no tracker and so no mirror. Quickest if ``mirror`` and ``look`` were
    read with the request."""
    mirror = getattr(issue, "mirror", None)
    if mirror is None:
        return None
    return Ledger(
        mirror=mirror,
        look=getattr(issue, "look", None),
        fields=tuple(_fields(issue, mirror)),
        hanging=tuple(_hanging(issue)),
        deliveries=tuple(WebhookDelivery.objects.filter(issue=issue).defer("body")[:RECENT]),
    )


def _fields(issue: Issue, mirror: GitLabLink) -> Iterator[FieldRow]:
    agreed = Agreed.of(mirror)
    if not agreed.values:
        return
    # A block that was pushed is the block that is wanted: to render it again would take as many queries as all else.
    pushed = mirror.in_step and not mirror.last_error
    side = PortalSide(issue, Labelling.read(), around=Surroundings() if pushed else None)
    wanted = dict(wanted_of(side).kept)
    if pushed:
        wanted["block"] = agreed.values.get("block")
    names, unlike, dropped = Known(issue), differs(wanted, agreed.values), set(mirror.dropped)
    for field in FIELDS:
        agrees = field not in unlike
        shown = field.show(agreed.values.get(field.name), names)
        yield FieldRow(
            field=field.label,
            intended=field.show(wanted[field.name], names),
            observed=shown if agrees else field.unlike or shown,
            agrees=agrees,
            dropped=field.name in agreed.refused or (field.insists and not dropped.isdisjoint(field.sends)),
        )


class Known:
    """What GitLab's numbers stand for; those the request has itself are known, others are looked up."""

    def __init__(self, issue: Issue) -> None:
        self._milestones = {issue.milestone.gitlab_id: issue.milestone.title} if issue.milestone else {}
        self._people = {issue.assignee.gitlab_id: str(issue.assignee)} if issue.assignee else {}

    def milestone(self, number: int) -> str:
        """A milestone's title."""
        known = (
            self._milestones.get(number)
            or Milestone.objects.filter(gitlab_id=number).values_list("title", flat=True).first()
        )
        return known or f"Milestone {number}"

    def person(self, number: int) -> str:
        """Somebody's name."""
        known = self._people.get(number) or User.objects.filter(gitlab_id=number).first()
        return str(known) if known else f"User {number} of GitLab"


def _hanging(issue: Issue) -> list[Hanging]:
    """Comments, files and links that are not on the other side yet, or that wait for a person; one query for all."""
    return [Hanging(*row[1:]) for row in _pieces([issue.pk], Q(due_at__isnull=False) | Q(parked=True))]


def _pieces(numbers: list[int], condition: Q) -> QuerySet[Any, Any]:
    """Rows (number, and what Hanging has) of the pieces of these requests to which the condition applies."""
    about_a_step = When(comment__isnull=True, then=Value("A comment about a step"))
    comment = Case(about_a_step, default=Value("A comment"), output_field=CharField())
    found = [
        mirrors.filter(condition, **{f"{issue}__in": numbers})
        .order_by()
        .values_list(issue, what, "attempts", "due_at", "last_error", "parked", internal)
        for mirrors, issue, what, internal in (
            (OutgoingNote.objects, "issue", comment, Coalesce(F("comment__internal"), Value(False))),
            (
                OutgoingUpload.objects,
                "attachment__issue",
                Concat(Value("A file: "), "attachment__name"),
                F("attachment__internal"),
            ),
            (OutgoingLink.objects, "link__source", Value("A link", CharField()), Value(False, BooleanField())),
            (
                PendingFile.objects,
                "comment__issue",
                Concat(Value("A file from GitLab: "), "name"),
                F("comment__internal"),
            ),
        )
    ]
    return found[0].union(*found[1:], all=True)


def reasons_of(issues: Iterable[Issue]) -> dict[int, str]:
    """{number: why its mirror waits for a person} for requests read with ``mirror`` and ``look``; one query."""
    rows = _pieces([issue.pk for issue in issues], Q(parked=True))
    pieces = {number: f"{what}: {error}" for number, what, _, _, error, *_ in rows}
    return {issue.pk: _why_whole(issue) or pieces.get(issue.pk, "") for issue in issues}


def why(issue: Issue) -> str:
    """Why the request's mirror waits for a person, in one sentence; "" if it does not."""
    parked = (f"{row.what}: {row.last_error}" for row in _hanging(issue) if row.parked)
    return _why_whole(issue) or next(parked, "")


def _why_whole(issue: Issue) -> str:
    """The same as far as it concerns the request as a whole."""
    mirror: GitLabLink | None = getattr(issue, "mirror", None)
    look: PendingPull | None = getattr(issue, "look", None)
    match stuck(mirror, look, piece=False):
        case Stuck.LINK if mirror:
            return mirror.last_error or mirror.get_status_display()
        case Stuck.FIGHT | Stuck.UNREAD if look:
            return look.last_error or "The two sides changed the same thing back and forth."
    return ""
