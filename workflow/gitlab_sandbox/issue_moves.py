"""Moving and cloning issues to another project."""

import re

from workflow.gitlab_sandbox import hooks, iids, issue_changes, labels, links, milestones, notes, uploads
from workflow.gitlab_sandbox.access import REPORTER, can_read_project, project_level
from workflow.gitlab_sandbox.reply import message

UPLOAD = re.compile(r"/uploads/([0-9a-f]{32})/([^)\s\"]+)")
CARRIED = (
    "title",
    "description",
    "confidential",
    "due_date",
    "weight",
    "issue_type",
    "discussion_locked",
    "time_estimate",
    "time_spent",
)


def move(session, issue, project, target):
    """Move an issue; returns the new one in `target`. The old one is closed and names it in moved_to_id.

    Description, notes, links and assignees go along; labels and milestone only where `target` has the same title.
    Hooks fire in both projects. Raises 400 without Reporter in both, when it stays where it is, or was moved before.
    """
    _check(session, issue, project, target, "move")
    if issue["moved_to_id"]:
        raise message(400, "Cannot move issue due to insufficient permissions!")
    if project["id"] == target["id"]:
        raise message(400, "Cannot move issue to project it originates from!")
    new = _copy(session, issue, target)
    _copy_notes(session, issue, new, project, target)
    _carry_links(session, issue, new)
    notes.record(session, new, f"moved from {project['full_path']}#{issue['iid']}")
    notes.record(session, issue, f"moved to {target['full_path']}#{new['iid']}")
    issue_changes.set_state(session, session.store.get("issues", issue["id"]), "closed")
    session.store.update("issues", issue["id"], moved_to_id=new["id"])  # after the hook: it tells of a plain close
    return session.store.get("issues", new["id"])


def clone(session, issue, project, target, *, with_notes=False):
    """Clone an issue, as its new author; returns the clone. Raises 400 without Reporter in both projects."""
    _check(session, issue, project, target, "clone")
    new = _copy(session, issue, target, author_id=session.user_id)
    if with_notes:
        _copy_notes(session, issue, new, project, target)
    notes.record(session, new, f"cloned from {links.reference(session, issue, new)}")
    notes.record(session, issue, f"cloned to {links.reference(session, new, issue)}")
    return new


def _check(session, issue, project, target, verb):
    able = (
        target is not None
        and can_read_project(session, target)
        and project_level(session, project) >= REPORTER
        and project_level(session, target) >= REPORTER
        and not target["archived"]
    )
    if not able:
        raise message(400, f"Cannot {verb} issue due to insufficient permissions!")


def _copy(session, issue, target, author_id=None):
    now = session.now()
    columns = {name: issue[name] for name in CARRIED}
    columns["description"] = _move_uploads(session, columns["description"], target)
    new_id = session.store.insert(
        "issues",
        project_id=target["id"],
        iid=iids.take(session, target),
        author_id=author_id or issue["author_id"],
        created_at=now if author_id else issue["created_at"],
        updated_at=now,
        **columns,
    )
    new = session.store.get("issues", new_id)
    titles = [row["title"] for row in labels.of_issue(session, issue["id"])]
    changes = {
        "label_ids": labels.ids_of_titles(session, target, titles, create=False),
        "assignee_ids": session.store.column("SELECT user_id FROM issue_assignees WHERE issue_id = ?", issue["id"]),
    }
    if issue["milestone_id"]:
        title = session.store.get("milestones", issue["milestone_id"])["title"]
        same = [row["id"] for row in milestones.usable_by(session, target) if row["title"] == title]
        changes |= {"milestone_id": same[0]} if same else {}
    new = issue_changes.apply(session, new, target, changes, quiet=True)
    _copy_history(session, issue, new)
    hooks.issue_changed(session, new, "open")
    return new


def _copy_history(session, issue, new):
    """The new issue has the old one's history instead of one that begins with its copy."""
    session.store.run("DELETE FROM resource_events WHERE issue_id = ?", new["id"])
    for row in session.store.all("SELECT * FROM resource_events WHERE issue_id = ? ORDER BY id", issue["id"]):
        session.store.insert(
            "resource_events", **{key: row[key] for key in row if key != "id"} | {"issue_id": new["id"]}
        )


def _copy_notes(session, issue, new, project, target):
    for row in session.store.all("SELECT * FROM notes WHERE issue_id = ? ORDER BY id", issue["id"]):
        session.store.insert(
            "notes",
            **{key: value for key, value in row.items() if key not in ("id", "issue_id", "body")},
            issue_id=new["id"],
            body=_move_uploads(session, row["body"], target),
        )


def _carry_links(session, issue, new):
    for end in ("source_id", "target_id"):
        session.store.run(f"UPDATE OR IGNORE links SET {end} = ? WHERE {end} = ?", new["id"], issue["id"])


def _move_uploads(session, text, target):
    """Files are only reachable in their own project, so a copy goes along and the text names that one."""
    return UPLOAD.sub(lambda found: uploads.copy(session, found[1], target) or found[0], text) if text else text
