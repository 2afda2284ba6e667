"""/projects/:ref/issues/:iid/notes."""

from workflow.gitlab_sandbox import issues, mentions, notes, quick_actions
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.reply import Reply, listed, message
from workflow.gitlab_sandbox.routing import route


def post(session, request, project, issue, **where):
    """Add a comment: its quick actions run, the rest is stored. Returns (note or None, what the commands did)."""
    internal = request.flag("internal", request.flag("confidential", False))
    notes.check_may_write(session, issue, project, internal)
    outcome = quick_actions.interpret(session, project, issue, request.text("body", required=True))
    note = None
    if not outcome.commands_only:
        note = notes.add(
            session, issue, project, outcome.text, internal=internal, created_at=request.text("created_at"), **where
        )
        mentions.announce(session, project, issue, note["body"], note_id=note["id"])
    if outcome.changes:
        issues.carry_out(session, session.store.get("issues", issue["id"]), project, outcome.changes)
    return note, outcome


def answer(session, issue, note, outcome):
    """201 with the note; 202 when the text held only commands that worked; 400 when none did."""
    if note:
        return Reply(201, show.note(session, note, issue) | {"commands_changes": jsonable(outcome.shown)})
    if not outcome.summary:
        raise message(400, f"400 Bad request - Note {{:commands=>{outcome.failed!r}}}")
    return Reply(202, {"commands_changes": jsonable(outcome.shown), "summary": outcome.summary})


def jsonable(shown):
    return {key: list(value) if isinstance(value, tuple | set) else value for key, value in shown.items()}


@route("GET", "/projects/:ref/issues/:iid/notes", anonymous=True)
def list_notes(session, request, ref, iid):
    project, issue, _ = notes.located(session, ref, iid)
    field = request.text("order_by", "created_at", choices={"created_at", "updated_at"})
    direction = request.text("sort", "desc", choices={"asc", "desc"})
    kind = request.text("activity_filter", "all_notes", choices={"all_notes", "only_comments", "only_activity"})
    where = {"all_notes": "1 = 1", "only_comments": "system = 0", "only_activity": "system = 1"}[kind]
    rows = notes.readable(session, issue, project, where, f"{field} {direction}, id {direction}")
    return listed(request, rows, lambda row: show.note(session, row, issue))


@route("POST", "/projects/:ref/issues/:iid/notes")
def create(session, request, ref, iid):
    project, issue, _ = notes.located(session, ref, iid, reading=False)
    note, outcome = post(session, request, project, issue)
    return answer(session, issue, note, outcome)


@route("GET", "/projects/:ref/issues/:iid/notes/:note", anonymous=True)
def get(session, request, ref, iid, note):
    _, issue, row = notes.located(session, ref, iid, note)
    return Reply(200, show.note(session, row, issue))


def change(session, request, project, issue, row):
    """Edit a comment's text; commands that were not in it before run."""
    notes.check_may_edit(session, row, project)
    outcome = quick_actions.interpret(session, project, issue, request.text("body", required=True), before=row["body"])
    if outcome.commands_only:
        notes.delete(session, row, project)
        changed = row
    else:
        changed = notes.edit(session, issue, project, row, outcome.text)
        mentions.announce(session, project, issue, changed["body"], note_id=row["id"], before=row["body"])
    if outcome.changes:
        issues.carry_out(session, session.store.get("issues", issue["id"]), project, outcome.changes)
    return Reply(200, show.note(session, changed, issue))


@route("PUT", "/projects/:ref/issues/:iid/notes/:note")
def update(session, request, ref, iid, note):
    project, issue, row = notes.located(session, ref, iid, note, reading=False)
    return change(session, request, project, issue, row)


@route("DELETE", "/projects/:ref/issues/:iid/notes/:note")
def delete(session, request, ref, iid, note):
    project, issue, row = notes.located(session, ref, iid, note, reading=False)
    notes.delete(session, row, project)
    return Reply(204)
