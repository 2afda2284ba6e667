"""How a request stands with GitLab, field by field, and what waits for a person: data for pages."""

from dataclasses import dataclass

from django.db.models import BooleanField, Case, CharField, F, Max, Q, Value, When
from django.db.models.functions import Coalesce, Concat

from supportops.accounts.models import User
from workflow.gitlab.fields import wanted_of
from workflow.gitlab.labels import Labelling
from workflow.gitlab.merge import flat
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload, PendingFile, TrackerWait
from workflow.gitlab.models.alarms import Heartbeat
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, PollCursor, Reconciliation, WebhookDelivery
from workflow.gitlab.monitoring import oldest_pending
from workflow.gitlab.render import Surroundings, surroundings_of
from workflow.gitlab.seen import ignored_fields
from workflow.models import Issue, Milestone

FIELDS = {
    "title": "Title",
    "block": "Description",
    "state": "State",
    "labels.state": "Stage label",
    "labels.validation": "Validation label",
    "labels.type": "Type label",
    "labels.customer": "Customer label",
    "labels.priority": "Priority label",
    "labels.system": "System label",
    "assignee": "Assignee",
    "milestone": "Milestone",
    "due_date": "Due date",
    "confidential": "Confidential",
}
RECENT = 10


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
    due_at: object
    last_error: str
    parked: bool
    internal: bool


@dataclass(frozen=True)
class Ledger:
    """Everything about one request's mirror. ``hanging``: Hanging rows of comments, files and links not there yet;
    ``deliveries``: the newest webhooks about it; ``fields`` is empty until GitLab was seen once."""

    mirror: GitLabLink
    look: PendingPull | None
    fields: tuple
    hanging: tuple
    deliveries: tuple

    @property
    def needs_a_person(self):
        """Whether nothing more happens by itself."""
        parked = self.mirror.status in GitLabLink.NEEDS_A_PERSON and self.mirror.parked
        stuck = self.look is not None and (self.look.frozen_at or (self.look.due_at is None and self.look.last_error))
        return bool(parked or stuck or any(row.parked for row in self.hanging))


def ledger_of(issue):
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


def _fields(issue, mirror):
    seen = flat(mirror.last_synced.get("fields", {}))
    if not seen:
        return
    account = issue.assignee and issue.assignee.gitlab_id
    unmapped = issue.assignee.name if issue.assignee and account is None else ""
    # A block that was pushed is the block that is wanted: to render it again would take as many queries as all else.
    pushed = mirror.status == GitLabLink.Status.IN_STEP and not mirror.last_error
    around = Surroundings() if pushed else surroundings_of(issue, unmapped=unmapped)
    wanted = flat(wanted_of(issue, around, Labelling.read(), assignee=account).last_synced())
    if pushed:
        wanted["block"] = seen.get("block")
    names = _Names(issue)
    dropped = ignored_fields(mirror.last_synced.get("dropped", ()))
    for name, words in FIELDS.items():
        here, there = wanted.get(name), seen.get(name)
        agrees = here == there
        observed = _there(name, there, agrees, names)
        yield FieldRow(words, _shown(name, here, names), observed, agrees, name in dropped)


class _Names:
    """What GitLab's numbers stand for; those the request has itself are known, others are looked up."""

    def __init__(self, issue):
        self._milestones = {issue.milestone.gitlab_id: issue.milestone.title} if issue.milestone else {}
        self._people = {issue.assignee.gitlab_id: str(issue.assignee)} if issue.assignee else {}

    def milestone(self, number):
        """A milestone's title."""
        known = (
            self._milestones.get(number)
            or Milestone.objects.filter(gitlab_id=number).values_list("title", flat=True).first()
        )
        return known or f"Milestone {number}"

    def person(self, number):
        """Somebody's name."""
        known = self._people.get(number) or User.objects.filter(gitlab_id=number).first()
        return str(known) if known else f"User {number} of GitLab"


def _there(name, value, agrees, names):
    if name == "block":
        return "As written here" if agrees else "Older, or changed in GitLab"
    return _shown(name, value, names)


def _shown(name, value, names):
    if name == "block":
        return "As written here"
    if name == "confidential":
        return "Yes" if value else "No"
    if value in (None, "", []):
        return "None"
    if name == "milestone":
        return names.milestone(value)
    if name == "assignee":
        return names.person(value)
    return ", ".join(value) if isinstance(value, list) else str(value)


