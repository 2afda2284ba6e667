"""The outbox as a whole: since when something waits in it, and what waits for a person."""

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from workflow.gitlab.alarm_models import Alarm, Behind, Kind
from workflow.gitlab.inbound_models import Look
from workflow.models import LinkMirror, Mirror, NoteMirror, UploadMirror

IN_ORDER = ~Q(status__in=Mirror.NEEDS_A_PERSON)


def keep_time():
    """Note which mirrors are behind now, and since when; call it every minute."""
    now = timezone.now()
    behind = dict(Mirror.objects.filter(IN_ORDER, due_at__isnull=False).values_list("pk", "pushed_version"))
    known = dict(Behind.objects.values_list("pk", "pushed_version"))
    over = [number for number, version in known.items() if behind.get(number) != version]
    new = [
        Behind(pk=number, since=now, pushed_version=version)
        for number, version in behind.items()
        if known.get(number) != version
    ]
    if not over and not new:
        return
    with transaction.atomic():
        Behind.objects.filter(pk__in=over).delete()
        Behind.objects.bulk_create(new, ignore_conflicts=True)


def oldest_pending(requests=None):
    """Since when something has been waiting for GitLab, or None; only of ``requests``, a queryset, if given.

    What waits for a person is not pending, nor is what hangs on it.
    """
    mirror = Mirror.objects.filter(pk=OuterRef("pk"), due_at__isnull=False, pushed_version=OuterRef("pushed_version"))
    found = [_first(Behind.objects.filter(Exists(mirror)), "issue", "since", requests)]
    for model, issue, since in (
        (NoteMirror, "issue", Coalesce("comment__created_at", "event__at")),
        (UploadMirror, "attachment__issue", "attachment__created_at"),
        (LinkMirror, "link__source", "link__created_at"),
    ):
        sendable = Mirror.objects.filter(IN_ORDER, pk=OuterRef(issue), iid__isnull=False, due_at__isnull=True)
        waiting = model.objects.filter(Exists(sendable), due_at__isnull=False, parked=False)
        found.append(_first(waiting, issue, since, requests))
    return min((since for (since,) in found[0].union(*found[1:], all=True) if since), default=None)


def _first(rows, issue, since, requests):
    """The earliest ``since`` of these rows, as a query of one row and one column."""
    if requests is not None:
        rows = rows.filter(**{f"{issue}__in": requests.values("pk")})
    return rows.order_by().annotate(all=Value(1)).values("all").annotate(first=Min(since)).values_list("first")


def dead_letters():
    """[(number, restricted, error, gone)] of all that waits for a person for a reason that is no alarm of its own."""
    disagree = Alarm.objects.current().filter(kind=Kind.MISMATCH, issue=OuterRef("pk"))
    fight = Look.objects.filter(pk=OuterRef("pk"), frozen_at__isnull=False)
    parked = not_in_step().filter(status__in=Mirror.NEEDS_A_PERSON, parked=True)
    unread = Look.objects.filter(
        ~Exists(parked.filter(pk=OuterRef("pk"))), last_error__gt="", due_at__isnull=True, frozen_at__isnull=True
    )
    rows = [
        *parked.filter(~Exists(disagree), ~Exists(fight)).values_list(
            "pk", "issue__restricted_to", "last_error", "status"
        ),
        *unread.values_list("pk", "issue__restricted_to", "last_error", Value("")),
    ]
    for model, issue in ((NoteMirror, "issue"), (UploadMirror, "attachment__issue"), (LinkMirror, "link__source")):
        pieces = model.objects.filter(parked=True, **{f"{issue}__isnull": False})
        rows += pieces.values_list(issue, f"{issue}__restricted_to", "last_error", Value(""))
    return [
        (number, group is not None, error, status == Mirror.Status.ORPHANED) for number, group, error, status in rows
    ]


def not_in_step():
    """Mirrors that are behind in some way: the condition of the index that holds only these."""
    return Mirror.objects.exclude(status=Mirror.Status.IN_STEP)
