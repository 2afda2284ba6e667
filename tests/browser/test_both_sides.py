"""What people do in GitLab arrives in the portal, by the same rules; by real hooks over HTTP."""

import re

import pytest
import requests

from tests.browser.gitlab_side import Mirrored
from tests.browser.person import PATIENCE, Person, within

pytestmark = pytest.mark.browser


def acting_in_gitlab(portal, username):
    """A session of GitLab's REST API as this person."""
    root = {"PRIVATE-TOKEN": (portal.directory / "var" / "sandbox_admin_token").read_text().strip()}
    users = f"{portal.gitlab_url}/api/v4/users"
    number = requests.get(users, params={"username": username}, headers=root, timeout=30).json()[0]["id"]
    wanted = {"name": "browser", "scopes": ["api"]}
    made = requests.post(f"{users}/{number}/personal_access_tokens", json=wanted, headers=root, timeout=30)
    session = requests.Session()
    session.headers["PRIVATE-TOKEN"] = made.json()["token"]
    return session


def shows(person, number, text, seconds=PATIENCE):
    """Whether the request's page shows the text before the time is over."""

    def looked():
        person.page.goto(f"/issues/{number}/")
        return text in person.page.locator("main").inner_text()

    return within(seconds, looked)


def test_a_comment_a_label_and_a_close_in_gitlab_arrive_by_the_portals_rules(browser, portal):
    mirrored = Mirrored(portal, "bug", "The macro list is empty")
    requester, ops = Person(browser, portal, "requester"), Person(browser, portal, "ops")
    number = requester.file("bug", title=mirrored.title)
    mirrored.agrees("triage")
    issue = mirrored.issues()[0]
    address = f"{portal.gitlab_url}/api/v4/projects/{issue['project_id']}/issues/{issue['iid']}"

    with acting_in_gitlab(portal, "colleague") as colleague:
        colleague.post(f"{address}/notes", json={"body": "I see it as well."}, timeout=30).raise_for_status()
    assert shows(ops, number, "I see it as well.")

    with acting_in_gitlab(portal, "ops") as someone:
        someone.put(address, json={"add_labels": "Stage::Completed", "remove_labels": "Stage::Triage"}, timeout=30)
        mirrored.agrees("triage", seconds=90)

        someone.post(f"{address}/notes", json={"body": "Invalid: the filter was set."}, timeout=30).raise_for_status()
        someone.put(address, json={"state_event": "close"}, timeout=30).raise_for_status()
    assert shows(ops, number, "Invalid")
    mirrored.agrees("closed")

    assert not re.search("error", " ".join([*ops.problems, *requester.problems]), re.I)
    for person in (requester, ops):
        person.context.close()
