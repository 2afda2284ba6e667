"""Members of projects and groups."""

from collections.abc import Callable

from workflow.gitlab_sandbox import people
from workflow.gitlab_sandbox.access import LEVELS, MAINTAINER, find_group, find_project, find_user, groups_of, need_user
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row


def direct(session: Session, column: str, owner_id: int) -> list[Row]:
    """The memberships of one project (`column` project_id) or group (group_id)."""
    return session.store.all(f"SELECT * FROM members WHERE {column} = ? ORDER BY id", owner_id)


def reaching(session: Session, column: str, owner: Row) -> list[Row]:
    """Direct and inherited memberships, each person once with their highest role."""
    rows = direct(session, column, owner["id"])
    for group_id in groups_of(session, owner):
        rows += direct(session, "group_id", group_id)
    best: dict[int, Row] = {}
    for row in rows:
        if row["user_id"] not in best or row["access_level"] > best[row["user_id"]]["access_level"]:
            best[row["user_id"]] = row
    return list(best.values())


def add(session: Session, column: str, owner_id: int, user_id: int, level: int, expires_at: str | None = None) -> Row:
    """Give a role. Raises 409 when the person has one there already."""
    if session.store.value(f"SELECT 1 FROM members WHERE {column} = ? AND user_id = ?", owner_id, user_id):
        raise message(409, "Member already exists")
    columns = {column: owner_id, "user_id": user_id, "access_level": level, "expires_at": expires_at}
    return session.store.insert("members", **columns, created_at=session.now())


def _shown(session: Session, row: Row) -> Row:
    member = {key: row[key] for key in ("access_level", "created_at", "expires_at")}
    return {**(people.by_id(session, row["user_id"]) or {}), **member, "membership_state": "active"}


def _level(request: Request) -> int:
    level = request.number("access_level", required=True)
    if level not in LEVELS:
        raise invalid("access_level does not have a valid value")
    return level


def _pick(rows: list[Row], user: str) -> Row:
    for row in rows:
        if str(row["user_id"]) == user:
            return row
    raise not_found("Member")


def _register(place: str, column: str, find: Callable[..., Row]) -> None:
    one = f"/{place}/:ref/members/:user"

    @route("GET", f"/{place}/:ref/members")
    def list_members(session: Session, request: Request, ref: str) -> Reply:
        rows = direct(session, column, find(session, ref)["id"])
        return listed(request, rows, lambda row: _shown(session, row))

    @route("POST", f"/{place}/:ref/members")
    def create(session: Session, request: Request, ref: str) -> Reply:
        owner = find(session, ref, MAINTAINER)
        user = find_user(session.store, request.text("user_id") or request.text("username", required=True))
        if user is None:
            raise not_found("User")
        row = add(session, column, owner["id"], user["id"], _level(request), request.text("expires_at"))
        return Reply(201, _shown(session, row))

    @route("PUT", one)
    def update(session: Session, request: Request, ref: str, user: str) -> Reply:
        row = _pick(direct(session, column, find(session, ref, MAINTAINER)["id"]), user)
        until = request.text("expires_at") if request.has("expires_at") else row["expires_at"]
        row = session.store.update("members", row["id"], access_level=_level(request), expires_at=until)
        return Reply(200, _shown(session, row))

    @route("DELETE", one)
    def delete(session: Session, request: Request, ref: str, user: str) -> Reply:
        mine = user == str(need_user(session)["id"])
        owner = find(session, ref, 0 if mine else MAINTAINER)
        session.store.delete("members", _pick(direct(session, column, owner["id"]), user)["id"])
        return Reply(204)


_register("projects", "project_id", find_project)
_register("groups", "group_id", find_group)
