"""Labels of projects and groups: found by title, created when unknown, exclusive within a scope only on Premium.

In the API a label is addressed by its id or its URL-encoded title.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from workflow.gitlab_sandbox.access import REPORTER, find_group, find_project, groups_of, level, marks, need_user
from workflow.gitlab_sandbox.clock import hook_stamp
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

DEFAULT_COLOUR = "#6699cc"


def available(session: Session, place: Row) -> list[Row]:
    """The labels of a project or group and of every group above it, by title: those an issue there may carry."""
    groups = groups_of(session, place)
    project_id = place["id"] if "namespace_id" in place else None
    sql = f"SELECT * FROM labels WHERE project_id = ? OR group_id IN ({marks(groups)}) ORDER BY title, id"
    return session.store.all(sql, project_id, *groups)


def of_issue(session: Session, issue_id: int) -> list[Row]:
    """The labels an issue carries, by title."""
    sql = "SELECT l.* FROM issue_labels x JOIN labels l ON l.id = x.label_id WHERE x.issue_id = ? ORDER BY l.title"
    return session.store.all(sql, issue_id)


def ids_of_titles(session: Session, project: Row, titles: list[str], *, create: bool = True) -> list[int]:
    """The ids for these titles, the project's own before a group's.

    Unknown ones become project labels if the person may create some, else are dropped.
    """
    known: dict[str, Row] = {}
    for row in available(session, project):
        if row["title"] not in known or row["project_id"]:
            known[row["title"]] = row
    ids = []
    for title in titles:
        if title not in known and create and level(session, project) >= REPORTER:
            known[title] = new(session, title, DEFAULT_COLOUR, "project_id", project["id"])
        if title in known:
            ids.append(known[title]["id"])
    return list(dict.fromkeys(ids))


def scope_of(title: str) -> str | None:
    """`Stage` of `Stage::Triage`, `a::b` of `a::b::c`; None for a plain label."""
    return title.rpartition("::")[0] or None


def exclusive(session: Session, kept: list[int], added: list[int]) -> list[int]:
    """`kept` without those a scoped label among `added` drives out: only on Premium; the last added wins."""
    if not session.premium:
        return kept
    rows = session.store.all(f"SELECT id, title FROM labels WHERE id IN ({marks(kept)})", *kept)
    scopes = {row["id"]: scope_of(row["title"]) for row in rows}
    winner = {}
    for label_id in [one for one in kept if one not in added] + [one for one in added if one in kept]:
        winner[scopes[label_id]] = label_id
    return [one for one in kept if scopes[one] is None or winner[scopes[one]] == one]


def _colour(text: str) -> str:
    """A colour as #RRGGBB; raises 400 when it is none. The sandbox knows no colour by name."""
    if not re.fullmatch(r"#([0-9a-fA-F]{3}){1,2}", text):
        raise message(400, {"color": ["must be a valid color code"]})
    return text if len(text) == 7 else "#" + "".join(digit * 2 for digit in text[1:])


def _check_title(session: Session, title: str, column: str, owner_id: int, own_id: int = 0) -> None:
    if not title or "," in title:
        raise message(400, {"title": ["is invalid"]})
    same = f"SELECT 1 FROM labels WHERE {column} = ? AND title = ? AND id != ?"
    if session.store.value(same, owner_id, title, own_id):
        raise message(409, "Label already exists")


def new(session: Session, title: str, colour: str, column: str, owner_id: int, **fields: Any) -> Row:
    """Create a label of a project (`column` project_id) or group (group_id).

    Raises 400 for a bad colour or title, 409 when the title is taken at that place.
    """
    title, at = title.strip(), session.now()
    _check_title(session, title, column, owner_id)
    columns = {column: owner_id, "title": title, "color": _colour(colour.strip()), **fields}
    return session.store.insert("labels", **columns, created_at=at, updated_at=at)


def text_colour(colour: str) -> str:
    """Black or white, whichever is read better on `colour`."""
    return "#1F1E24" if sum(int(colour[at : at + 2], 16) for at in (1, 3, 5)) > 500 else "#FFFFFF"


def details(row: Row) -> Row:
    """A label as lists of issues show it with `with_labels_details`."""
    shown = {"id": row["id"], "name": row["title"], "description": row["description"], "color": row["color"]}
    html = escape(row["description"] or "")
    return shown | {"description_html": html, "text_color": text_colour(row["color"]), "archived": False}


def for_hooks(row: Row) -> Row:
    """A label as hooks tell of it."""
    kept = {key: row[key] for key in ("id", "title", "color", "project_id", "group_id", "description")}
    stamps = {key: hook_stamp(row[key]) for key in ("created_at", "updated_at")}
    return kept | stamps | {"template": False, "type": "ProjectLabel" if row["project_id"] else "GroupLabel"}


