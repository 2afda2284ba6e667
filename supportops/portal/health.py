"""For machines: is the process there, and can it work. How much there is to do: metrics.py."""

from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection as Broker
from kombu.exceptions import OperationalError

from workflow.gitlab.models.alarms import Heartbeat

BROKER_SECONDS = 1
FINE = "ok"


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the portal can work, 503 with words for what is missing.

    Beat is told of and decides nothing: without it every page works and everything is saved, so to take this host out
    of service, and with it all others, would make an outage of a delay. The alarm and ``/metrics`` are for that.
    """
    found = {"database": _database()}
    found["migrations"] = _migrations() if found["database"] == FINE else "The database does not answer."
    found["broker"] = _broker()
    ready = set(found.values()) == {FINE}
    found["beat"] = _beat() if found["migrations"] == FINE else "Not asked."
    return JsonResponse(found, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return "The database does not answer."
    return FINE


def _migrations() -> str:
    missing = _shipped_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if not missing:
        return FINE
    number = "1 migration is" if len(missing) == 1 else f"{len(missing)} migrations are"
    return f"{number} not applied: run manage.py migrate."


@cache
def _shipped_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _broker() -> str:
    options = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    broker = Broker(settings.CELERY_BROKER_URL, connect_timeout=BROKER_SECONDS, transport_options=options)
    try:
        broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS, interval_start=0, interval_step=0)
    except (OperationalError, OSError):
        return "The broker does not answer: background work waits, requests are still saved."
    finally:
        broker.release()
    return FINE


def _beat() -> str:
    last = Heartbeat.last()
    if last is None:
        return "No periodic work has run yet: start celery beat, and a worker."
    silent = timezone.now() - last
    if silent <= Heartbeat.LATE:
        return FINE
    return f"No periodic work has run for {silent.total_seconds():.0f} seconds: see whether beat and a worker run."
