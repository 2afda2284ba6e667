"""For machines: healthz, readyz, metrics."""

import socket
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from tests.factories import file_request
from tests.workflow.lists.population import mirrored
from workflow.models import Mirror


def test_the_process_answers_anybody_without_the_database(client):
    with patch.object(connection, "cursor", side_effect=OperationalError("away")):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_when_everything_is_there(client, db):
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": "ok", "migrations": "ok", "broker": "ok"})


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
    Mirror.objects.all().delete()
    mirrored(file_request(cast, route="question", kind="question"), Mirror.Status.PARKED)
    text = client.get("/metrics").content.decode()
    assert 'supportops_open_requests{state="triage"} 2' in text
    assert 'supportops_mirrors{status="parked"} 1' in text
    assert "supportops_mirror_oldest_due_seconds 0" in text


@pytest.mark.parametrize("headers", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}])
def test_metrics_are_not_for_strangers(client, cast, headers):
    client.force_login(cast.ops)
    assert client.get("/metrics", **headers).status_code == 403


def test_metrics_are_for_staff_from_anywhere(client, cast):
    client.force_login(cast.admin)
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 200
