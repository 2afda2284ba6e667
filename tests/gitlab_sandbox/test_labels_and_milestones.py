from datetime import date

import pytest

from tests.gitlab_sandbox.client import OTHER, TRACKER, project

LABELS = f"{project(TRACKER)}/labels"


def test_scoped_labels_are_plain_labels_on_free(bot):
    issue = bot.issue(labels=["Stage::Triage"])

    assert bot.edit(issue, add_labels="Stage::Design").json()["labels"] == ["Stage::Design", "Stage::Triage"]


def test_scoped_labels_drive_each_other_out_on_premium(premium, log_in):
    bot = log_in(premium, "support-bot")
    issue = bot.issue(labels=["Stage::Triage", "Customer::Support"])

    assert bot.edit(issue, add_labels="Stage::Design").json()["labels"] == ["Customer::Support", "Stage::Design"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "fresh", "color": "#aabbcc"}, 201),
        ({"name": "named", "color": "teal"}, 201),
        ({"name": "fresh"}, 400),
        ({"color": "#aabbcc"}, 400),
        ({"name": "fresh", "color": "mauvish"}, 400),
        ({"name": "a,b", "color": "#aabbcc"}, 400),
    ],
)
def test_creating_a_label(bot, sent, status):
    assert bot.post(LABELS, sent).status_code == status


def test_a_label_name_is_taken_only_once(bot):
    assert bot.post(LABELS, {"name": "twice", "color": "#aabbcc"}).status_code == 201
    assert bot.post(LABELS, {"name": "twice", "color": "#aabbcc"}).status_code == 409


def test_a_label_is_found_by_its_encoded_title_and_renamed(bot):
    bot.post(LABELS, {"name": "old name", "color": "#aabbcc"})
    issue = bot.issue(labels=["old name"])

    changed = bot.put(f"{LABELS}/old%20name", {"new_name": "new::name", "color": "#000000"}).json()

    assert (changed["name"], changed["text_color"]) == ("new::name", "#FFFFFF")
    assert bot.get(f"{LABELS}/new%3A%3Aname").json()["id"] == changed["id"]
    assert bot.fresh(issue)["labels"] == ["new::name"]


def test_a_deleted_label_leaves_the_issues(bot):
    bot.post(LABELS, {"name": "short-lived", "color": "#aabbcc"})
    issue = bot.issue(labels=["short-lived"])

    assert bot.delete(f"{LABELS}/short-lived").status_code == 204
    assert bot.fresh(issue)["labels"] == []


def test_a_project_lists_the_labels_of_its_groups_unless_told_not_to(bot):
    names = {row["name"] for row in bot.get(LABELS, per_page=100).json()}

    assert {"Stage::Triage", "Customer::Field", "bug"} <= names
    assert bot.get(LABELS, include_ancestor_groups="false").json() == []


def test_the_deployment_milestones_reach_from_two_months_back_to_fourteen_ahead(bot):
    rows = bot.get("/groups/gitlab-com/milestones", per_page=100).json()

    assert len(rows) == 17
    assert all(row["title"] == f"CustSuppOps Deployment {row['due_date']}" for row in rows)
    starts = [date.fromisoformat(row["start_date"]) for row in rows]
    assert all(date.fromisoformat(row["due_date"]) > start for row, start in zip(rows, starts, strict=True))
    assert [row["expired"] for row in rows][:2] == [True, True]


def test_a_project_lists_group_milestones_when_asked(bot):
    path = f"{project(OTHER)}/milestones"

    assert bot.get(path).json() == []
    assert len(bot.get(path, include_ancestors="true", per_page=100).json()) == 17


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"title": "M1", "start_date": "2027-01-01", "due_date": "2027-02-01"}, 201),
        ({"title": "M1", "start_date": "2027-03-01", "due_date": "2027-02-01"}, 400),
        ({}, 400),
    ],
)
def test_creating_a_milestone(bot, sent, status):
    assert bot.post(f"{project(TRACKER)}/milestones", sent).status_code == status


def test_a_milestone_is_closed_and_deleted_and_its_issues_stay(bot):
    path = f"{project(TRACKER)}/milestones"
    made = bot.post(path, {"title": "Soon"}).json()
    issue = bot.issue(milestone_id=made["id"])

    assert bot.put(f"{path}/{made['id']}", {"state_event": "close"}).json()["state"] == "closed"
    assert [row["id"] for row in bot.get(f"{path}/{made['id']}/issues").json()] == [issue["id"]]
    assert bot.delete(f"{path}/{made['id']}").status_code == 204
    assert bot.fresh(issue)["milestone"] is None


def test_a_milestone_of_a_stranger_project_is_dropped_silently(bot):
    other = bot.post(f"{project(OTHER)}/milestones", {"title": "Theirs"}).json()

    assert bot.issue(milestone_id=other["id"])["milestone"] is None


def test_the_issue_templates_are_listed_and_read(bot):
    path = f"{project(TRACKER)}/templates/issues"

    assert [row["name"] for row in bot.get(path).json()] == ["Bug", "Feature", "Incident"]
    assert "Steps to reproduce" in bot.get(f"{path}/Bug").json()["content"]
    assert bot.get(f"{path}/Nothing").status_code == 404
