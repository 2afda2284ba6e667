"""Milestones of projects and groups."""

from workflow.gitlab_sandbox import hooks
from workflow.gitlab_sandbox.access import ancestors
from workflow.gitlab_sandbox.clock import parse_date
from workflow.gitlab_sandbox.reply import message


def usable_by(session, project):
    """The milestones an issue of the project may be in: its own and those of every group above it."""
    groups = [row["id"] for row in ancestors(session, project["namespace_id"])]
    return session.store.all(
        f"SELECT * FROM milestones WHERE project_id = ? OR group_id IN ({','.join('?' * len(groups))}) ORDER BY id",
        project["id"],
        *groups,
    )


def new(session, title, *, project_id=None, group_id=None, description="", start_date=None, due_date=None):
    """Create a milestone. Raises 400 for an empty or taken title, or dates the wrong way round."""
    column, owner = ("project_id", project_id) if project_id else ("group_id", group_id)
    _check(session, title, column, owner, start_date, due_date, 0)
    milestone_id = session.store.insert(
        "milestones",
        project_id=project_id,
        group_id=group_id,
        title=title,
        description=description or "",
        start_date=_date(session, start_date),
        due_date=_date(session, due_date),
        created_at=session.now(),
        updated_at=session.now(),
        iid=(session.store.value(f"SELECT MAX(iid) FROM milestones WHERE {column} = ?", owner) or 0) + 1,
    )
    row = session.store.get("milestones", milestone_id)
    hooks.milestone_changed(session, row, "create")
    return row


def edit(session, row, changes):
    """Apply title, description, start_date, due_date ("" clears) and state_event (activate, close)."""
    columns = {key: changes[key] for key in ("title", "description") if changes.get(key) is not None}
    for key in ("start_date", "due_date"):
        if key in changes:
            columns[key] = _date(session, changes[key])
    column = "project_id" if row["project_id"] else "group_id"
    merged = row | columns
    _check(session, merged["title"], column, row[column], merged["start_date"], merged["due_date"], row["id"])
    wanted = {"close": "closed", "activate": "active"}.get(changes.get("state_event"))
    if wanted and wanted != row["state"]:
        columns["state"] = wanted
    session.store.update("milestones", row["id"], updated_at=session.now(), **columns)
    changed = session.store.get("milestones", row["id"])
    if "state" in columns:
        hooks.milestone_changed(session, changed, "close" if wanted == "closed" else "reopen")
    return changed


def delete(session, row):
    session.store.run("DELETE FROM milestones WHERE id = ?", row["id"])


def promote(session, row, project):
    """Make a project milestone a milestone of the project's group; issues keep it."""
    namespace = session.store.get("namespaces", project["namespace_id"])
    if namespace["kind"] != "group":
        raise message(400, "400 Bad request - Project does not belong to a group.")
    last = session.store.value("SELECT MAX(iid) FROM milestones WHERE group_id = ?", namespace["id"]) or 0
    session.store.update("milestones", row["id"], project_id=None, group_id=namespace["id"], iid=last + 1)
    return session.store.get("milestones", row["id"])


def _date(session, text):
    return parse_date(text, session.today()) if text else None


def _check(session, title, column, owner, start_date, due_date, own_id):
    if not (title or "").strip():
        raise message(400, {"title": ["can't be blank"]})
    if session.store.value(
        f"SELECT 1 FROM milestones WHERE {column} = ? AND title = ? AND id != ?", owner, title, own_id
    ):
        raise message(400, {"title": ["already being used for another group or project milestone."]})
    start, due = _date(session, start_date), _date(session, due_date)
    if start and due and start > due:
        raise message(400, {"due_date": ["must be greater than start date"]})
