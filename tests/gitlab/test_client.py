"""The gateway turns everything GitLab and the network can do into one of our errors, in time."""

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from workflow.gitlab import errors, transport
from workflow.gitlab.client import Gateway

FIELDS = {"title": "Views are empty"}
CREATE, READ = ("POST", r"/issues$"), ("GET", r"/issues/\d+$")
KINDS = {
    "a 500 to a read": (READ, "server_error", {}, errors.Retryable),
    "a 503 page to a read": (READ, "server_error", {"status": 503}, errors.Retryable),
    "a sign-in page to a read": (READ, "html_instead_of_json", {}, errors.Retryable),
    "wrong types to a read": (READ, "wrong_types", {}, errors.Retryable),
    "half a reply to a read": (READ, "cut_reply", {}, errors.Retryable),
    "silence to a read": (READ, "hang", {"seconds": 5}, errors.Retryable),
    "401 to a read": (READ, "unauthorized", {}, errors.Misconfigured),
    "403 to a read": (READ, "forbidden", {}, errors.Forbidden),
    "404 to a read": (READ, "missing", {}, errors.Gone),
    "429 to a read": (READ, "rate_limited", {}, errors.RateLimited),
    "a redirect to a read": (READ, "html_instead_of_json", {"status": 302}, errors.Misconfigured),
    "a 500 to a creation": (CREATE, "server_error", {}, errors.Unknown),
    "a 502 page to a creation": (CREATE, "server_error", {"status": 502}, errors.Unknown),
    "a sign-in page to a creation": (CREATE, "html_instead_of_json", {}, errors.Unknown),
    "wrong types to a creation": (CREATE, "wrong_types", {}, errors.Unknown),
    "half a reply to a creation": (CREATE, "cut_reply", {}, errors.Unknown),
    "silence to a creation": (CREATE, "hang", {"seconds": 5}, errors.Unknown),
    "a reset to a creation": (CREATE, "hang", {"seconds": 0, "reset": True}, errors.Unknown),
    "400 to a creation": (CREATE, "unprocessable", {"status": 400}, errors.Permanent),
    "409 to a creation": (CREATE, "conflict", {}, errors.Conflict),
    "a busy 409 to a creation": (CREATE, "conflict", {"message": "409 Conflict: Resource lock"}, errors.Retryable),
    "422 to a creation": (CREATE, "unprocessable", {}, errors.Permanent),
    "429 to a creation": (CREATE, "rate_limited", {}, errors.RateLimited),
    "401 to a creation": (CREATE, "unauthorized", {}, errors.Misconfigured),
}


@pytest.fixture
def gateway(gitlab):
    """A gateway to a sandbox, patient enough for the busiest machine."""
    return Gateway(gitlab.url, gitlab.bot_token, timeout=30)


@pytest.fixture
def impatient(gitlab):
    """The same with a short deadline, for replies that never come whole."""
    return Gateway(gitlab.url, gitlab.bot_token, timeout=1)


@pytest.fixture
def project(gateway):
    """A project there."""
    return gateway.project("gitlab-com/support/team").id


@pytest.mark.fault(11, 14, 15, 16, 17, 18, 22, 23, 24)
@pytest.mark.parametrize(("call", "fault", "how", "kind"), KINDS.values(), ids=KINDS)
def test_what_goes_wrong_has_its_kind(gitlab, gateway, impatient, project, call, fault, how, kind):
    issue = gateway.create_issue(project, FIELDS)
    gitlab.fail(fault, *call, **how)
    gateway = impatient if how.get("seconds") else gateway
    with pytest.raises(errors.GitLabError) as raised:
        if call == CREATE:
            gateway.create_issue(project, FIELDS)
        else:
            gateway.issue(project, issue.iid)
    assert type(raised.value) is kind


def test_nothing_is_tried_twice(gitlab, gateway, project):
    gitlab.forget()
    gitlab.fail("server_error", *CREATE, status=502, times=None)
    with pytest.raises(errors.Unknown):
        gateway.create_issue(project, FIELDS)
    assert len(gitlab.calls("POST")) == 1


@pytest.mark.fault(11)
def test_a_reply_that_drips_is_cut_off_in_time(gitlab, impatient, project):
    gitlab.fail("slow_drip", *CREATE, bytes=1, seconds=0.2)  # whole after some minutes, never silent for a second
    begun = time.monotonic()
    with pytest.raises(errors.Unknown):
        impatient.create_issue(project, FIELDS)
    assert time.monotonic() - begun < 60


