"""Comments and internal notes of issues: /projects/:ref/issues/:iid/notes."""

import secrets

from workflow.gitlab_sandbox import hook_events, issues, mentions, people, quick_actions
from workflow.gitlab_sandbox.access import MAINTAINER, OWNER, REPORTER, find_issue, find_project, level, need_user
from workflow.gitlab_sandbox.clock import parse_moment
from workflow.gitlab_sandbox.reply import Reply, forbidden, listed, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

MAX_BODY = 1_000_000
MAX_NOTES = 5_000
KINDS = {"all_notes": "1 = 1", "only_comments": "system = 0", "only_activity": "system = 1"}


def readable(
    session: Session, issue: Row, project: Row, where: str = "1 = 1", order: str = "created_at, id"
) -> list[Row]:
    """The issue's notes the person may see: internal ones only from Reporter up."""
    hidden = "" if level(session, project) >= REPORTER else "AND internal = 0"
    sql = f"SELECT * FROM notes WHERE issue_id = ? {hidden} AND {where} ORDER BY {order}"
    return session.store.all(sql, issue["id"])


def find(session: Session, issue: Row, project: Row, note_id: str) -> Row:
    """One note; raises 404 when it is hidden."""
    rows = readable(session, issue, project, where=f"id = {int(note_id)}") if str(note_id).isdigit() else []
    if not rows:
        raise not_found("Note")
    return rows[0]


def shown(session: Session, row: Row, issue: Row) -> Row:
    """A note as the API shows it."""
    return {
        **{key: row[key] for key in ("id", "body", "created_at", "updated_at")},
        "type": None,
        "author": people.by_id(session, row["author_id"]),
        "system": bool(row["system"]),
        "noteable_id": issue["id"],
        "noteable_type": "Issue",
        "noteable_iid": issue["iid"],
        "project_id": issue["project_id"],
        "resolvable": False,
        "confidential": bool(row["internal"]),
        "internal": bool(row["internal"]),
        "commands_changes": {},
        "attachment": None,
    }


def check_may_write(session: Session, issue: Row, project: Row, internal: bool = False) -> None:
    """Raise 403 when the person may not comment here, or not internally."""
    need_user(session)
    role = level(session, project)
    only_reporters = internal or issue["discussion_locked"]
    if (only_reporters and role < REPORTER) or (project["visibility"] == "private" and not role):
        raise forbidden()


def may_edit(session: Session, note: Row, project: Row) -> bool:
    """A comment is its author's to change, and a maintainer's; system notes are nobody's."""
    if note["system"] or session.user is None:
        return False
    return note["author_id"] == session.user_id or level(session, project) >= MAINTAINER


def _check_may_edit(session: Session, note: Row, project: Row) -> None:
    need_user(session)
    if not may_edit(session, note, project):
        raise forbidden()


def post(session: Session, request: Request, project: Row, issue: Row) -> tuple[Row | None, quick_actions.Outcome]:
    """Add a comment: its quick actions run, the rest is stored. Returns (note or None, what the commands did)."""
    internal = bool(request.flag("internal", request.flag("confidential", False)))
    check_may_write(session, issue, project, internal)
    outcome = quick_actions.interpret(session, project, issue, request.text("body", required=True))
    note = None
    if not outcome.commands_only:
        note = _add(session, issue, project, outcome.text or "", internal, request.text("created_at"))
    if outcome.changes:
        issues.carry_out(session, session.store.get("issues", issue["id"]), project, outcome.changes)
    return note, outcome


