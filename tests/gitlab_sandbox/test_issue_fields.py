import json

import pytest

from tests.gitlab_sandbox.client import OTHER, TRACKER, project
from workflow.gitlab_sandbox.issue_fields import FIELDS

VALUES = {
    "title": "Other words",
    "description": "More words",
    "due_date": "2027-01-02",
    "confidential": True,
    "discussion_locked": True,
    "issue_type": "incident",
    "weight": 3,
}


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_a_plain_field_is_kept_told_and_taken_along(premium, log_in, receiver, name):
    bot = log_in(premium, "support-bot")
    triggers = {"issues_events": True, "confidential_issues_events": True}
    issue = bot.issue()
    bot.post(f"{project(TRACKER)}/hooks", {"url": receiver.url} | triggers)

    assert bot.edit(issue, **{name: VALUES[name]}).json()[name] == VALUES[name]

    assert json.loads(receiver.wait_for(1)[0][1])["changes"][name]["current"] == VALUES[name]
    target = bot.get(project(OTHER)).json()["id"]
    place = f"/projects/{issue['project_id']}/issues/{issue['iid']}"
    assert bot.post(f"{place}/move", {"to_project_id": target}).json()[name] == VALUES[name]
