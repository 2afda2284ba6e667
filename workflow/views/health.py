"""For machines: is the process there, can it work, and how much is there to do."""

from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Min
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection as Broker
from kombu.exceptions import OperationalError

from workflow.models import Issue, Mirror

BROKER_SECONDS = 1
LOOPBACK = {"127.0.0.1", "::1"}
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
FINE = "ok"


@login_not_required
@never_cache
@require_safe
def healthz(request):
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request):
    """200 when the portal can work, 503 with words for what is missing."""
    found = {"database": _database()}
    found["migrations"] = _migrations() if found["database"] == FINE else "The database does not answer."
    found["broker"] = _broker()
    return JsonResponse(found, status=200 if set(found.values()) == {FINE} else 503)


def _database():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return "The database does not answer."
    return FINE


def _migrations():
    missing = _shipped_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if not missing:
        return FINE
    number = "1 migration is" if len(missing) == 1 else f"{len(missing)} migrations are"
    return f"{number} not applied: run manage.py migrate."


@cache
def _shipped_migrations():
    return frozenset(MigrationLoader(None).disk_migrations)


def _broker():
    options = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    broker = Broker(settings.CELERY_BROKER_URL, connect_timeout=BROKER_SECONDS, transport_options=options)
    try:
        broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS, interval_start=0, interval_step=0)
    except (OperationalError, OSError):
        return "The broker does not answer: background work waits, requests are still saved."
    finally:
        broker.release()
    return FINE


@login_not_required
@never_cache
@require_safe
def metrics(request):
    """Figures in Prometheus' text format, for this machine and for staff."""
    if not (_from_this_machine(request) or request.user.is_staff):
        return HttpResponse("Only for this machine and for staff.\n", status=403, content_type="text/plain")
    return HttpResponse("\n".join([*_open_requests(), *_mirrors(), ""]), content_type="text/plain; version=0.0.4")


def _from_this_machine(request):
    """Whether the caller sits on this machine; a proxy on it does not, whatever it forwards is somebody else's."""
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not any(name in request.META for name in FORWARDED)


def _open_requests():
    found = Issue.objects.open().order_by().values_list("state").annotate(number=Count("pk"))
    return _gauge("supportops_open_requests", "Open requests by state.", "state", found)


def _mirrors():
    found = Mirror.objects.order_by().values_list("status").annotate(number=Count("pk"))
    oldest = Mirror.objects.filter(due_at__lte=timezone.now()).aggregate(due=Min("due_at"))["due"]
    age = (timezone.now() - oldest).total_seconds() if oldest else 0
    name = "supportops_mirror_oldest_due_seconds"
    return [
        *_gauge("supportops_mirrors", "Mirrored requests by how they stand with GitLab.", "status", found),
        f"# HELP {name} For how long the most overdue mirror has been due.",
        f"# TYPE {name} gauge",
        f"{name} {age:.0f}",
    ]


def _gauge(name, text, label, found):
    return [f"# HELP {name} {text}", f"# TYPE {name} gauge", *(
        f'{name}{{{label}="{value}"}} {number}' for value, number in sorted(found)
    )]
