"""How a request stands with GitLab, field by field, and what waits for a person: data for pages."""

from dataclasses import dataclass

from django.db.models import BooleanField, Case, CharField, F, Q, Value, When
from django.db.models.functions import Coalesce

from supportops.accounts.models import User
from workflow.gitlab.fields import wanted_of
from workflow.gitlab.inbound_models import Cursor, Delivery, Look, Reconciliation
from workflow.gitlab.labels import Labelling
from workflow.gitlab.merge import flat
from workflow.gitlab.models import Connection
from workflow.gitlab.render import surroundings_of
from workflow.gitlab.seen import ignored_fields
from workflow.models import Issue, LinkMirror, Milestone, Mirror, NoteMirror, UploadMirror

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
    """A comment, a file or a link that is not in GitLab yet; ``internal``: it is for Support Operations only."""

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

    mirror: Mirror
    look: Look | None
    fields: tuple
    hanging: tuple
    deliveries: tuple

    @property
    def needs_a_person(self):
        """Whether nothing more happens by itself."""
        parked = self.mirror.status in Mirror.NEEDS_A_PERSON and self.mirror.parked
        stuck = self.look is not None and (self.look.frozen_at or (self.look.due_at is None and self.look.last_error))
        return bool(parked or stuck or any(row.parked for row in self.hanging))


def ledger_of(issue):
    """The Ledger of a request, or None if it has no tracker and so no mirror."""
    mirror = Mirror.objects.select_related("issue__look").filter(pk=issue.pk).first()
    if mirror is None:
        return None
    return Ledger(
        mirror=mirror,
        look=getattr(mirror.issue, "look", None),
        fields=tuple(_fields(issue, mirror)),
        hanging=tuple(_hanging(issue)),
        deliveries=tuple(Delivery.objects.filter(issue=issue).defer("body")[:RECENT]),
    )


def _fields(issue, mirror):
    seen = flat(mirror.shadow.get("fields", {}))
    if not seen:
        return
    account = issue.assignee and issue.assignee.gitlab_id
    unmapped = issue.assignee.name if issue.assignee and account is None else ""
    around = surroundings_of(issue, unmapped=unmapped)
    wanted = flat(wanted_of(issue, around, Labelling.read(), assignee=account).shadow())
    dropped = ignored_fields(mirror.shadow.get("dropped", ()))
    for name, words in FIELDS.items():
        here, there = wanted.get(name), seen.get(name)
        agrees = here == there
        yield FieldRow(words, _shown(name, here), _there(name, there, agrees), agrees, name in dropped)


def _there(name, value, agrees):
    if name == "block":
        return "As written here" if agrees else "Older, or changed in GitLab"
    return _shown(name, value)


def _shown(name, value):
    if name == "block":
        return "As written here"
    if name == "confidential":
        return "Yes" if value else "No"
    if value in (None, "", []):
        return "None"
    if name == "milestone":
        known = Milestone.objects.filter(gitlab_id=value).values_list("title", flat=True).first()
        return known or f"Milestone {value}"
    if name == "assignee":
        known = User.objects.filter(gitlab_id=value).first()
        return str(known) if known else f"User {value} of GitLab"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _hanging(issue):
    """Comments, files and links that are not in GitLab yet, or that wait for a person; one query for all three."""
    about_a_step = When(comment__isnull=True, then=Value("A comment about a step"))
    comment = Case(about_a_step, default=Value("A comment"), output_field=CharField())
    notes = _as_rows(
        NoteMirror.objects.filter(issue=issue), comment, Coalesce(F("comment__internal"), Value(False))
    )
    files = _as_rows(
        UploadMirror.objects.filter(attachment__issue=issue), Value("A file", CharField()), F("attachment__internal")
    )
    links = _as_rows(
        LinkMirror.objects.filter(link__source=issue), Value("A link", CharField()), Value(False, BooleanField())
    )
    return [Hanging(*row) for row in notes.union(files, links, all=True)]


def _as_rows(mirrors, what, internal):
    waits = mirrors.filter(Q(due_at__isnull=False) | Q(parked=True)).order_by()
    return waits.values_list(what, "attempts", "due_at", "last_error", "parked", internal)


def needing_a_person(person):
    """Requests this person may see whose mirror waits for a person, longest first; each with ``mirror`` and ``why``."""
    numbers = {
        *Mirror.objects.filter(status__in=Mirror.NEEDS_A_PERSON, parked=True).values_list("pk", flat=True),
        *NoteMirror.objects.filter(parked=True).values_list("issue_id", flat=True),
        *UploadMirror.objects.filter(parked=True, attachment__issue__isnull=False).values_list(
            "attachment__issue_id", flat=True
        ),
        *LinkMirror.objects.filter(parked=True).values_list("link__source_id", flat=True),
        *Look.objects.filter(_stuck()).values_list("pk", flat=True),
    }
    rows = Issue.objects.filter(pk__in=numbers).visible_to(person).with_people().select_related("mirror", "look")
    found = list(rows.order_by("mirror__pushed_at", "pk"))
    for issue in found:
        issue.why = why(issue)
    return found


def _stuck():
    return Q(frozen_at__isnull=False) | (Q(due_at__isnull=True) & ~Q(last_error=""))


def why(issue):
    """Why the request's mirror waits for a person, in one sentence; "" if it does not."""
    mirror, look = issue.mirror, getattr(issue, "look", None)
    if mirror.parked and mirror.status in Mirror.NEEDS_A_PERSON:
        return mirror.last_error or mirror.get_status_display()
    if look is not None and (look.frozen_at or (look.due_at is None and look.last_error)):
        return look.last_error or "The two sides changed the same thing back and forth."
    return next((f"{row.what}: {row.last_error}" for row in _hanging(issue) if row.parked), "")


@dataclass(frozen=True)
class Health:
    """The connection at a glance: ``silent``: trackers whose webhooks keep silent; ``waiting``: rows behind;
    ``compared``: the last finished comparison of each scope."""

    connection: Connection
    waiting: int
    oldest: object
    undone_deliveries: int
    silent: tuple
    compared: tuple


def health():
    """How the whole mirror stands."""
    behind = Mirror.objects.filter(due_at__isnull=False).order_by("due_at")
    compared = [
        Reconciliation.objects.filter(scope=scope, finished_at__isnull=False).first() for scope in ("open", "all")
    ]
    return Health(
        connection=Connection.seen(),
        waiting=behind.count(),
        oldest=behind.values_list("due_at", flat=True).first(),
        undone_deliveries=Delivery.objects.filter(due_at__isnull=False).count(),
        silent=tuple(Cursor.objects.filter(silent_since__isnull=False).select_related("tracker")),
        compared=tuple(row for row in compared if row),
    )


def banner():
    """What everybody should know about GitLab now, or "": it is away, or somebody paused the connection."""
    connection = Connection.seen()
    if connection.paused:
        return "GitLab is paused. Everything is saved here and will follow."
    if connection.away_since:
        return "GitLab does not answer. Everything is saved here and will follow."
    return ""
