"""Discussions of issues, and award emoji on issues and notes."""

from workflow.gitlab_sandbox import notes
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import MAINTAINER, need_user, project_level
from workflow.gitlab_sandbox.api import notes as note_routes
from workflow.gitlab_sandbox.reply import Reply, forbidden, listed, message, not_found
from workflow.gitlab_sandbox.routing import route


def _threads(session, issue, project):
    threads = {}
    for row in notes.readable(session, issue, project, order="created_at, id"):
        threads.setdefault(row["discussion_id"], []).append(row)
    return threads


def _thread(session, issue, project, discussion):
    rows = _threads(session, issue, project).get(discussion)
    if not rows:
        raise not_found("Discussion")
    return rows


@route("GET", "/projects/:ref/issues/:iid/discussions")
def list_discussions(session, request, ref, iid):
    project, issue, _ = notes.located(session, ref, iid)
    threads = list(_threads(session, issue, project).items())
    return listed(request, threads, lambda one: show.discussion(session, *one, issue))


@route("GET", "/projects/:ref/issues/:iid/discussions/:discussion")
def get(session, request, ref, iid, discussion):
    project, issue, _ = notes.located(session, ref, iid)
    rows = _thread(session, issue, project, discussion)
    return Reply(200, show.discussion(session, discussion, rows, issue))


@route("POST", "/projects/:ref/issues/:iid/discussions")
def create(session, request, ref, iid):
    project, issue, _ = notes.located(session, ref, iid, reading=False)
    note, outcome = note_routes.post(session, request, project, issue, note_type="DiscussionNote")
    if note is None:
        return note_routes.answer(session, issue, note, outcome)
    return Reply(201, show.discussion(session, note["discussion_id"], [note], issue))


@route("POST", "/projects/:ref/issues/:iid/discussions/:discussion/notes")
def reply(session, request, ref, iid, discussion):
    project, issue, _ = notes.located(session, ref, iid, reading=False)
    _thread(session, issue, project, discussion)
    note, outcome = note_routes.post(
        session, request, project, issue, note_type="DiscussionNote", discussion_id=discussion
    )
    return note_routes.answer(session, issue, note, outcome)


@route("GET", "/projects/:ref/issues/:iid/discussions/:discussion/notes/:note")
def get_note(session, request, ref, iid, discussion, note):
    _, issue, row = notes.located(session, ref, iid, note)
    return Reply(200, show.note(session, row, issue))


@route("PUT", "/projects/:ref/issues/:iid/discussions/:discussion/notes/:note")
def update_note(session, request, ref, iid, discussion, note):
    project, issue, row = notes.located(session, ref, iid, note, reading=False)
    return note_routes.change(session, request, project, issue, row)


@route("DELETE", "/projects/:ref/issues/:iid/discussions/:discussion/notes/:note")
def delete_note(session, request, ref, iid, discussion, note):
    project, _, row = notes.located(session, ref, iid, note, reading=False)
    notes.delete(session, row, project)
    return Reply(204)


def _awards(session, issue, note):
    return session.store.all("SELECT * FROM awards WHERE issue_id = ? AND note_id IS ? ORDER BY id", issue["id"], note)


def _award(session, request, issue, note_id):
    name = request.text("name", required=True).strip(":")
    user = need_user(session)
    if session.store.value(
        "SELECT 1 FROM awards WHERE issue_id = ? AND note_id IS ? AND name = ? AND user_id = ?",
        issue["id"],
        note_id,
        name,
        user["id"],
    ):
        raise message(404, "404 Award Emoji Name has already been taken Not Found")
    award_id = session.store.insert(
        "awards", issue_id=issue["id"], note_id=note_id, name=name, user_id=user["id"], created_at=session.now()
    )
    return Reply(201, show.award(session, session.store.get("awards", award_id)))


def _unaward(session, project, issue, note_id, award):
    for row in _awards(session, issue, note_id):
        if str(row["id"]) == award:
            if row["user_id"] != need_user(session)["id"] and project_level(session, project) < MAINTAINER:
                raise forbidden()
            session.store.run("DELETE FROM awards WHERE id = ?", row["id"])
            return Reply(204)
    raise not_found("Award Emoji")


@route("GET", "/projects/:ref/issues/:iid/award_emoji")
def list_awards(session, request, ref, iid):
    _, issue, _ = notes.located(session, ref, iid)
    return listed(request, _awards(session, issue, None), lambda row: show.award(session, row))


@route("POST", "/projects/:ref/issues/:iid/award_emoji")
def award_issue(session, request, ref, iid):
    _, issue, _ = notes.located(session, ref, iid, reading=False)
    return _award(session, request, issue, None)


@route("DELETE", "/projects/:ref/issues/:iid/award_emoji/:award")
def unaward_issue(session, request, ref, iid, award):
    project, issue, _ = notes.located(session, ref, iid, reading=False)
    return _unaward(session, project, issue, None, award)


@route("GET", "/projects/:ref/issues/:iid/notes/:note/award_emoji")
def list_note_awards(session, request, ref, iid, note):
    _, issue, row = notes.located(session, ref, iid, note)
    return listed(request, _awards(session, issue, row["id"]), lambda one: show.award(session, one))


@route("POST", "/projects/:ref/issues/:iid/notes/:note/award_emoji")
def award_note(session, request, ref, iid, note):
    _, issue, row = notes.located(session, ref, iid, note, reading=False)
    return _award(session, request, issue, row["id"])


@route("DELETE", "/projects/:ref/issues/:iid/notes/:note/award_emoji/:award")
def unaward_note(session, request, ref, iid, note, award):
    project, issue, row = notes.located(session, ref, iid, note, reading=False)
    return _unaward(session, project, issue, row["id"], award)