@pytest.mark.fault(15)
def test_nobody_at_the_door_is_certainly_no_creation():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        gateway = Gateway(f"http://127.0.0.1:{reserved.getsockname()[1]}", "token", timeout=1)
        with pytest.raises(errors.Retryable) as raised:
            gateway.create_issue(1, FIELDS)
    assert type(raised.value) is errors.Retryable


@pytest.mark.fault(24)
def test_an_endless_reply_is_not_read_to_its_end():
    with endless() as url, pytest.raises(errors.Retryable):
        Gateway(url, "token", timeout=30).me()


class endless:
    """A server whose reply is larger than anything GitLab says."""

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self):
        talking, _ = self._listener.accept()
        with talking:
            talking.recv(65536)
            talking.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
            try:
                while True:
                    talking.sendall(b" " * 2**20)
            except OSError:
                return

    def __exit__(self, *error):
        self._listener.close()


@pytest.mark.fault(16)
@pytest.mark.parametrize(("said", "seconds"), [(7, 7), ("0", 0), (99999, 3600), (None, 60), ("soon", 60), ("-5", 60)])
def test_how_long_to_wait_after_a_429(gitlab, gateway, project, said, seconds):
    gitlab.fail("rate_limited", "GET", r"/issues/1$", retry_after=said)
    with pytest.raises(errors.RateLimited) as raised:
        gateway.issue(project, 1)
    assert raised.value.retry_after == seconds


@pytest.mark.fault(16, 47)
def test_a_date_to_wait_for_is_read_by_gitlabs_own_clock(gitlab, gateway, project):
    until = (datetime.now(UTC) + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    gitlab.fail("rate_limited", "GET", r"/issues/1$", retry_after=until)
    with pytest.raises(errors.RateLimited) as raised:
        gateway.issue(project, 1)
    assert 80 <= raised.value.retry_after <= 91


@pytest.mark.fault(47)
def test_gitlabs_clock_is_the_one_it_tells(gitlab, gateway):
    gitlab._own("POST", "time", {"offset": 3600})
    gateway.me()
    assert 3500 < (gateway.now - datetime.now(UTC)).total_seconds() < 3700


@pytest.mark.fault(61)
@pytest.mark.parametrize("years", [73, -57])
def test_61_a_clock_that_is_years_away_is_none(gitlab, gateway, years):
    gateway.me()
    before = gateway.now
    gitlab.fail("other_date", "GET", r"/user$", years=years)
    gateway.me()
    assert gateway.now == before


def test_all_pages_of_a_list_are_read(gitlab, gateway, project):
    made = {gateway.create_issue(project, {"title": f"Number {n}"}).iid for n in range(60)}
    assert {issue.iid for issue in gateway.issues_by(project, gateway.me().id)} == made


@pytest.mark.fault(48)
def test_a_page_that_fails_fails_the_list(gitlab, gateway, project):
    for number in range(60):
        gateway.create_issue(project, {"title": f"Number {number}"})
    gitlab.fail("server_error", "GET", r"/issues$", after=1)
    with pytest.raises(errors.Retryable):
        gateway.issues_by(project, gateway.me().id)


@pytest.mark.fault(20)
def test_a_renamed_project_is_found_under_its_old_path_and_its_number(gitlab, gateway, project):
    gitlab.api("PUT", f"/projects/{project}", path="team-pages")
    assert gateway.project("gitlab-com/support/team").id == project
    assert gateway.project(project).path == "gitlab-com/support/team-pages"


def test_the_token_stands_in_no_message(gitlab, gateway, project):
    for fault in ("server_error", "unauthorized", "html_instead_of_json", "hang"):
        gitlab.fail(fault, *CREATE, **({"seconds": 0} if fault == "hang" else {}))
        with pytest.raises(errors.GitLabError) as raised:
            gateway.create_issue(project, FIELDS)
        assert gitlab.bot_token not in str(raised.value)


def test_a_user_is_found_by_their_whole_name_only(gateway):
    assert gateway.user("OPS").username == "ops"
    assert gateway.user("op") is None


@pytest.mark.fault(15)
def test_a_connection_is_kept_while_it_is_used_and_not_trusted_once_it_was_idle(gateway, monkeypatch):
    clock, opened, connect = [0.0], [], transport._Plain.connect
    monkeypatch.setattr(transport, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(transport._Plain, "connect", lambda self: (opened.append(clock[0]), connect(self)))
    gateway._session.close()
    gateway._session._used_at = clock[0]
    for idle in (0, 9, 9, 9, 11, 9):
        clock[0] += idle
        gateway.version()
    assert opened == [0, 38]
