import re

import pytest
import requests

from tests.gitlab_sandbox.client import RESTRICTED, TRACKER


@pytest.fixture
def browse(sandbox):
    """`browse("ops")`: a session of a person who clicked their name (None: nobody yet)."""
    sessions = []

    def person(username):
        session = requests.Session()
        sessions.append(session)
        if username:
            session.post(f"{sandbox.url}/-/sandbox/act_as", data={"username": username}, timeout=30)
        return session

    yield person
    for session in sessions:
        session.close()


@pytest.fixture
def issue(bot):
    return bot.issue(
        title="<script>alert(1)</script>",
        description="**bold** <img src=x onerror=alert(1)>",
        labels=["Stage::Triage", "bug"],
    )


def test_the_first_page_asks_who_one_is_in_one_click(sandbox, browse):
    page = browse(None).get(sandbox.url, timeout=30)

    assert "This is a sandbox" in page.text and "Who are you?" in page.text
    assert all(f'value="{name}"' in page.text for name in ("requester", "ops", "lead", "federal"))


def test_an_issue_is_read_with_its_text_rendered_and_nothing_run(sandbox, browse, issue, bot):
    bot.note(issue, "A *comment*")

    page = browse("ops").get(issue["web_url"], timeout=30)

    assert page.status_code == 200
    assert "<strong>bold</strong>" in page.text and "A <em>comment</em>" in page.text
    assert "<script" not in page.text and not re.search(r"<img[^>]*onerror", page.text)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert re.search(r'class="key">Stage</span><span class="value">Triage', page.text)


@pytest.mark.parametrize(
    ("form", "field", "value"),
    [
        ({"do": "edit", "add_labels": "p1"}, "labels", ["Stage::Triage", "bug", "p1"]),
        ({"do": "edit", "remove_labels": "bug"}, "labels", ["Stage::Triage"]),
        ({"do": "edit", "state_event": "close"}, "state", "closed"),
        ({"do": "edit", "due_date": "2027-02-03"}, "due_date", "2027-02-03"),
        ({"do": "edit", "confidential": "true"}, "confidential", True),
        ({"do": "edit", "title": "New", "description": "a\r\nb"}, "description", "a\nb"),
        ({"do": "comment", "body": "well\n/title By command"}, "title", "By command"),
        ({"do": "comment", "state_event": "close"}, "state", "closed"),
        ({"do": "edit", "assignee_id": "0"}, "assignee", None),
    ],
)
def test_a_form_changes_the_issue_as_the_person(browse, issue, bot, form, field, value):
    reply = browse("ops").post(issue["web_url"], data=form, timeout=30)

    assert (reply.status_code, bot.fresh(issue)[field]) == (200, value)


def test_a_comment_is_the_persons_own_and_may_be_internal(browse, issue, bot):
    browse("ops").post(issue["web_url"], data={"do": "comment", "body": "psst", "internal": "1"}, timeout=30)

    note = bot.get(
        f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes", activity_filter="only_comments"
    ).json()[0]
    assert (note["body"], note["internal"], note["author"]["username"]) == ("psst", True, "ops")


def test_ones_own_comment_is_edited_and_deleted(browse, issue, ops):
    note = ops.note(issue, "before").json()
    page = browse("ops")
    page.post(issue["web_url"], data={"do": "note", "note": note["id"], "body": "after"}, timeout=30)
    assert "<p>after</p>" in page.get(issue["web_url"], timeout=30).text

    page.post(issue["web_url"], data={"do": "note", "note": note["id"], "delete": "yes", "body": "after"}, timeout=30)

    assert "<p>after</p>" not in page.get(issue["web_url"], timeout=30).text


def test_a_change_on_the_page_fires_hooks(browse, issue, bot, receiver):
    bot.post(f"/projects/{issue['project_id']}/hooks", {"url": receiver.url, "issues_events": True})

    browse("ops").post(issue["web_url"], data={"do": "edit", "state_event": "close"}, timeout=30)

    assert b'"action": "close"' in receiver.wait_for(1)[0][1]


def test_moving_on_the_page_leads_to_the_new_issue(browse, issue, bot):
    target = bot.get("/projects/gitlab-com%2Fsupport%2Fteam").json()["id"]

    reply = browse("ops").post(issue["web_url"], data={"do": "move", "to": target}, timeout=30)

    assert reply.url.endswith("/gitlab-com/support/team/-/issues/1")
    assert "moved here" in browse("ops").get(issue["web_url"], timeout=30).text


def test_the_list_shows_searches_and_turns_pages(sandbox, browse, bot):
    for number in range(25):
        bot.issue(title=f"Number {number:02}")
    ops, place = browse("ops"), f"{sandbox.url}/{TRACKER}/-/issues"

    first = ops.get(place, timeout=30).text
    assert "Number 24" in first and "Number 04" not in first and "page=2" in first
    assert "Number 04" in ops.get(f"{place}?state=opened&page=2", timeout=30).text
    assert "Number 04" in ops.get(f"{place}?search=04", timeout=30).text


def test_what_a_person_may_not_see_is_not_there(sandbox, browse, bot):
    hidden = bot.issue(RESTRICTED, title="secret")

    for username, status in (("federal", 200), ("ops", 404), ("requester", 404)):
        assert browse(username).get(hidden["web_url"], timeout=30).status_code == status
    assert RESTRICTED not in browse("ops").get(sandbox.url, timeout=30).text


def test_a_stranger_reads_nothing_and_is_asked_who_they_are(browse, issue):
    page = browse(None).get(issue["web_url"], timeout=30)
    assert (page.status_code, "Who are you?" in page.text, issue["title"] in page.text) == (401, True, False)
    assert f'value="/{TRACKER}/-/issues/1"' in page.text
    assert browse(None).post(issue["web_url"], data={"do": "comment", "body": "x"}, timeout=30).status_code == 401


def test_a_form_from_elsewhere_is_refused(browse, issue):
    reply = browse("ops").post(
        issue["web_url"],
        data={"do": "edit", "state_event": "close"},
        timeout=30,
        headers={"Origin": "http://elsewhere.example"},
    )

    assert reply.status_code == 403


def test_choosing_a_person_does_not_lead_elsewhere(sandbox):
    reply = requests.post(
        f"{sandbox.url}/-/sandbox/act_as",
        data={"username": "ops", "next": "//elsewhere.example"},
        timeout=30,
        allow_redirects=False,
    )

    assert reply.headers["Location"] == "/"


def test_a_new_issue_is_written_on_a_page(sandbox, browse, bot):
    reply = browse("requester").post(
        f"{sandbox.url}/{TRACKER}/-/issues/new", data={"title": "By hand", "description": ""}, timeout=30
    )

    assert reply.url.endswith("/-/issues/1")
    assert bot.get("/issues", scope="all").json()[0]["author"]["username"] == "requester"


def test_an_attached_file_is_shown_on_the_page(sandbox, browse, issue, bot):
    ops = browse("ops")
    ops.post(
        issue["web_url"], data={"do": "comment", "body": "see"}, files={"file": ("dot.png", b"\x89PNG")}, timeout=30
    )

    address = re.search(r'<img src="(http[^"]+)"', ops.get(issue["web_url"], timeout=30).text)[1]
    assert ops.get(address, timeout=30).content == b"\x89PNG"
    assert browse(None).get(address, timeout=30).status_code == 401
