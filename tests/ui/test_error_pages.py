"""The pages for what went wrong."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from supportops.ui import views
from tests.factories import person


def test_an_unknown_address_says_where_to_go(client, db):
    client.force_login(person("lost"))

    reply = client.get("/there/is/nothing/here/")

    assert reply.status_code == 404
    assert "There is nothing here" in reply.content.decode()


def test_a_refusal_says_its_reason(db):
    request = RequestFactory().get("/")
    request.user = person("refused")

    reply = views.forbidden(request, PermissionDenied("Only the lead can do this."))

    assert reply.status_code == 403
    assert "Only the lead can do this." in reply.content.decode()


def test_the_page_for_our_own_errors_needs_no_database(db):
    with CaptureQueriesContext(connection) as queries:
        reply = views.server_error(RequestFactory().get("/"))

    assert reply.status_code == 500
    assert not queries.captured_queries


def test_our_own_errors_carry_the_reference_of_the_log():
    views.structlog.contextvars.bind_contextvars(request_id="ref-4711")
    try:
        assert "ref-4711" in views.server_error(RequestFactory().get("/")).content.decode()
    finally:
        views.structlog.contextvars.unbind_contextvars("request_id")


@pytest.mark.parametrize(("signed_in", "words"), [(True, "open for too long"), (False, "signed out while you wrote")])
def test_a_form_without_its_token_says_what_to_do(db, signed_in, words):
    client = Client(enforce_csrf_checks=True)
    if signed_in:
        client.force_login(person("slow"))

    reply = client.post(reverse("account_login"), {"login": "x", "password": "y"})

    assert reply.status_code == 403
    assert words in reply.content.decode()
