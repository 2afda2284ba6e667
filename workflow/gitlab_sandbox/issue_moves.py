"""Moving and copying issues to another project."""

import re

from workflow.gitlab_sandbox import history, hook_events, issue_changes, labels, milestones, uploads
from workflow.gitlab_sandbox.access import REPORTER, level
from workflow.gitlab_sandbox.issue_fields import FIELDS
from workflow.gitlab_sandbox.reply import message
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

UPLOAD = re.compile(r"/uploads/([0-9a-f]{32})/([^)\s\"]+)")


def move(session: Session, issue: Row, project: Row, target: Row) -> Row:
    """Move an issue; returns the new one in `target`. The old one is closed and names it in moved_to_id.

    Description, notes, links and assignees go along; labels and milestone only where `target` has the same title.
    Hooks fire in both projects. Raises 400 without Reporter in both, when it stays where it is, or was moved before.
    """
    _check(session, project, target, "move")
    if issue["moved_to_id"]:
        raise message(400, "Cannot move issue due to insufficient permissions!")
    if project["id"] == target["id"]:
        raise message(400, "Cannot move issue to project it originates from!")
    new = _copy(session, issue, target, author_id=issue["author_id"], created_at=issue["created_at"])
    for row in session.store.all("SELECT * FROM notes WHERE issue_id = ? ORDER BY id", issue["id"]):
        body = _move_uploads(session, row["body"], target)
        session.store.insert("notes", **row | {"id": None, "issue_id": new["id"], "body": body})
    for end in ("source_id", "target_id"):
        session.store.run(f"UPDATE OR IGNORE links SET {end} = ? WHERE {end} = ?", new["id"], issue["id"])
    history.say(session, new, f"moved from {project['full_path']}#{issue['iid']}")
    history.say(session, issue, f"moved to {target['full_path']}#{new['iid']}")
    issue_changes.set_state(session, issue, "closed")
    session.store.update("issues", issue["id"], moved_to_id=new["id"])  # after the hook: it tells of a plain close
    return session.store.get("issues", new["id"])


def _check(session: Session, project: Row, target: Row, verb: str) -> None:
    if min(level(session, project), level(session, target)) < REPORTER:
        raise message(400, f"Cannot {verb} issue due to insufficient permissions!")


def _copy(session: Session, issue: Row, target: Row, *, author_id: int | None, created_at: str) -> Row:
    columns = {field.name: issue[field.name] for field in FIELDS}
    columns["description"] = _move_uploads(session, issue["description"], target)
    columns |= {"author_id": author_id, "created_at": created_at, "updated_at": session.now()}
    new = session.store.insert(
        "issues", project_id=target["id"], iid=issue_changes.take_iid(session, target), **columns
    )
    titles = [row["title"] for row in labels.of_issue(session, issue["id"])]
    on_it = session.store.column("SELECT user_id FROM issue_assignees WHERE issue_id = ?", issue["id"])
    changes = {"label_ids": labels.ids_of_titles(session, target, titles, create=False), "assignee_ids": on_it}
    if milestone := session.store.get("milestones", issue["milestone_id"]):
        usable = milestones.usable_by(session, target)
        same = [row["id"] for row in usable if row["title"] == milestone["title"]]
        changes |= {"milestone_id": same[0]} if same else {}
    new = issue_changes.apply(session, new, changes, quiet=True)
    # it has the old one's history instead of one that begins with its copy
    session.store.run("DELETE FROM resource_events WHERE issue_id = ?", new["id"])
    for row in session.store.all("SELECT * FROM resource_events WHERE issue_id = ? ORDER BY id", issue["id"]):
        session.store.insert("resource_events", **row | {"id": None, "issue_id": new["id"]})
    hook_events.issue_changed(session, new, "open")
    return new


def _move_uploads(session: Session, text: str | None, target: Row) -> str | None:
    """Files are only reachable in their own project, so a copy goes along and the text names that one."""
    return UPLOAD.sub(lambda found: uploads.copy(session, found[1], target) or found[0], text) if text else text
