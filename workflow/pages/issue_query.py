"""Reads all that the request page shows, in a fixed number of queries however long the story is."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import BigIntegerField, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, JSONObject

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import Role
from workflow.catalogue.kinds import Kind
from workflow.gates import gate_at
from workflow.models import (
    ApprovalRound,
    Attachment,
    Comment,
    Decision,
    Delegation,
    Event,
    GateAnswer,
    GatePath,
    Issue,
    IssueLink,
    StageTarget,
    ValidationCheck,
    ValidationRound,
    Watch,
)
from workflow.pages import panels
from workflow.pages.access import LARGEST_NUMBER, RELATED, no_such_request
from workflow.pages.timeline import without_hidden
from workflow.pages.validation_rounds import Validation, running_of, validations_from
from workflow.permissions import may_see, sees_internal

_NOBODY = Cast(Value(None), BigIntegerField())
_NOTHING = Value("", CharField())
_ROW = ("what", "number", "when", "person_id", "behalf_id", "came_from", "did", "before", "after", "words", "facts")


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _OfAnIssue(TypedDict):
        has_rounds: bool
        has_validations: bool
        target_days: int | None

    class _OfAPerson(TypedDict):
        watching: bool
        delegated: bool

    class _OfARound(TypedDict):
        item: int
        order: int
        text: str

    IssueRead = WithAnnotations[Issue, _OfAnIssue]
    """The request, and what is read with it."""
    Person = WithAnnotations[User, _OfAPerson]
    """Somebody on the page, and whether they watch the request or validate it for its requester."""
    RoundRow = WithAnnotations[ValidationRound, _OfARound]
    """A round of validation with one of its items; in the one row of a round without any, all three are None."""


COMMENTS_SHOWN = 50
"""So many of a story's comments on one page, with the steps between them; a link leads to those before."""


@dataclass
class Reading:
    """A request with everything around it. ``people``: by id, whoever stands anywhere on the page.

    ``earlier``: the newest comment that is older than those read, if there is one; ``upto``: the id of the last one
    asked for, where that is not the newest.
    """

    issue: IssueRead
    seats: list[Decision] = field(default_factory=list)
    answers: list[GateAnswer] = field(default_factory=list)
    story: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    links: list[IssueLink] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    watchers: list[Person] = field(default_factory=list)
    earlier: dict[str, Any] | None = None
    upto: int | None = None

    def person(self, pk: int | None) -> User | None:
        """The person with this id, or None."""
        return self.people.get(pk) if pk else None

    @property
    def told(self) -> list[dict[str, Any]]:
        """The part of the story that this page tells: the comments that were read, and what happened since the one
        before them, so that each step stands on one page."""
        moments = [row["when"] for row in self.story if row["what"] == "comment"]
        before = self.earlier["when"] if self.earlier else None
        last = moments[-1] if self.upto else None
        return [
            row
            for row in self.story
            if row["what"] == "comment"
            or (before is None or row["when"] > before)
            and (last is None or row["when"] <= last)
        ]

    @property
    def paths(self) -> list[tuple[GatePath, list[GateAnswer]]]:
        """The gate paths with their answers, in time order: [(path, [answer, …])]."""
        return [(path, list(answers)) for path, answers in groupby(self.answers, key=lambda answer: answer.path)]


def read(request: AuthenticatedHttpRequest, number: int) -> Reading:
    """Everything the page of this request shows to this person; Http404 if it does not exist for them."""
    issue = _issue(number)
    if issue is None:
        raise no_such_request()
    found = Reading(issue, seats=_seats(issue), answers=_gate_answers(issue))
    asked = request.GET.get("upto", "")
    found.upto = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
    rows = _story(issue, sees_internal(request.user), found.upto)
    comments = [row for row in rows if row["what"] == "comment"]
    if found.upto and not comments:  # there is no such comment, or not for this person: the newest are told
        found.upto, rows = None, _story(issue, sees_internal(request.user), None)
        comments = [row for row in rows if row["what"] == "comment"]
    if len(comments) > COMMENTS_SHOWN:
        found.earlier = comments[0]
        rows.remove(comments[0])
    found.story = [row for row in rows if row["what"] in ("event", "comment")]
    found.files = [row for row in rows if row["what"] == "file"]
    found.checks = [row for row in rows if row["what"] == "check"]
    _read_people(found)
    found.validations = validations_from(_validation_rows(issue), found)
    _fill(issue, found, request.user)
    if not may_see(request.user, issue):
        raise no_such_request()
    found.links = _links(issue, request.user)
    _forget_hidden(found)
    return found


