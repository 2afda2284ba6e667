import pytest


def notes(person, issue, **params):
    return person.get(f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes", **params).json()


def test_a_note_is_listed_newest_first_and_counts_on_the_issue(bot):
    issue = bot.issue()
    assert bot.note(issue, "first").status_code == 201
    bot.note(issue, "second")

    assert [row["body"] for row in notes(bot, issue)] == ["second", "first"]
    assert [row["body"] for row in notes(bot, issue, sort="asc", order_by="created_at")] == ["first", "second"]
    assert bot.fresh(issue)["user_notes_count"] == 2


def test_the_activity_filter_parts_comments_from_system_notes(bot):
    issue = bot.issue()
    bot.note(issue, "words")
    bot.edit(issue, title="Other")

    assert [row["body"] for row in notes(bot, issue, activity_filter="only_comments")] == ["words"]
    assert [row["system"] for row in notes(bot, issue, activity_filter="only_activity")] == [True]


def test_a_note_of_commands_only_is_202_without_an_id(bot):
    issue = bot.issue()

    reply = bot.note(issue, "/close")

    assert (reply.status_code, "id" in reply.json()) == (202, False)
    assert reply.json()["summary"] == ["Closed this issue."]
    assert bot.fresh(issue)["state"] == "closed"
    assert notes(bot, issue, activity_filter="only_comments") == []


def test_a_note_of_commands_that_cannot_work_is_refused(bot):
    assert bot.note(bot.issue(), "/reopen").status_code == 400


def test_commands_in_a_note_run_and_are_taken_out(bot):
    issue = bot.issue()

    reply = bot.note(issue, "Done.\n/close\n/label ~bug")

    assert (reply.status_code, reply.json()["body"]) == (201, "Done.")
    assert bot.fresh(issue)["labels"] == ["bug"]


def test_internal_notes_exist_only_from_reporter_up(bot, root, sandbox, log_in):
    issue = bot.issue()
    project = f"/projects/{issue['project_id']}"
    requester = log_in(sandbox, "requester")
    made = bot.note(issue, "between us", internal=True).json()
    path = f"{project}/issues/{issue['iid']}/notes/{made['id']}"
    assert (made["internal"], made["confidential"]) == (True, True)
    assert requester.get(path).status_code == 200

    user = root.get("/users", username="requester").json()[0]["id"]
    root.put(f"{project}/members/{user}", {"access_level": 10})

    assert requester.get(path).status_code == 404
    assert requester.note(issue, "psst", internal=True).status_code == 403


@pytest.mark.parametrize(
    ("author", "editor", "status"), [("ops", "ops", 200), ("ops", "requester", 403), ("requester", "ops", 200)]
)
def test_a_note_is_edited_by_its_author_or_a_maintainer(sandbox, log_in, author, editor, status):
    writer, other = log_in(sandbox, author), log_in(sandbox, editor)
    issue = writer.issue()
    note = writer.note(issue, "before").json()

    reply = other.put(f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes/{note['id']}", {"body": "after"})

    assert reply.status_code == status
    assert [row["body"] for row in notes(writer, issue)] == ["after" if status == 200 else "before"]


def test_a_deleted_note_is_gone(bot):
    issue = bot.issue()
    note = bot.note(issue, "oops").json()
    path = f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes/{note['id']}"

    assert bot.delete(path).status_code == 204
    assert bot.get(path).status_code == 404


@pytest.mark.parametrize("body", ["", "   ", None])
def test_an_empty_note_is_refused(bot, body):
    assert bot.note(bot.issue(), body).status_code == 400


def test_a_locked_discussion_is_for_members(bot, root, sandbox, log_in):
    issue = bot.issue()
    bot.edit(issue, discussion_locked=True)
    requester = log_in(sandbox, "requester")
    assert requester.note(issue, "as a member").status_code == 201

    user = root.get("/users", username="requester").json()[0]["id"]
    root.delete(f"/projects/{issue['project_id']}/members/{user}")

    assert requester.note(issue, "as a stranger").status_code == 403
