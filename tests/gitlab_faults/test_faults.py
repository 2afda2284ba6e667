import time

import pytest
import requests

from tests.gitlab_sandbox.client import PATIENCE, TRACKER, project

ISSUES = f"{project(TRACKER)}/issues"
CREATE = {"method": "POST", "path": "/issues$"}


@pytest.fixture
def fault(root):
    """Switch a fault on for creating issues; returns its JSON."""

    def add(name, match=CREATE, **params):
        reply = root.post("/sandbox/faults", {"name": name, "match": match} | params)
        assert reply.status_code == 201, reply.text
        return reply.json()

    return add


def create(person, **options):
    return person.post(ISSUES, {"title": "x"}, **options)


def count(person):
    return len(person.get(ISSUES).json())


def comes_to(number, person):
    """Wait until there are so many issues."""
    until = time.monotonic() + PATIENCE
    while count(person) != number:
        assert time.monotonic() < until, f"{count(person)} issues, not {number}"
        time.sleep(0.01)


def test_apply_then_timeout_takes_effect_without_an_answer(bot, fault):
    fault("apply_then_timeout")

    with pytest.raises(requests.ConnectionError):
        create(bot)
    assert count(bot) == 1


def test_apply_then_timeout_holds_the_socket_as_long_as_told(bot, fault):
    fault("apply_then_timeout", seconds=30)

    with pytest.raises(requests.ReadTimeout):
        create(bot, timeout=0.2)
    comes_to(1, bot)


