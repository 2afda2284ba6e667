"""What the log says, and how loudly."""

import json
import logging
import subprocess
import sys

import pytest
from django.conf import settings

from tests.factories import file_request

ROOT = settings.BASE_DIR


@pytest.fixture
def refused(client, cast):
    """Asks for pages that say no: by permission, by the door, and because there is no such page."""
    issue = file_request(cast)
    client.force_login(cast.requester)

    def ask():
        paths = ("/queues/sync/", f"/issues/{issue.pk}/accept/", "/issues/999999/")
        assert [client.get(path).status_code for path in paths] == [403, 403, 404]

    return ask


def test_a_page_that_says_no_is_information_without_a_traceback(refused, caplog):
    with caplog.at_level(logging.INFO):
        refused()

    told = [record for record in caplog.records if record.name == "django.request"]
    assert [(record.levelname, record.exc_info) for record in told] == [("INFO", None)] * 3


def test_where_only_warnings_are_told_a_page_that_says_no_is_not(refused, caplog):
    with caplog.at_level(logging.WARNING), caplog.at_level(logging.WARNING, logger="django_structlog"):
        refused()

    assert caplog.records == []


def test_a_page_that_fails_is_an_error_with_its_traceback(client, cast, caplog, monkeypatch):
    client.force_login(cast.requester)
    client.raise_request_exception = False
    monkeypatch.setattr("workflow.pages.queue_page.queue_or_404", lambda *args: 1 / 0)

    assert client.get("/queues/triage/").status_code == 500

    told = [record for record in caplog.records if record.name == "django.request"]
    assert [(record.levelname, record.exc_info[0]) for record in told] == [("ERROR", ZeroDivisionError)]


def test_the_line_of_a_failure_that_django_tells_has_the_traceback_in_words():
    script = (
        "import logging; from supportops.logs import configure; configure({'level': logging.INFO, 'json': True})\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.getLogger('django.request').error('It failed', exc_info=True)"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stderr
    line = json.loads(told)
    assert line["event"] == "It failed"
    assert line["exception"].endswith("ZeroDivisionError: division by zero")
    assert "exc_info" not in line
