"""Labels of projects and groups: found by title, created when unknown, exclusive within a scope only on Premium."""

from workflow.gitlab_sandbox.access import REPORTER, ancestors, project_level
from workflow.gitlab_sandbox.present import css_colour
from workflow.gitlab_sandbox.reply import invalid, message

DEFAULT_COLOUR = "#6699cc"


def available(session, project, search=None):
    """The labels an issue of the project may carry: its own and those of every group above it, by title."""
    groups = [row["id"] for row in ancestors(session, project["namespace_id"])]
    rows = session.store.all(
        f"SELECT * FROM labels WHERE project_id = ? OR group_id IN ({','.join('?' * len(groups))}) ORDER BY title, id",
        project["id"],
        *groups,
    )
    return [row for row in rows if not search or search.lower() in row["title"].lower()]


def find(session, project, title):
    """The label with exactly this title, the project's own before a group's; None when there is none."""
    found = [row for row in available(session, project) if row["title"] == title]
    return min(found, key=lambda row: row["project_id"] is None, default=None)


def ids_of_titles(session, project, titles, *, create=True):
    """The ids for these titles. Unknown ones become project labels if the person may create some, else are dropped."""
    ids = []
    for title in dict.fromkeys(titles):
        row = find(session, project, title)
        if row is None and create and project_level(session, project) >= REPORTER:
            row = new(session, title, DEFAULT_COLOUR, project_id=project["id"])
        if row and row["id"] not in ids:
            ids.append(row["id"])
    return ids


def new(session, title, colour, *, project_id=None, group_id=None, description=None, priority=None):
    """Create a label. Raises 400 for a bad colour or title, 409 when the title is taken at that place."""
    title, colour = title.strip(), css_colour(colour)
    if colour is None:
        raise message(400, {"color": ["must be a valid color code"]})
    if not title or "," in title:
        raise message(400, {"title": ["is invalid"]})
    column, owner = ("project_id", project_id) if project_id else ("group_id", group_id)
    if session.store.value(f"SELECT 1 FROM labels WHERE {column} = ? AND title = ?", owner, title):
        raise message(409, "Label already exists")
    label_id = session.store.insert(
        "labels",
        project_id=project_id,
        group_id=group_id,
        title=title,
        color=colour,
        description=description,
        priority=priority,
        created_at=session.now(),
        updated_at=session.now(),
    )
    return session.store.get("labels", label_id)


def edit(session, label, *, new_name=None, colour=None, **fields):
    """Rename, recolour, describe; raises 409 when the new name is taken."""
    columns = {key: value for key, value in fields.items() if key in ("description", "priority", "archived")}
    if new_name:
        column = "project_id" if label["project_id"] else "group_id"
        if session.store.value(
            f"SELECT 1 FROM labels WHERE {column} = ? AND title = ? AND id != ?", label[column], new_name, label["id"]
        ):
            raise message(409, "Label already exists")
        columns["title"] = new_name
    if colour:
        columns["color"] = css_colour(colour)
        if columns["color"] is None:
            raise message(400, {"color": ["must be a valid color code"]})
    if not columns:
        raise invalid(
            "new_name, color, description, priority, archived are missing, at least one parameter must be provided"
        )
    session.store.update("labels", label["id"], updated_at=session.now(), **columns)
    return session.store.get("labels", label["id"])


def scope_of(title):
    """`Stage` of `Stage::Triage`, `a::b` of `a::b::c`; None for a plain label."""
    return title.rpartition("::")[0] or None


def exclusive(session, kept_ids, added_ids):
    """`kept_ids` without those a scoped label among `added_ids` drives out: only on Premium; the last added wins."""
    if not session.premium:
        return kept_ids
    rows = (
        {
            row["id"]: row
            for row in session.store.all(
                f"SELECT * FROM labels WHERE id IN ({','.join('?' * len(kept_ids))})", *kept_ids
            )
        }
        if kept_ids
        else {}
    )
    winner = {}
    for label_id in [one for one in kept_ids if one not in added_ids] + [one for one in added_ids if one in kept_ids]:
        if scope := scope_of(rows[label_id]["title"]):
            winner[scope] = label_id
    return [one for one in kept_ids if winner.get(scope_of(rows[one]["title"]), one) == one]


def of_issue(session, issue_id):
    return session.store.all(
        "SELECT l.* FROM issue_labels x JOIN labels l ON l.id = x.label_id WHERE x.issue_id = ? ORDER BY l.title",
        issue_id,
    )


def promote(session, label, project):
    """Make a project label a label of the project's group; issues keep it."""
    namespace = session.store.get("namespaces", project["namespace_id"])
    if namespace["kind"] != "group":
        raise message(400, "400 Bad request - Failed to promote project label to group label")
    there = session.store.one("SELECT * FROM labels WHERE group_id = ? AND title = ?", namespace["id"], label["title"])
    if there:
        session.store.run("UPDATE OR IGNORE issue_labels SET label_id = ? WHERE label_id = ?", there["id"], label["id"])
        session.store.run("DELETE FROM labels WHERE id = ?", label["id"])
        return there
    session.store.update("labels", label["id"], project_id=None, group_id=namespace["id"], priority=None)
    return session.store.get("labels", label["id"])