def _shown(session: Session, row: Row, *, in_project: bool) -> Row:
    subscribed = "SELECT 1 FROM subscriptions WHERE user_id = ? AND label_id = ?"
    shown = details(row) | {"subscribed": bool(session.store.value(subscribed, session.user_id, row["id"]))}
    if in_project:
        shown |= {"priority": row["priority"], "is_project_label": row["project_id"] is not None}
    return shown


def _pick(rows: list[Row], wanted: str) -> Row:
    for row in rows:
        if row["title"] == wanted or str(row["id"]) == wanted:
            return row
    raise not_found("Label")


def _register(place: str, column: str, find: Callable[..., Row]) -> None:
    """The same addresses for projects and for groups; only a place's own labels are changed there."""
    one = f"/{place}/:ref/labels/:label"
    in_project = place == "projects"

    def own(session: Session, ref: str, label: str) -> Row:
        owner = find(session, ref, REPORTER)
        return _pick([row for row in available(session, owner) if row[column] == owner["id"]], label)

    def answer(session: Session, row: Row, status: int = 200) -> Reply:
        return Reply(status, _shown(session, row, in_project=in_project))

    @route("GET", f"/{place}/:ref/labels")
    def list_labels(session: Session, request: Request, ref: str) -> Reply:
        owner, search = find(session, ref), request.text("search", "").lower()
        above = request.flag("include_ancestor_groups", True)
        rows = [row for row in available(session, owner) if above or row[column] == owner["id"]]
        rows = [row for row in rows if search in row["title"].lower()]
        return listed(request, rows, lambda row: _shown(session, row, in_project=in_project))

    @route("POST", f"/{place}/:ref/labels")
    def create(session: Session, request: Request, ref: str) -> Reply:
        owner = find(session, ref, REPORTER)
        name, colour = request.text("name", required=True), request.text("color", required=True)
        fields = {"description": request.text("description"), "priority": request.number("priority")}
        return answer(session, new(session, name, colour, column, owner["id"], **fields), 201)

    @route("GET", one)
    def get(session: Session, request: Request, ref: str, label: str) -> Reply:
        return answer(session, _pick(available(session, find(session, ref)), label))

    @route("PUT", f"/{place}/:ref/labels")
    def update_by_name(session: Session, request: Request, ref: str) -> Reply:
        return update(session, request, ref, request.text("name", required=True))

    @route("PUT", one)
    def update(session: Session, request: Request, ref: str, label: str) -> Reply:
        row = own(session, ref, label)
        columns = {"description": request.text("description")} if request.has("description") else {}
        if request.has("priority"):
            columns["priority"] = request.number("priority")
        if name := request.text("new_name"):
            _check_title(session, name, column, row[column], row["id"])
            columns["title"] = name
        if colour := request.text("color"):
            columns["color"] = _colour(colour)
        if not columns:
            raise invalid("new_name, color, description, priority are missing, at least one parameter must be provided")
        return answer(session, session.store.update("labels", row["id"], **columns, updated_at=session.now()))

    @route("DELETE", one)
    def delete(session: Session, request: Request, ref: str, label: str) -> Reply:
        session.store.delete("labels", own(session, ref, label)["id"])
        return Reply(204)

    @route("POST", f"{one}/subscribe")
    def subscribe(session: Session, request: Request, ref: str, label: str) -> Reply:
        row = _pick(available(session, find(session, ref)), label)
        sql = "INSERT OR IGNORE INTO subscriptions (user_id, label_id) VALUES (?, ?)"
        changed = session.store.run(sql, need_user(session)["id"], row["id"])
        return answer(session, row, 201) if changed else Reply(304)

    @route("POST", f"{one}/unsubscribe")
    def unsubscribe(session: Session, request: Request, ref: str, label: str) -> Reply:
        row = _pick(available(session, find(session, ref)), label)
        sql = "DELETE FROM subscriptions WHERE user_id = ? AND label_id = ?"
        changed = session.store.run(sql, need_user(session)["id"], row["id"])
        return answer(session, row, 201) if changed else Reply(304)


_register("projects", "project_id", find_project)
_register("groups", "group_id", find_group)


@route("PUT", "/projects/:ref/labels/:label/promote")
def promote(session: Session, request: Request, ref: str, label: str) -> Reply:
    """Make a project label a label of the project's group; issues keep it."""
    project = find_project(session, ref, REPORTER)
    row = _pick([row for row in available(session, project) if row["project_id"]], label)
    if session.store.get("namespaces", project["namespace_id"])["kind"] != "group":
        raise message(400, "400 Bad request - Failed to promote project label to group label")
    _check_title(session, row["title"], "group_id", project["namespace_id"])
    place = {"project_id": None, "group_id": project["namespace_id"], "priority": None}
    return Reply(200, _shown(session, session.store.update("labels", row["id"], **place), in_project=False))
