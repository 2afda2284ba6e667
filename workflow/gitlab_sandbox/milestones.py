"""Milestones of projects and groups, addressed by their global id."""

from collections.abc import Callable
from typing import Any

from workflow.gitlab_sandbox import delivery, places
from workflow.gitlab_sandbox.access import REPORTER, find_group, find_project, groups_of, marks
from workflow.gitlab_sandbox.clock import hook_stamp, parse_date
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

FIELDS = ("title", "description", "due_date", "start_date", "state_event")
SHOWN = ("id", "iid", "title", "description", "state", "created_at", "updated_at", "due_date", "start_date")


def usable_by(session: Session, place: Row) -> list[Row]:
    """The milestones of a project or group and of every group above it: those an issue there may be in."""
    groups = groups_of(session, place)
    project_id = place["id"] if "namespace_id" in place else None
    sql = f"SELECT * FROM milestones WHERE project_id = ? OR group_id IN ({marks(groups)}) ORDER BY id"
    return session.store.all(sql, project_id, *groups)


def shown(session: Session, row: Row | None) -> Row | None:
    """A milestone as the API shows it; None for none."""
    if row is None:
        return None
    column = "project_id" if row["project_id"] else "group_id"
    place = session.store.get("projects" if row["project_id"] else "namespaces", row[column])
    path = place["full_path"] if row["project_id"] else f"groups/{place['full_path']}"
    return {key: row[key] for key in (*SHOWN, column)} | {
        "expired": bool(row["due_date"] and row["due_date"] < session.today().isoformat()),
        "web_url": session.url(f"{path}/-/milestones/{row['iid']}"),
    }


def new(session: Session, column: str, owner_id: int, sent: dict[str, Any]) -> Row:
    """Create a milestone of a project (`column` project_id) or group (group_id) from the API's names.

    Raises 400 for an empty or taken title, or dates the wrong way round.
    """
    columns = {"title": sent["title"], "description": sent.get("description") or ""}
    columns |= {key: parse_date(sent.get(key), session.today()) for key in ("start_date", "due_date")}
    _check(session, {"id": 0, column: owner_id, **columns}, column)
    last = session.store.value(f"SELECT MAX(iid) FROM milestones WHERE {column} = ?", owner_id) or 0
    at = session.now()
    columns |= {column: owner_id, "iid": last + 1, "created_at": at, "updated_at": at}
    row = session.store.insert("milestones", **columns)
    _tell(session, row, "create")
    return row


def _check(session: Session, row: Row, column: str) -> None:
    if not (row["title"] or "").strip():
        raise message(400, {"title": ["can't be blank"]})
    same = f"SELECT 1 FROM milestones WHERE {column} = ? AND title = ? AND id != ?"
    if session.store.value(same, row[column], row["title"], row["id"]):
        raise message(400, {"title": ["already being used for another group or project milestone."]})
    if row["start_date"] and row["due_date"] and row["start_date"] > row["due_date"]:
        raise message(400, {"due_date": ["must be greater than start date"]})


def _tell(session: Session, row: Row, action: str) -> None:
    """Tell the hooks of the project; those of groups are on Premium only, and the sandbox has none."""
    if not row["project_id"]:
        return
    project = session.store.get("projects", row["project_id"])
    body = {
        "object_kind": "milestone",
        "event_type": "milestone",
        "project": places.for_hooks(session, project),
        "object_attributes": row | {key: hook_stamp(row[key]) for key in ("created_at", "updated_at")},
        "action": action,
    }
    delivery.fire(session, project, "milestone_events", body)


def _filtered(request: Request, rows: list[Row]) -> list[Row]:
    if state := request.text("state", choices={"active", "closed", "all"}):
        rows = [row for row in rows if state in (row["state"], "all")]
    if title := request.text("title"):
        rows = [row for row in rows if row["title"] == title]
    if search := request.text("search"):
        rows = [row for row in rows if search.lower() in f"{row['title']} {row['description']}".lower()]
    return sorted(rows, key=lambda row: (row["due_date"] is None, row["due_date"] or "", row["id"]))


def _register(place: str, column: str, find: Callable[..., Row]) -> None:
    """The same addresses for projects and for groups."""
    one = f"/{place}/:ref/milestones/:milestone"

    def pick(session: Session, ref: str, milestone: str, needed: int = 0) -> Row:
        owner = find(session, ref, needed)
        row = session.store.one(f"SELECT * FROM milestones WHERE {column} = ? AND id = ?", owner["id"], milestone)
        if row is None:
            raise not_found("Milestone")
        return row

    @route("GET", f"/{place}/:ref/milestones")
    def list_milestones(session: Session, request: Request, ref: str) -> Reply:
        owner = find(session, ref)
        above = request.flag("include_ancestors", request.flag("include_parent_milestones", False))
        rows = [row for row in usable_by(session, owner) if above or row[column] == owner["id"]]
        return listed(request, _filtered(request, rows), lambda row: shown(session, row))

    @route("POST", f"/{place}/:ref/milestones")
    def create(session: Session, request: Request, ref: str) -> Reply:
        owner = find(session, ref, REPORTER)
        request.text("title", required=True)
        sent = {name: request.text(name) for name in FIELDS if request.has(name)}
        return Reply(201, shown(session, new(session, column, owner["id"], sent)))

    @route("GET", one)
    def get(session: Session, request: Request, ref: str, milestone: str) -> Reply:
        return Reply(200, shown(session, pick(session, ref, milestone)))

    @route("PUT", one)
    def update(session: Session, request: Request, ref: str, milestone: str) -> Reply:
        row = pick(session, ref, milestone, REPORTER)
        event = request.text("state_event", choices={"close", "activate"})
        sent = {name: request.text(name) for name in FIELDS if request.has(name)}
        if not sent:
            raise invalid(f"{', '.join(FIELDS)} are missing, at least one parameter must be provided")
        columns = {key: sent[key] for key in ("title", "description") if sent.get(key) is not None}
        columns |= {key: parse_date(sent[key], session.today()) for key in ("start_date", "due_date") if key in sent}
        columns["state"] = {"close": "closed", "activate": "active", None: row["state"]}[event]
        _check(session, row | columns, column)
        changed = session.store.update("milestones", row["id"], **columns, updated_at=session.now())
        if changed["state"] != row["state"]:
            _tell(session, changed, "close" if event == "close" else "reopen")
        return Reply(200, shown(session, changed))

    @route("DELETE", one)
    def delete(session: Session, request: Request, ref: str, milestone: str) -> Reply:
        session.store.delete("milestones", pick(session, ref, milestone, REPORTER)["id"])
        return Reply(204)


_register("projects", "project_id", find_project)
_register("groups", "group_id", find_group)


@route("POST", "/projects/:ref/milestones/:milestone/promote")
def promote(session: Session, request: Request, ref: str, milestone: str) -> Reply:
    """Make a project milestone a milestone of the project's group; issues keep it."""
    project = find_project(session, ref, REPORTER)
    row = session.store.one("SELECT * FROM milestones WHERE project_id = ? AND id = ?", project["id"], milestone)
    if row is None:
        raise not_found("Milestone")
    if session.store.get("namespaces", project["namespace_id"])["kind"] != "group":
        raise message(400, "400 Bad request - Project does not belong to a group.")
    group_id = project["namespace_id"]
    last = session.store.value("SELECT MAX(iid) FROM milestones WHERE group_id = ?", group_id) or 0
    place = {"project_id": None, "group_id": group_id, "iid": last + 1}
    return Reply(200, shown(session, session.store.update("milestones", row["id"], **place)))
