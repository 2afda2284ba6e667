import pytest

from tests.gitlab_sandbox.client import TRACKER, project


def test_a_new_issue_shows_what_was_sent_and_where_it_is(bot, sandbox):
    issue = bot.issue(
        title="Broken", description="Really", labels=["bug", "p1"], due_date="2027-01-02", confidential=True
    )

    assert (issue["title"], issue["description"], issue["labels"]) == ("Broken", "Really", ["bug", "p1"])
    assert (issue["due_date"], issue["confidential"], issue["state"]) == ("2027-01-02", True, "opened")
    assert issue["web_url"] == f"{sandbox.url}/{TRACKER}/-/issues/{issue['iid']}"
    assert issue["id"] != issue["iid"]


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({}, 400, "title is missing"),
        ({"title": "  "}, 400, "title is empty"),
        ({"title": "x" * 256}, 400, "is too long (maximum is 255 characters)"),
        ({"title": "x", "description": "y" * 1_048_577}, 400, "is too long"),
        ({"title": "x", "issue_type": "wish"}, 400, "issue_type does not have a valid value"),
    ],
)
def test_an_issue_that_cannot_be_is_refused_in_gitlabs_words(bot, sent, status, said):
    reply = bot.post(f"{project(TRACKER)}/issues", sent)

    assert (reply.status_code, said in reply.text) == (status, True)


def test_unknown_labels_become_labels_of_the_project(bot):
    bot.issue(labels="brand new,bug")

    found = {row["name"]: row["is_project_label"] for row in bot.get(f"{project(TRACKER)}/labels", per_page=100).json()}
    assert found["brand new"] is True
    assert found["bug"] is False


def test_free_keeps_one_assignee_and_drops_the_weight(bot):
    issue = bot.issue(assignee_ids=[2, 3], weight=5)

    assert [one["id"] for one in issue["assignees"]] == [2]
    assert "weight" not in issue


def test_premium_keeps_all_assignees_and_the_weight(premium, log_in):
    issue = log_in(premium, "support-bot").issue(assignee_ids=[2, 3], weight=5)

    assert [one["id"] for one in issue["assignees"]] == [2, 3]
    assert issue["weight"] == 5


@pytest.mark.parametrize(
    ("field", "value", "cleared"),
    [("labels", "", []), ("assignee_ids", [0], []), ("milestone_id", 0, None), ("due_date", "", None)],
)
def test_an_empty_value_clears_a_field(bot, field, value, cleared):
    milestone = bot.get("/groups/gitlab-com/milestones").json()[0]["id"]
    issue = bot.issue(labels=["bug"], assignee_ids=[2], milestone_id=milestone, due_date="2027-01-01")

    bot.edit(issue, **{field: value})

    assert bot.fresh(issue)[field.replace("_ids", "s").replace("milestone_id", "milestone")] == cleared


def test_labels_are_added_and_removed_without_touching_others(bot):
    issue = bot.issue(labels=["bug", "p1"])

    changed = bot.edit(issue, add_labels="p2", remove_labels="p1").json()

    assert changed["labels"] == ["bug", "p2"]


def test_a_group_milestone_can_be_set_by_its_global_id(bot):
    milestone = bot.get("/groups/gitlab-com/milestones").json()[-1]

    assert bot.issue(milestone_id=milestone["id"])["milestone"]["title"] == milestone["title"]


def test_closing_and_reopening_leave_state_events_and_who_closed(bot):
    issue = bot.issue()

    closed = bot.edit(issue, state_event="close").json()
    assert (closed["state"], closed["closed_by"]["username"]) == ("closed", "support-bot")
    assert bot.edit(issue, state_event="reopen").json()["closed_at"] is None
    events = bot.get(f"/projects/{issue['project_id']}/issues/{issue['iid']}/resource_state_events").json()
    assert [event["state"] for event in events] == ["closed", "reopened"]


def test_label_events_tell_what_came_and_went(bot):
    issue = bot.issue(labels=["bug"])
    bot.edit(issue, labels=["p1"])

    events = bot.get(f"/projects/{issue['project_id']}/issues/{issue['iid']}/resource_label_events").json()

    assert [(event["action"], event["label"]["name"]) for event in events] == [
        ("add", "bug"),
        ("remove", "bug"),
        ("add", "p1"),
    ]


def test_only_owners_may_choose_number_and_time(bot, root):
    chosen = {"iid": 77, "created_at": "2020-01-02T03:04:05Z"}

    assert bot.issue(**chosen)["iid"] == 1
    owned = root.issue(**chosen)
    assert (owned["iid"], owned["created_at"]) == (77, "2020-01-02T03:04:05.000Z")
    assert root.issue()["iid"] == 78


def test_a_number_that_is_taken_conflicts(root):
    root.issue(iid=5)

    reply = root.post(f"{project(TRACKER)}/issues", {"title": "x", "iid": 5})

    assert (reply.status_code, reply.json()) == (409, {"message": "Duplicated issue"})


def test_an_edit_without_any_field_is_refused(bot):
    assert bot.edit(bot.issue(), nonsense=1).status_code == 400


def test_only_owners_delete_and_the_number_is_not_given_out_again(bot, root):
    issue = bot.issue()
    path = f"/projects/{issue['project_id']}/issues/{issue['iid']}"

    assert bot.delete(path).status_code == 403
    assert root.delete(path).status_code == 204
    assert root.get(path).status_code == 404
    assert bot.issue()["iid"] == issue["iid"] + 1