def _add(session: Session, issue: Row, project: Row, body: str, internal: bool, created_at: str | None) -> Row:
    if not body.strip():
        raise message(400, {"note": ["can't be blank"]})
    if len(body) > MAX_BODY:
        raise message(400, {"note": [f"is too long (maximum is {MAX_BODY} characters)"]})
    if session.store.value("SELECT COUNT(*) FROM notes WHERE issue_id = ?", issue["id"]) >= MAX_NOTES:
        raise message(400, {"base": [f"Maximum number of comments exceeded ({MAX_NOTES})"]})
    dated = parse_moment(created_at) if created_at and level(session, project) >= OWNER else None
    said = {"issue_id": issue["id"], "author_id": session.user_id, "body": body, "internal": int(internal)}
    at = dated or session.now()
    note = session.store.insert("notes", **said, discussion_id=secrets.token_hex(20), created_at=at, updated_at=at)
    session.store.update("issues", issue["id"], updated_at=session.now())
    hook_events.note_changed(session, issue, project, note, "create")
    mentions.announce(session, project, issue, body, note_id=note["id"])
    return note


def edit(session: Session, request: Request, project: Row, issue: Row, note: Row) -> Row:
    """Replace a comment's text and fire its hook; commands that were not in it before run."""
    _check_may_edit(session, note, project)
    text = request.text("body", required=True)
    outcome = quick_actions.interpret(session, project, issue, text, before=note["body"])
    if outcome.commands_only:
        delete(session, note, project)
    else:
        at, before = session.now(), note["body"]
        note = session.store.update("notes", note["id"], body=outcome.text, updated_at=at, last_edited_at=at)
        session.store.update("issues", issue["id"], updated_at=at)
        hook_events.note_changed(session, issue, project, note, "update")
        mentions.announce(session, project, issue, note["body"], note_id=note["id"], before=before)
    if outcome.changes:
        issues.carry_out(session, session.store.get("issues", issue["id"]), project, outcome.changes)
    return note


def delete(session: Session, note: Row, project: Row) -> None:
    """Remove a comment. As on a real GitLab, no hook tells of it."""
    _check_may_edit(session, note, project)
    session.store.delete("notes", note["id"])


def _located(session: Session, ref: str, iid: str) -> tuple[Row, Row]:
    project = find_project(session, ref)
    return project, find_issue(session, project, iid)


@route("GET", "/projects/:ref/issues/:iid/notes", anonymous=True)
def list_notes(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """The notes, newest first unless told otherwise."""
    project, issue = _located(session, ref, iid)
    field = request.text("order_by", "created_at", choices={"created_at", "updated_at"})
    direction = request.text("sort", "desc", choices={"asc", "desc"})
    kind = request.text("activity_filter", "all_notes", choices=KINDS)
    rows = readable(session, issue, project, KINDS[kind], f"{field} {direction}, id {direction}")
    return listed(request, rows, lambda row: shown(session, row, issue))


@route("POST", "/projects/:ref/issues/:iid/notes")
def create(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """201 with the note; 202 when the text held only commands that worked; 400 when none did."""
    project, issue = _located(session, ref, iid)
    note, outcome = post(session, request, project, issue)
    if note:
        return Reply(201, shown(session, note, issue) | {"commands_changes": outcome.changes})
    if not outcome.summary:
        raise message(400, f"400 Bad request - Note {{:commands=>{outcome.failed!r}}}")
    return Reply(202, {"commands_changes": outcome.changes, "summary": outcome.summary})


@route("GET", "/projects/:ref/issues/:iid/notes/:note", anonymous=True)
def get(session: Session, request: Request, ref: str, iid: str, note: str) -> Reply:
    """One note."""
    project, issue = _located(session, ref, iid)
    return Reply(200, shown(session, find(session, issue, project, note), issue))


@route("PUT", "/projects/:ref/issues/:iid/notes/:note")
def update_route(session: Session, request: Request, ref: str, iid: str, note: str) -> Reply:
    """Change a note's text."""
    project, issue = _located(session, ref, iid)
    return Reply(
        200, shown(session, edit(session, request, project, issue, find(session, issue, project, note)), issue)
    )


@route("DELETE", "/projects/:ref/issues/:iid/notes/:note")
def delete_route(session: Session, request: Request, ref: str, iid: str, note: str) -> Reply:
    """Delete a note."""
    project, issue = _located(session, ref, iid)
    delete(session, find(session, issue, project, note), project)
    return Reply(204)