def _issue(number: int) -> IssueRead | None:
    if not 0 < number <= LARGEST_NUMBER:
        return None
    leads = User.objects.active().filter(groups__name=Role.LEAD)
    target = StageTarget.objects.filter(state=OuterRef("state")).values("working_days")[:1]
    rounds = ApprovalRound.objects.filter(issue=OuterRef("pk"))
    known = Issue.objects.select_related(*RELATED, *panels.related()).annotate(  # type: ignore[no-redef]  # in place of properties
        active_lead_exists=Exists(leads),
        lead_besides_requester_exists=Exists(leads.exclude(pk=OuterRef("requester"))),
        has_rounds=Exists(rounds),
        target_days=Subquery(target),
        has_validations=Exists(ValidationRound.objects.filter(issue=OuterRef("pk"))),
    )
    return known.filter(pk=number).first()


def _seats(issue: IssueRead) -> list[Decision]:
    """The seats of all its rounds, and of rounds that were carried over to it."""
    if not issue.has_rounds:
        return []
    own = ApprovalRound.objects.filter(issue=issue).order_by()
    carried = own.filter(carried_from__isnull=False).values("carried_from")
    seats = Decision.objects.filter(round__in=own.values("pk").union(carried))  # an OR would read every round there is
    return list(seats.select_related("round", "approver", "decided_by").order_by("round__opened_at", "order", "pk"))


def _gate_answers(issue: Issue) -> list[GateAnswer]:
    if issue.kind != Kind.FEATURE:
        return []
    answers = GateAnswer.objects.filter(path__issue=issue).select_related("path", "by")
    return list(answers.order_by("path__opened_at", "path_id", "at", "pk"))


def _story(issue: Issue, internal: bool, upto: int | None) -> list[dict[str, Any]]:
    """Events, comments, files and what was found on items of a checklist, as rows of ``_ROW`` in time order: one query
    for all four. Of the comments the newest, or those up to the one of the id ``upto``, and one more than are shown."""
    events = (
        Event.objects.filter(issue=issue)
        .order_by()
        .values_list(
            Value("event", CharField()),
            "pk",
            "at",
            "actor_id",
            "on_behalf_of_id",
            "source",
            "verb",
            "from_state",
            "to_state",
            "text",
            "data",
        )
    )
    readable = _readable(Comment.objects.filter(issue=issue), internal)
    shown = readable.filter(_until(readable.filter(pk=upto), upto)) if upto else readable
    newest = shown.order_by("-created_at", "-pk").values("pk")[: COMMENTS_SHOWN + 1]
    comments = readable.filter(pk__in=newest).values_list(
        Value("comment", CharField()),
        "pk",
        "created_at",
        "author_id",
        _NOBODY,
        "source",
        _NOTHING,
        _NOTHING,
        _NOTHING,
        "body",
        JSONObject(author=F("author_name"), internal=F("internal"), deleted=F("deleted_at")),
    )
    files = _readable(Attachment.objects.filter(issue=issue), internal).values_list(
        Value("file", CharField()),
        "pk",
        "created_at",
        "uploaded_by_id",
        _NOBODY,
        "source",
        _NOTHING,
        _NOTHING,
        _NOTHING,
        _NOTHING,
        JSONObject(
            name=F("name"),
            size=F("size"),
            internal=F("internal"),
            comment=F("comment_id"),
            check=F("validation_check_id"),
        ),
    )
    checks = (
        ValidationCheck.objects.filter(item__round__issue=issue)
        .order_by()
        .values_list(
            Value("check", CharField()),
            "pk",
            "at",
            "by_id",
            _NOBODY,
            _NOTHING,
            "verdict",
            _NOTHING,
            _NOTHING,
            "note",
            JSONObject(item=F("item_id")),
        )
    )
    rows = events.union(comments, files, checks, all=True).order_by("at", "pk")
    return [dict(zip(_ROW, row, strict=True)) for row in rows]


