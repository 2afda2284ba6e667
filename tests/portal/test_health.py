"""For machines: healthz, readyz, metrics."""

import socket
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from supportops.portal.watch import watch
from tests.factories import file_request, restrict
from tests.workflow.lists.population import mirrored
from workflow.actions import comment
from workflow.gitlab.alarms import Finding, raise_alarm
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.alarms import Heartbeat, Kind
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, RejectedWebhook, WebhookDelivery
from workflow.notifications.models import Channel, Message


def test_the_process_answers_anybody_without_the_database(client):
    with patch.object(connection, "cursor", side_effect=OperationalError("away")):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_when_everything_is_there(client, db):
    Heartbeat.beat()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "migrations": "ok", "broker": "ok", "beat": "ok"}


@pytest.mark.fault(32)
@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "No periodic work has run yet"),
        (90, "No periodic work has run for 9"),
        (55, "ok"),
    ],
)
def test_without_beat_the_portal_is_ready_and_says_so(client, db, seconds, words):
    if seconds is not None:
        Heartbeat.objects.create(pk=1, at=timezone.now() - timedelta(seconds=seconds))
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["beat"].startswith(words)


@pytest.mark.fault(27)
def test_not_ready_without_the_database(client, db):
    with patch.object(connection, "cursor", side_effect=OperationalError("away")):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "The database does not answer."


def test_not_ready_while_a_migration_is_missing(client, db):
    MigrationRecorder(connection).record_unapplied("workflow", "0001_requests")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["migrations"] == "1 migration is not applied: run manage.py migrate."


@pytest.mark.fault(30)
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_not_ready_without_the_broker(client, db, settings, scheme):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.CELERY_BROKER_URL = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}/0"
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["broker"].startswith("The broker does not answer")


def test_metrics_tell_what_is_open_and_how_the_mirror_stands(client, cast):
    file_request(cast)
    GitLabLink.objects.all().delete()
    mirrored(file_request(cast, route="question", kind="question"), GitLabLink.Status.PARKED)
    found = figures(client)
    assert found['supportops_open_requests{state="triage"}'] == 2
    assert found['supportops_mirrors{status="parked"}'] == 1
    assert found["supportops_mirror_oldest_due_seconds"] == 0


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", ""),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0", "# EOF\n"),
    ],
    ids=["text", "OpenMetrics"],
)
def test_metrics_come_in_the_format_that_is_asked_for(client, cast, accept, content_type, end):
    response = client.get("/metrics", headers={"accept": accept})
    text = response.content.decode()
    assert response["Content-Type"].startswith(content_type)
    assert "# HELP supportops_open_requests Open requests by state.\n# TYPE supportops_open_requests gauge\n" in text
    assert text.endswith(end)


def figures(client):
    """{name and labels: number} of what /metrics says, as Prometheus reads it."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").content.decode()):
        for sample in family.samples:
            labels = ",".join(f'{label}="{value}"' for label, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def everything_wrong(issue, cast):
    """One of everything that a figure counts, about this request."""
    comment(issue.pk, "Seen here too", by=cast.requester)
    OutgoingNote.objects.filter(issue=issue).update(parked=True, due_at=None)
    now = timezone.now()
    GitLabLink.objects.filter(pk=issue.pk).update(status="behind", due_at=now - timedelta(minutes=9))
    watch()
    PendingPull.objects.update_or_create(pk=issue.pk, defaults={"frozen_at": now})
    WebhookDelivery.objects.create(key=f"understood {issue.pk}", body="{}", issue=issue)
    raise_alarm(Finding(Kind.LOOP, issue.reference, "They fight.", str(issue.pk), issue.pk))
    Message.objects.create(person=cast.ops, channel=Channel.EMAIL, issue=issue, first_at=now, parked=True)


def test_metrics_tell_of_the_exchange_with_gitlab(client, cast):
    everything_wrong(file_request(cast), cast)
    WebhookDelivery.objects.create(key="waiting", body="{}", due_at=timezone.now())
    WebhookDelivery.objects.create(key="again", body="{}", due_at=timezone.now(), attempts=2)
    RejectedWebhook.add("forged")
    Heartbeat.beat()
    Connection.load().mark_away()
    found = figures(client)
    expected = {
        'supportops_mirrors{status="behind"}': 1,
        'supportops_pieces_parked{what="comment"}': 1,
        'supportops_pieces_waiting{what="comment"}': 0,
        'supportops_deliveries{status="waiting"}': 1,
        'supportops_deliveries{status="tried again"}': 1,
        'supportops_deliveries{status="understood"}': 1,
        'supportops_webhooks_refused_today{reason="forged"}': 1,
        'supportops_looks{status="frozen"}': 1,
        'supportops_gitlab{state="away"}': 1,
        'supportops_gitlab{state="up"}': 0,
        'supportops_alarms_open{kind="loop"}': 1,
        'supportops_messages{status="parked"}': 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert 540 <= found["supportops_mirror_oldest_due_seconds"] < 600
    assert found["supportops_beat_age_seconds"] < 60


def test_no_figure_counts_a_restricted_request(client, cast):
    everything_wrong(file_request(cast), cast)
    Heartbeat.beat()
    watch()
    before = figures(client)
    everything_wrong(restrict(file_request(cast)), cast)
    after = figures(client)
    moving = [name for name in before if "seconds" in name]
    assert {name: after[name] for name in after if name not in moving} == {
        name: before[name] for name in before if name not in moving
    }


def test_metrics_take_as_many_queries_whatever_there_is(client, cast):
    counted = []
    for _ in range(2):
        everything_wrong(file_request(cast), cast)
        with CaptureQueriesContext(connection) as queries:
            figures(client)
        counted.append(len(queries))
    assert counted[0] == counted[1]


@pytest.mark.parametrize("headers", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}])
def test_metrics_are_not_for_strangers(client, cast, headers):
    client.force_login(cast.ops)
    assert client.get("/metrics", **headers).status_code == 403


def test_metrics_are_for_staff_from_anywhere(client, cast):
    client.force_login(cast.admin)
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 200
