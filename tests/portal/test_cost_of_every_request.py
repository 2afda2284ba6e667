"""What every request costs before its own work begins: statements, and files that are opened."""

import json
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

WATCHED = {"on": False, "files": []}


def note(event, args):
    """An audit hook stays for ever: it listens only while a test asks."""
    if WATCHED["on"] and event == "open":
        WATCHED["files"].append(args[0])


sys.addaudithook(note)


def cost_of(ask):
    """(statements, files opened) of a request that was made before, so that what is read once was read."""
    ask()
    with CaptureQueriesContext(connection) as asked:
        WATCHED.update(on=True, files=[])
        ask()
        WATCHED["on"] = False
    return len(asked), len(WATCHED["files"])


COSTS = {
    "django.middleware.security.SecurityMiddleware": "headers",
    "whitenoise.middleware.WhiteNoiseMiddleware": "static files, which end here",
    "csp.middleware.CSPMiddleware": "a header",
    "django_permissions_policy.PermissionsPolicyMiddleware": "a header",
    "django.contrib.sessions.middleware.SessionMiddleware": "a statement, once somebody is asked for who has a cookie",
    "django.middleware.common.CommonMiddleware": "nothing",
    "django.middleware.csrf.CsrfViewMiddleware": "nothing",
    "django.contrib.auth.middleware.AuthenticationMiddleware": "a statement, for who has a session",
    "supportops.accounts.middleware.SignedInPagesAreNotKept": "a header",
    "django.contrib.auth.middleware.LoginRequiredMiddleware": "nothing",
    "django_structlog.middlewares.RequestMiddleware": "log lines",
    "django.contrib.messages.middleware.MessageMiddleware": "nothing without messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware": "a header",
    "django_htmx.middleware.HtmxMiddleware": "nothing",
    "allauth.account.middleware.AccountMiddleware": "nothing",
    "supportops.accounts.middleware.PersonTimeZone": "nothing: the names of time zones are read once",
    "workflow.pages.refusals.RefusalsBecomePages": "nothing",
}


def test_whatever_runs_on_every_request_has_its_cost_written_down():
    assert list(COSTS) == settings.MIDDLEWARE


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "cost"), [("/healthz", (0, 0)), ("/issues/", (0, 0)), ("/nowhere/", (0, 0))])
def test_who_is_not_signed_in_costs_no_statement_and_no_file(client, path, cost):
    assert cost_of(lambda: client.get(path)) == cost


@pytest.mark.django_db
def test_a_machine_without_a_cookie_pays_for_no_session(client, settings):
    settings.GITLAB_WEBHOOK_SECRET = ["of the test"]
    number = iter(range(10))

    def deliver():
        key = {"HTTP_IDEMPOTENCY_KEY": f"delivery-{next(number)}", "HTTP_X_GITLAB_TOKEN": "of the test"}
        body = json.dumps({"object_kind": "issue", "object_attributes": {"iid": 1}, "project": {"id": 1}})
        reply = client.post("/hooks/gitlab/", body, content_type="application/json", **key)
        assert reply.status_code < 300

    with CaptureQueriesContext(connection) as asked:
        statements, files = cost_of(deliver)

    assert statements <= 5 and files == 0
    assert not [query["sql"] for query in asked if "django_session" in query["sql"] or "accounts_user" in query["sql"]]


@pytest.mark.django_db
def test_a_person_costs_four_statements_before_the_page_begins(client, cast):
    client.force_login(cast.requester)

    statements, files = cost_of(lambda: client.get("/menu/"))

    assert statements == 4, "session, person, groups and absences, the menu's numbers"
    assert files == 0
