"""Members of projects and groups; `/all` includes those inherited from the groups above."""

from workflow.gitlab_sandbox import members, places, present, present_places
from workflow.gitlab_sandbox.access import (
    LEVELS,
    MAINTAINER,
    find_group,
    find_project,
    find_user,
    need_user,
)
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, not_found
from workflow.gitlab_sandbox.routing import route


def _listed(session, request, rows):
    if (ids := request.numbers("user_ids")) is not None:
        rows = [row for row in rows if row["user_id"] in ids]
    if query := request.text("query"):
        rows = [row for row in rows if query.lower() in _names(session, row)]
    return listed(request, rows, lambda row: present_places.member(session, row))


def _names(session, row):
    user = session.store.get("users", row["user_id"])
    return f"{user['username']} {user['name']}".lower()


def _pick(rows, user):
    for row in rows:
        if str(row["user_id"]) == user:
            return row
    raise not_found("Member")


def _level(request):
    level = request.number("access_level", required=True)
    if level not in LEVELS:
        raise invalid("access_level does not have a valid value")
    return level


def _register(place, column, find):
    one = f"/{place}/:ref/members/:user"

    @route("GET", f"/{place}/:ref/members")
    def list_members(session, request, ref):
        need_user(session)
        return _listed(session, request, members.direct(session, column, find(session, ref)["id"]))

    @route("GET", f"/{place}/:ref/members/all")
    def list_all(session, request, ref):
        need_user(session)
        return _listed(session, request, members.reaching(session, column, find(session, ref)))

    @route("GET", one)
    def get(session, request, ref, user):
        return Reply(
            200, present_places.member(session, _pick(members.direct(session, column, find(session, ref)["id"]), user))
        )

    @route("GET", f"/{place}/:ref/members/all/:user")
    def get_inherited(session, request, ref, user):
        return Reply(
            200, present_places.member(session, _pick(members.reaching(session, column, find(session, ref)), user))
        )

    @route("POST", f"/{place}/:ref/members")
    def create(session, request, ref):
        owner = find(session, ref, MAINTAINER)
        wanted = request.text("user_id") or request.text("username", required=True)
        user = find_user(session.store, wanted)
        if user is None:
            raise not_found("User")
        row = places.add_member(
            session, user["id"], _level(request), expires_at=request.text("expires_at"), **{column: owner["id"]}
        )
        return Reply(201, present_places.member(session, row))

    @route("PUT", one)
    def update(session, request, ref, user):
        row = _pick(members.direct(session, column, find(session, ref, MAINTAINER)["id"]), user)
        session.store.update(
            "members",
            row["id"],
            access_level=_level(request),
            **({"expires_at": request.text("expires_at")} if request.has("expires_at") else {}),
        )
        return Reply(200, present_places.member(session, session.store.get("members", row["id"])))

    @route("DELETE", one)
    def delete(session, request, ref, user):
        owner = find(session, ref)
        row = _pick(members.direct(session, column, owner["id"]), user)
        if row["user_id"] != session.user_id:
            find(session, ref, MAINTAINER)
        session.store.run("DELETE FROM members WHERE id = ?", row["id"])
        return Reply(204)


_register("projects", "project_id", find_project)
_register("groups", "group_id", find_group)


@route("GET", "/projects/:ref/users")
def users(session, request, ref):
    project = find_project(session, ref, reading=True)
    rows = [session.store.get("users", row["user_id"]) for row in members.reaching(session, "project_id", project)]
    if search := request.text("search"):
        rows = [row for row in rows if search.lower() in f"{row['username']} {row['name']}".lower()]
    return listed(request, rows, lambda row: present.user_basic(session, row))