def test_commit_late_shows_its_effect_only_later(bot, fault):
    fault("commit_late", seconds=60)
    with pytest.raises(requests.ConnectionError):
        create(bot)
    assert count(bot) == 0

    fault("commit_late", seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        create(bot)
    comes_to(1, bot)


def test_hang_changes_nothing(bot, fault):
    fault("hang", seconds=30)

    with pytest.raises(requests.ReadTimeout):
        create(bot, timeout=0.2)
    assert count(bot) == 0


@pytest.mark.parametrize(
    ("name", "params", "status", "said"),
    [
        ("server_error", {}, 500, "500 Internal Server Error"),
        ("server_error", {"status": 502}, 502, "<html>"),
        ("server_error", {"status": 503}, 503, "<html>"),
        ("html_instead_of_json", {}, 200, "<!DOCTYPE html>"),
        ("forbidden", {}, 403, "403 Forbidden"),
        ("unauthorized", {}, 401, "401 Unauthorized"),
        ("missing", {}, 404, "404"),
        ("conflict", {}, 409, "Duplicated issue"),
        ("conflict", {"message": "Resource lock"}, 409, "Resource lock"),
        ("unprocessable", {}, 422, "is not acceptable"),
        ("unprocessable", {"status": 400, "message": {"title": ["spam"]}}, 400, "spam"),
        ("rate_limited", {}, 429, "Retry later"),
    ],
)
def test_an_answer_instead_of_the_effect(bot, fault, name, params, status, said):
    fault(name, **params)

    reply = create(bot)

    assert (reply.status_code, said in reply.text) == (status, True)
    assert count(bot) == 0
    assert create(bot).status_code == 201


@pytest.mark.parametrize("retry_after", [3600, "Wed, 21 Oct 2099 07:28:00 GMT", None, "soon"])
def test_rate_limited_says_when_as_told(bot, fault, retry_after):
    fault("rate_limited", retry_after=retry_after)

    assert create(bot).headers.get("Retry-After") == (None if retry_after is None else str(retry_after))


@pytest.mark.parametrize("name", ["server_error", "html_instead_of_json", "conflict"])
def test_a_proxy_may_fail_after_the_effect(bot, fault, name):
    fault(name, apply=True)

    create(bot)

    assert count(bot) == 1


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_reply_takes_effect_but_is_not_readable(bot, fault, reset):
    fault("cut_reply", reset=reset)

    with pytest.raises(requests.RequestException):
        create(bot)
    assert count(bot) == 1


def test_a_slow_drip_outlasts_a_timeout_per_read(bot, fault):
    fault("slow_drip", seconds=0.05, bytes=200)
    began = time.monotonic()

    reply = create(bot, timeout=PATIENCE)

    assert (reply.status_code, time.monotonic() - began > 0.3) == (201, True)


def test_wrong_types_are_json_all_the_same(bot, fault):
    fault("wrong_types")
    assert isinstance(create(bot).json()["iid"], str)
    fault("wrong_types", match={"method": "GET"})
    assert isinstance(bot.get(ISSUES).json(), dict)


def test_a_stale_list_misses_what_is_young_while_reading_it_directly_works(bot, fault):
    issue = bot.issue()
    fault("stale_list", match={"method": "GET", "path": "/issues$"}, seconds=60)

    assert bot.get(ISSUES).json() == []
    assert len(bot.get(ISSUES).json()) == 1
    assert bot.fresh(issue)["iid"] == issue["iid"]


def test_a_fault_matches_count_and_place(bot, root, fault):
    made = fault("server_error", match={"method": "POST", "path": "/notes$", "body": "poison"}, times=2, after=1)
    issue = bot.issue()

    statuses = [bot.note(issue, text).status_code for text in ("fine", "poison", "poison", "poison", "poison")]

    assert statuses == [201, 201, 500, 500, 201]
    assert root.get("/sandbox/faults").json()[0]["hits"] == 2
    root.delete(f"/sandbox/faults/{made['id']}")
    assert root.get("/sandbox/faults").json() == []


def test_a_fault_without_a_count_stays_until_it_is_removed(bot, root, fault):
    fault("server_error", times=None)

    assert [create(bot).status_code for _ in range(3)] == [500] * 3
    root.delete("/sandbox/faults")
    assert create(bot).status_code == 201


def test_slow_answers_as_usual_only_later(bot, fault):
    fault("slow", seconds=0.2)
    began = time.monotonic()
    assert create(bot).status_code == 201
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("sent", [{"name": "earthquake"}, {}, {"name": "hang", "match": {"path": "("}}])
def test_an_unknown_fault_is_refused(root, sent):
    assert root.post("/sandbox/faults", sent).status_code == 400


def test_only_the_administrator_plays_with_faults(bot):
    assert bot.post("/sandbox/faults", {"name": "hang"}).status_code == 403
    assert bot.get("/sandbox/log").status_code == 403


def test_the_log_counts_requests_and_effects_but_keeps_no_text(bot, root, fault):
    fault("apply_then_timeout")
    with pytest.raises(requests.ConnectionError):
        bot.post(ISSUES, {"title": "secretmarker"})
    bot.post(ISSUES, {"title": "secretmarker"})
    bot.get(ISSUES, search="secretmarker")

    log = root.get("/sandbox/log").json()

    assert log["counts"]["POST /projects/:ref/issues"] == 2
    assert log["statuses"]["POST /projects/:ref/issues 201"] == 1
    first = log["entries"][0]
    assert (first["fault"], first["status"], first["username"], first["sent"]) == (
        "apply_then_timeout",
        0,
        "support-bot",
        ["title"],
    )
    assert "secretmarker" not in str(log)
    root.delete("/sandbox/log")
    assert root.get("/sandbox/log").json()["total"] == 0


@pytest.mark.parametrize(
    ("limit", "act", "headers"),
    [
        ("api", lambda bot: bot.get("/version"), True),
        ("issue_create", create, False),
        (
            "note_create",
            lambda bot: bot.note({"project_id": bot.get(project(TRACKER)).json()["id"], "iid": 1}, "x"),
            False,
        ),
        ("search", lambda bot: bot.get(ISSUES, search="x"), False),
    ],
)
def test_a_rate_limit_answers_429_once_it_is_used_up(bot, root, limit, act, headers):
    bot.issue()
    root.put("/sandbox/limits", {limit: {"limit": 1 if limit != "api" else 3, "period": 3600}})

    replies = [act(bot) for _ in range(4)]

    assert replies[0].status_code < 300
    refused = replies[-1]
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, headers)
    assert (refused.text == "Retry later\n") == headers
    if headers:
        assert replies[0].headers["RateLimit-Remaining"] == "2"
    root.put("/sandbox/limits", {limit: None})
    assert act(bot).status_code < 300