def _until(comment: QuerySet[Comment], pk: int) -> Q:
    """A condition: a comment that stands no later in the story than this one; none does, if there is no such one."""
    moment = Subquery(comment.values("created_at"))
    return Q(created_at__lt=moment) | Q(created_at=moment, pk__lte=pk)


def _validation_rows(issue: IssueRead) -> list[RoundRow]:
    """The rounds of validation with their items, a row for each item, and one for a round without any."""
    if not issue.has_validations:
        return []
    rounds = ValidationRound.objects.filter(issue=issue).order_by("number", "items__order")
    return list(rounds.annotate(item=F("items__pk"), order=F("items__order"), text=F("items__text")))


def _readable(entries: QuerySet[Any], internal: bool) -> QuerySet[Any]:
    return entries.order_by() if internal else entries.order_by().filter(internal=False)


def _read_people(found: Reading) -> None:
    """Everybody named in the story and on files, the watchers and the delegates, in one query."""
    issue = found.issue
    rows = [*found.story, *found.files, *found.checks]
    named = {row[key] for row in rows for key in ("person_id", "behalf_id")} | issue.people_ids
    watching = Watch.objects.filter(issue=issue, person=OuterRef("pk"))
    delegated = Delegation.objects.filter(issue=issue, person=OuterRef("pk"), ended_at__isnull=True)
    people = User.objects.annotate(watching=Exists(watching), delegated=Exists(delegated)).filter(
        Q(pk__in=named - {None}) | Q(watching=True) | Q(delegated=True)
    )
    found.people = {person.pk: person for person in people.order_by("first_name", "last_name", "username")}
    found.watchers = [person for person in found.people.values() if person.watching]
    issue.know(found.people)


def _fill(issue: Issue, found: Reading, person: User) -> None:
    """Put what was read where the refusal table looks for it, so that it asks nothing of the database again."""
    running = [seat for seat in found.seats if seat.round.issue_id == issue.pk and seat.round.ended_at is None]
    issue.open_round = running[0].round if running else None
    issue.seats, issue.absence_links = running, person.absence_links
    issue.delegates = [person for person in found.people.values() if person.delegated]
    issue.open_validation, issue.checklist = running_of(found.validations)
    gate = gate_at(issue.kind, issue.state)
    unused = [path for path, _ in found.paths if path.gate == gate and path.frozen_at is None]
    issue.gate_path = unused[0] if gate and unused else None


def _forget_hidden(found: Reading) -> None:
    """A request that does not exist for the person is not named in the story either."""
    known = {number for link in found.links for number in (link.source_id, link.target_id)}
    for row in found.story:
        if row["what"] == "event":
            row["facts"] = without_hidden(row["facts"], known)


def _links(issue: Issue, person: User) -> list[IssueLink]:
    """Links both ways, to requests that exist for the person."""
    links = IssueLink.objects.filter(Q(source=issue) | Q(target=issue)).select_related("source", "target")
    found = [
        (link, link.target if link.source_id == issue.pk else link.source)
        for link in links.order_by("created_at", "pk")
    ]
    restricted = [other.pk for _, other in found if other.confidential]
    seen = Issue.objects.visible_to(person).filter(pk__in=restricted).order_by().values_list("pk", flat=True)
    visible = set(seen) if restricted else set()
    return [link for link, other in found if not other.confidential or other.pk in visible]