def _hanging(issue):
    """Comments, files and links that are not on the other side yet, or that wait for a person; one query for all."""
    return [Hanging(*row[1:]) for row in _pieces([issue.pk], Q(due_at__isnull=False) | Q(parked=True))]


def _pieces(numbers, condition):
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


def needing_a_person(person):
    """Requests this person may see whose mirror waits for a person, longest first; each with ``mirror`` and ``why``."""
    rows = Issue.objects.filter(pk__in=in_need_of_a_person()).visible_to(person).with_people()
    found = list(rows.select_related("mirror", "look").order_by("mirror__pushed_at", "pk"))
    reasons = reasons_of(found)
    for issue in found:
        issue.why = reasons[issue.pk]
    return found


def reasons_of(issues):
    """{number: why its mirror waits for a person} for requests read with ``mirror`` and ``look``; one query."""
    rows = _pieces([issue.pk for issue in issues], Q(parked=True))
    pieces = {number: f"{what}: {error}" for number, what, _, _, error, *_ in rows}
    return {issue.pk: _why_whole(issue) or pieces.get(issue.pk, "") for issue in issues}


def why(issue):
    """Why the request's mirror waits for a person, in one sentence; "" if it does not."""
    parked = (f"{row.what}: {row.last_error}" for row in _hanging(issue) if row.parked)
    return _why_whole(issue) or next(parked, "")


def _why_whole(issue):
    """The same as far as it concerns the request as a whole."""
    mirror, look = getattr(issue, "mirror", None), getattr(issue, "look", None)
    if mirror and mirror.parked and mirror.status in GitLabLink.NEEDS_A_PERSON:
        return mirror.last_error or mirror.get_status_display()
    if look is not None and (look.frozen_at or (look.due_at is None and look.last_error)):
        return look.last_error or "The two sides changed the same thing back and forth."
    return ""


@dataclass(frozen=True)
class Health:
    """The connection at a glance. ``waiting``: rows behind, and since when the ``oldest`` change waits; ``silent``:
    trackers whose webhooks keep silent; ``closed``: waits of trackers that GitLab keeps closed; ``compared``: {scope:
    when its last comparison ended}; ``beat``: when periodic work last ran."""

    connection: Connection
    waiting: int
    oldest: object
    undone_deliveries: int
    silent: tuple
    closed: tuple
    compared: dict
    beat: object


def health(person):
    """How the mirror stands, as far as requests are counted of those this person may see."""
    requests = Issue.objects.visible_to(person)
    finished = Reconciliation.objects.filter(finished_at__isnull=False).order_by()
    return Health(
        connection=Connection.seen(),
        waiting=GitLabLink.objects.filter(due_at__isnull=False, issue__in=requests.values("pk")).count(),
        oldest=oldest_pending(requests),
        undone_deliveries=WebhookDelivery.objects.filter(due_at__isnull=False).count(),
        silent=tuple(PollCursor.objects.filter(silent_since__isnull=False).select_related("tracker")),
        closed=tuple(TrackerWait.objects.closed().select_related("tracker").order_by("since")),
        compared=dict(finished.values_list("scope").annotate(at=Max("finished_at"))),
        beat=Heartbeat.last(),
    )


def in_need_of_a_person():
    """Numbers of the requests whose exchange with GitLab waits for a person: the issue itself, a piece of it, or the
    reading of it. Each part is an index that only holds such rows.
    """
    # Both conditions: the first is the partial index's own, which SQLite only then uses.
    mirrors = GitLabLink.objects.exclude(status=GitLabLink.Status.IN_STEP).filter(
        status__in=GitLabLink.NEEDS_A_PERSON, parked=True
    )
    looks = PendingPull.objects.order_by().values("issue")
    return (
        mirrors.order_by()
        .values("issue")
        .union(
            OutgoingNote.objects.filter(parked=True).order_by().values("issue"),
            OutgoingUpload.objects.filter(parked=True, attachment__issue__isnull=False)
            .order_by()
            .values("attachment__issue"),
            OutgoingLink.objects.filter(parked=True).order_by().values("link__source"),
            PendingFile.objects.filter(parked=True).order_by().values("comment__issue"),
            looks.filter(frozen_at__isnull=False),
            looks.filter(last_error__gt="", due_at__isnull=True),
        )
    )
