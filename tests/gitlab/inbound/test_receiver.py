"""The receiver takes in what GitLab sent, once, and nothing else (fault rows 33, 36 and 37)."""

import gzip
import json
import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.utils import timezone

from tests.gitlab.inbound.hooks import OTHER_TOKEN, PATH, SIGNING_TOKEN, issue_body, send, signature, signed, tokened
from workflow.gitlab.models.inbound import RejectedWebhook, WebhookDelivery

pytestmark = pytest.mark.django_db
BODY = json.dumps(issue_body()).encode()
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))


def fraction_added(raw):
    """Headers whose time is not quite the signed one."""
    headers = signed(raw)
    return {**headers, "webhook-timestamp": headers["webhook-timestamp"] + ".5"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(tokened(), id="plain token"),
        pytest.param(signed, id="signature"),
        pytest.param(lambda raw: signed(raw, at=time.time() - 240), id="four minutes old"),
        pytest.param(lambda raw: signed(raw, at=time.time() + 240), id="four minutes early"),
        pytest.param(
            lambda raw: signed(raw, signatures=f"v1a,zzz v1,AAAA {signature(raw)}"),
            id="one good signature among others",
        ),
        pytest.param(
            lambda raw: signed(raw, signatures=f"zzz v1,A v1,a,b v1,\u00e9  {signature(raw)}"),
            id="one good signature after broken ones",
        ),
    ],
)
def test_what_gitlab_sent_is_stored_and_answered(client, headers):
    assert send(client, BODY, headers).status_code == 200
    assert WebhookDelivery.objects.get().body == BODY.decode()


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        pytest.param({}, "unsigned", id="36 forged without anything"),
        pytest.param(tokened(secret="wrong"), "token", id="36 forged token"),
        pytest.param(tokened(secret=""), "token", id="36 empty token"),
        pytest.param(tokened(secret="plain-secret\u00e9"), "token", id="36 token that is not ASCII"),
        pytest.param(lambda raw: signed(raw, token=OTHER_TOKEN), "signature", id="36 signed with another key"),
        pytest.param(lambda raw: signed(b"other body"), "signature", id="36 signature of another body"),
        pytest.param(lambda raw: signed(raw, at=time.time() - 301), "stale", id="36 replayed after five minutes"),
        pytest.param(lambda raw: signed(raw, at=time.time() + 400), "stale", id="36 from the future"),
        pytest.param(lambda raw: {**signed(raw), "webhook-id": "key-2"}, "signature", id="36 another id"),
        pytest.param(lambda raw: {**signed(raw), "webhook-timestamp": "soon"}, "signature", id="36 no time"),
        pytest.param(lambda raw: {**signed(raw), "webhook-timestamp": "9" * 400}, "signature", id="36 absurd time"),
        pytest.param(fraction_added, "signature", id="36 a fraction of a second that was not signed"),
        pytest.param(lambda raw: {**signed(raw), "webhook-signature": ""}, "signature", id="36 empty signature"),
        pytest.param(
            lambda raw: {**signed(raw), **tokened(), "webhook-signature": "v1,AAAA"},
            "signature",
            id="no fallback to the token",
        ),
    ],
)
def test_what_somebody_else_sent_is_refused_counted_and_not_stored(client, headers, reason):
    assert send(client, BODY, headers).status_code == 401
    assert not WebhookDelivery.objects.exists()
    assert RejectedWebhook.objects.get(day=timezone.localdate()).reason == reason


def test_refusals_add_up(client):
    send(client, BODY, {})
    send(client, BODY, {})
    assert RejectedWebhook.objects.get().count == 2


@pytest.mark.parametrize(
    "tokens", [[OTHER_TOKEN, SIGNING_TOKEN], [SIGNING_TOKEN, OTHER_TOKEN], ["whsec_broken!", SIGNING_TOKEN]]
)
def test_two_signing_tokens_hold_during_a_rotation(client, settings, tokens):
    settings.GITLAB_WEBHOOK_SIGNING_TOKEN = tokens
    assert send(client, BODY, signed(BODY)).status_code == 200


