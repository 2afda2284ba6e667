from datetime import date

import pytest

from tests.gitlab_sandbox.client import OTHER, TRACKER, project


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
