import pytest

from tests.gitlab_sandbox.client import OTHER, TRACKER
from workflow.gitlab_sandbox.quick_actions import extract


@pytest.mark.parametrize(
    ("text", "left", "names"),
    [
        ("/close", "", ["close"]),
        ("/CLOSE", "", ["close"]),
        ("a\n/close\nb", "a\nb", ["close"]),
        ("a\n\r/close", "a", ["close"]),
        ("a\r/close", "a/close", []),
        ("/label ~bug ~p1", "", ["label"]),
        ("/closed", "/closed", []),
        (" /close", " /close", []),
        ("\\/close", "\\/close", []),
        ("> /close", "> /close", []),
        ("a /close", "a /close", []),
        ("/unknown thing", "/unknown thing", []),
        ("```\n/close\n```", "```\n/close\n```", []),
        ("```\n/close", "```", ["close"]),
        ("`\n/close\n`", "`\n/close\n`", []),
        (">>>\n/close\n>>>", ">>>\n/close\n>>>", []),
        ("<div>\n/close\n</div>", "<div>\n/close\n</div>", []),
        ("<!--\n/close\n-->", "<!--\n-->", ["close"]),
        ("text  \n", "text", []),
        ("/shrug well", "well ¯\\\\_(ツ)\\_/¯", ["shrug"]),
    ],
)
def test_commands_are_found_where_gitlab_finds_them(text, left, names):
    kept, found = extract(text)

    assert (kept, [name for name, _ in found]) == (left, names)


@pytest.mark.parametrize(
    ("command", "field", "value"),
    [
        ("/close", "state", "closed"),
        ("/title New words", "title", "New words"),
        ("/label ~bug ~p1", "labels", ["bug", "p1", "p2"]),
        ('/label ~"Stage::Triage"', "labels", ["Stage::Triage", "p2"]),
        ("/unlabel ~p2", "labels", []),
        ("/relabel ~bug", "labels", ["bug"]),
        ("/label ~never-heard-of", "labels", ["p2"]),
        ("/due 2027-03-04", "due_date", "2027-03-04"),
        ("/remove_due_date", "due_date", None),
        ("/confidential", "confidential", True),
        ("/lock", "discussion_locked", True),
        ("/promote_to incident", "issue_type", "issue"),
        ("/estimate 1d", "state", "opened"),
        ("/weight 3", "weight", None),
    ],
)
def test_a_command_changes_the_issue(bot, command, field, value):
    issue = bot.issue(labels=["p2"], due_date="2027-01-01")

    bot.note(issue, f"Now:\n{command}")

    assert bot.fresh(issue).get(field) == value


def test_assigning_by_command_keeps_one_person_on_free(bot):
    issue = bot.issue()

    bot.note(issue, "/assign @ops @lead")
    assert [one["username"] for one in bot.fresh(issue)["assignees"]] == ["ops"]
    bot.note(issue, "/reassign @lead")
    assert [one["username"] for one in bot.fresh(issue)["assignees"]] == ["lead"]
    bot.note(issue, "/unassign")
    assert bot.fresh(issue)["assignees"] == []


def test_milestones_are_set_and_removed_by_title(bot):
    issue = bot.issue()
    title = bot.get("/groups/gitlab-com/milestones").json()[-1]["title"]

    bot.note(issue, f'/milestone %"{title}"')
    assert bot.fresh(issue)["milestone"]["title"] == title
    bot.note(issue, "/remove_milestone")
    assert bot.fresh(issue)["milestone"] is None


def test_a_duplicate_is_closed_and_linked(bot):
    first, second = bot.issue(), bot.issue()

    bot.note(second, f"/duplicate #{first['iid']}")

    assert bot.fresh(second)["state"] == "closed"
    links = bot.get(f"/projects/{first['project_id']}/issues/{first['iid']}/links").json()
    assert [row["id"] for row in links] == [second["id"]]


def test_an_issue_moves_by_command(bot):
    issue = bot.issue()

    bot.note(issue, f"/move {OTHER}")

    assert bot.fresh(issue)["moved_to_id"]
    assert len(bot.get("/projects/gitlab-com%2Fsupport%2Fteam/issues").json()) == 1


def test_commands_in_a_new_description_run_as_its_author(bot):
    issue = bot.issue(description="Text\n/label ~bug\n/confidential\n/title Taken over\n/close")

    assert (issue["description"], issue["labels"], issue["title"]) == ("Text", ["bug"], "Taken over")
    assert issue["confidential"] is True
    assert issue["state"] == "opened"  # /close needs an issue that is stored


def test_a_command_already_in_the_old_description_does_not_run_again(bot):
    issue = bot.issue()
    bot.edit(issue, description="Text\n/label ~bug")
    bot.edit(issue, remove_labels="bug")

    changed = bot.edit(issue, description="Text\n/close").json()

    assert (changed["labels"], changed["state"], changed["description"]) == ([], "closed", "Text")


def test_a_command_beyond_the_persons_rights_does_nothing_but_vanish(sandbox, log_in, root):
    requester = log_in(sandbox, "requester")
    issue = log_in(sandbox, "support-bot").issue(TRACKER)
    user = root.get("/users", username="requester").json()[0]["id"]
    root.delete(f"/projects/{issue['project_id']}/members/{user}")

    reply = requester.note(issue, "Hello\n/label ~bug\n/close")

    assert reply.json()["body"] == "Hello"
    assert (root.fresh(issue)["labels"], root.fresh(issue)["state"]) == ([], "opened")