def test_two_plain_tokens_hold_during_a_rotation(client, settings):
    settings.GITLAB_WEBHOOK_SECRET = ["old", "new"]
    assert [send(client, BODY, tokened(secret=one)).status_code for one in ("old", "new", "older")] == [200, 200, 401]


def test_without_any_secret_nothing_is_let_in(client, settings):
    settings.GITLAB_WEBHOOK_SECRET, settings.GITLAB_WEBHOOK_SIGNING_TOKEN = [], []
    assert [send(client, BODY, headers).status_code for headers in ({}, tokened(), signed(BODY))] == [401, 401, 401]


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(gzip.compress(BODY), {"Content-Encoding": "gzip"}, 400, id="37 gzip"),
        pytest.param(b"\xff\xfe{}", {}, 400, id="37 not UTF-8"),
        pytest.param(b'{"object_kind": ', {}, 400, id="37 broken JSON"),
        pytest.param(b"[" * 200_000, {}, 400, id="37 deep JSON"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, {}, 400, id="37 deep and whole JSON"),
        pytest.param(b"[1, 2]", {}, 400, id="37 no object"),
        pytest.param(b"", {}, 400, id="37 empty"),
        pytest.param(b'{"n": ' + b"9" * 5000 + b"}", {}, 400, id="37 absurd number"),
        pytest.param(b" " * (25 * 2**20 + 1), {}, 413, id="37 oversized"),
    ],
)
def test_what_cannot_be_read_is_refused_fast(client, body, headers, status):
    began = time.monotonic()
    assert send(client, body, {**tokened(), **headers}).status_code == status
    assert time.monotonic() - began < 30
    assert not WebhookDelivery.objects.exists()


@pytest.mark.fault(37)
def test_an_oversized_body_is_refused_by_its_announced_length_alone(client):
    reply = client.generic("POST", PATH, b"{}", CONTENT_LENGTH=str(26 * 2**20), headers=tokened())
    assert reply.status_code == 413


def test_a_large_body_within_the_cap_is_stored(client):
    body = json.dumps({**issue_body(), "padding": "x" * (13 * 2**20)}).encode()
    assert send(client, body, tokened()).status_code == 200


@pytest.mark.parametrize("body", [{"object_kind": "pipeline"}, {}, {"object_kind": "issue"}, {"object_kind": ["?"]}])
def test_what_is_authentic_but_unknown_is_answered_with_success(client, body):
    assert send(client, body, tokened(), event="Pipeline Hook").status_code == 200


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_gitlabs_own_examples_are_taken_in(client, sample):
    assert send(client, sample.read_bytes(), lambda raw: signed(raw)).status_code == 200


def test_the_same_delivery_again_is_known(client):
    replies = [send(client, BODY, tokened()) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert WebhookDelivery.objects.count() == 1


def test_deliveries_that_share_the_event_uuid_are_not_the_same(client):
    for key in ("a", "b"):
        send(client, BODY, {**tokened(key), "X-Gitlab-Event-UUID": "shared by a chain"})
    assert WebhookDelivery.objects.count() == 2


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_posting_is_answered(client, method):
    assert getattr(client, method)(PATH).status_code == 405


@pytest.mark.fault(27)
def test_without_the_database_gitlab_is_asked_to_come_again(client):
    def away(execute, sql, params, many, context):
        raise OperationalError("the connection is gone")

    with connection.execute_wrapper(away):
        assert send(client, BODY, tokened()).status_code == 503


def test_the_csrf_check_does_not_apply(db):
    assert send(Client(enforce_csrf_checks=True), BODY, tokened()).status_code == 200


@pytest.mark.fault(33)
@pytest.mark.django_db(transaction=True)
def test_33_a_hundred_copies_at_once_are_stored_once_and_all_answered_with_success():
    answers = []

    def call(number):
        answers.extend(send(Client(), BODY, tokened()).status_code for _ in range(10))
        connections.close_all()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 100
    assert WebhookDelivery.objects.count() == 1
