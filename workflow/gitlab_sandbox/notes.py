"""Comments, internal notes and system notes of issues."""

import secrets

from workflow.gitlab_sandbox import hooks
from workflow.gitlab_sandbox.access import (
    MAINTAINER,
    REPORTER,
    find_issue,
    find_project,
    need_user,
    project_level,
)
from workflow.gitlab_sandbox.clock import parse_moment
from workflow.gitlab_sandbox.reply import forbidden, message, not_found

MAX_BODY = 1_000_000
MAX_NOTES = 5_000


def record(session, issue, body):
    """A system note: what happened, in GitLab's words. Fires no hook."""
    return _insert(session, issue, body, system=1)


def readable(session, issue, project, where="1 = 1", order="created_at DESC, id DESC"):
    """The issue's notes the person may see: internal ones only from Reporter up."""
    hidden = "" if project_level(session, project) >= REPORTER else "AND internal = 0"
    return session.store.all(
        f"SELECT * FROM notes WHERE issue_id = ? {hidden} AND {where} ORDER BY {order}", issue["id"]
    )


def find(session, issue, project, note_id):
    rows = readable(session, issue, project, where=f"id = {int(note_id)}") if str(note_id).isdigit() else []
    if not rows:
        raise not_found("Note")
    return rows[0]


def check_may_write(session, issue, project, internal=False):
    """Raise 403 when the person may not comment here, or not internally."""
    need_user(session)
    level = project_level(session, project)
    locked_out = issue["discussion_locked"] and level < REPORTER
    if locked_out or (internal and level < REPORTER) or (project["visibility"] == "private" and not level):
        raise forbidden()


def add(session, issue, project, body, *, internal=False, created_at=None, discussion_id=None, note_type=None):
    """Store a comment whose quick actions were already taken out, and fire its hook. Returns the note."""
    if not body.strip():
        raise message(400, {"note": ["can't be blank"]})
    if len(body) > MAX_BODY:
        raise message(400, {"note": [f"is too long (maximum is {MAX_BODY} characters)"]})
    if session.store.value("SELECT COUNT(*) FROM notes WHERE issue_id = ?", issue["id"]) >= MAX_NOTES:
        raise message(400, {"base": [f"Maximum number of comments exceeded ({MAX_NOTES})"]})
    may_date = project_level(session, project) >= 50
    note = _insert(
        session,
        issue,
        body,
        internal=int(bool(internal)),
        discussion_id=discussion_id,
        note_type=note_type,
        at=parse_moment(created_at) if created_at and may_date else None,
    )
    session.store.update("issues", issue["id"], updated_at=session.now())
    hooks.note_changed(session, issue, project, note, "create")
    return note


def may_edit(session, note, project):
    """A comment is its author's to change, and a maintainer's; system notes are nobody's."""
    if note["system"] or session.user is None:
        return False
    return note["author_id"] == session.user_id or project_level(session, project) >= MAINTAINER


def check_may_edit(session, note, project):
    need_user(session)
    if not may_edit(session, note, project):
        raise forbidden()


def edit(session, issue, project, note, body):
    """Replace a comment's text and fire its hook."""
    if not body.strip():
        raise message(400, {"note": ["can't be blank"]})
    session.store.update("notes", note["id"], body=body, updated_at=session.now(), last_edited_at=session.now())
    session.store.update("issues", issue["id"], updated_at=session.now())
    note = session.store.get("notes", note["id"])
    hooks.note_changed(session, issue, project, note, "update")
    return note


def delete(session, note, project):
    """Remove a comment. As on a real GitLab, no hook tells of it."""
    check_may_edit(session, note, project)
    session.store.run("DELETE FROM notes WHERE id = ?", note["id"])


def located(session, project_ref, iid, note_id=None, reading=True):
    """(project, issue, note or None) for an address, each checked for access."""
    project = find_project(session, project_ref, reading=reading)
    issue = find_issue(session, project, iid)
    return project, issue, find(session, issue, project, note_id) if note_id else None


def _insert(session, issue, body, *, system=0, internal=0, discussion_id=None, note_type=None, at=None):
    at = at or session.now()
    note_id = session.store.insert(
        "notes",
        issue_id=issue["id"],
        author_id=session.user_id,
        body=body,
        system=system,
        internal=internal,
        discussion_id=discussion_id or secrets.token_hex(20),
        note_type=note_type,
        created_at=at,
        updated_at=at,
    )
    return session.store.get("notes", note_id)
