"""/projects: by number or URL-encoded path."""

from workflow.gitlab_sandbox import places, present_places, uploads
from workflow.gitlab_sandbox.access import (
    MAINTAINER,
    OWNER,
    ancestors,
    can_read_project,
    descendants,
    find_group,
    find_project,
    find_user,
    need_user,
    project_level,
)
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, not_found
from workflow.gitlab_sandbox.routing import route

EXTRAS = ("issues_enabled", "merge_requests_enabled", "remove_source_branch_after_merge")
ORDERS = {"id", "name", "path", "created_at", "updated_at", "last_activity_at", "star_count", "similarity"}


def _shown(session, row):
    return present_places.project(session, row, level=project_level(session, row))


def _listed(session, request, rows):
    rows = [row for row in rows if can_read_project(session, row)]
    if search := request.text("search"):
        rows = [
            row
            for row in rows
            if search.lower() in f"{row['path']} {row['name']}".lower() or search.lower() in row["full_path"].lower()
        ]
    if request.flag("owned", False):
        rows = [row for row in rows if _owns(session, row)]
    if request.flag("membership", False):
        rows = [row for row in rows if _owns(session, row) or _is_member(session, row)]
    if (archived := request.flag("archived")) is not None:
        rows = [row for row in rows if bool(row["archived"]) == archived]
    if visibility := request.text("visibility", choices=places.VISIBILITIES):
        rows = [row for row in rows if row["visibility"] == visibility]
    key = request.text("order_by", "created_at", choices=ORDERS)
    key = {"last_activity_at": "updated_at", "star_count": "id", "similarity": "id"}.get(key, key)
    rows.sort(key=lambda row: (row[key], row["id"]), reverse=request.text("sort", "desc") == "desc")
    return listed(request, rows, lambda row: _shown(session, row))


def _owns(session, row):
    namespace = session.store.get("namespaces", row["namespace_id"])
    return namespace["owner_id"] == session.user_id or _membership(session, row) >= OWNER


def _is_member(session, row):
    return _membership(session, row) > 0


def _membership(session, row):
    ids = [group["id"] for group in ancestors(session, row["namespace_id"])]
    return (
        session.store.value(
            f"SELECT MAX(access_level) FROM members WHERE user_id = ? AND (project_id = ? OR group_id IN "
            f"({','.join('?' * len(ids))}))",
            session.user_id,
            row["id"],
            *ids,
        )
        or 0
    )


@route("GET", "/projects", anonymous=True)
def list_projects(session, request):
    return _listed(session, request, session.store.all("SELECT * FROM projects"))


@route("GET", "/groups/:ref/projects")
def list_in_group(session, request, ref):
    group = find_group(session, ref)
    ids = descendants(session, group["id"]) if request.flag("include_subgroups", False) else [group["id"]]
    return _listed(
        session, request, session.store.all(f"SELECT * FROM projects WHERE namespace_id IN ({','.join(map(str, ids))})")
    )


@route("GET", "/users/:user/projects")
def list_of_user(session, request, user):
    row = find_user(session.store, user)
    if row is None:
        raise not_found("User")
    return _listed(
        session,
        request,
        session.store.all(
            "SELECT p.* FROM projects p JOIN namespaces n ON n.id = p.namespace_id "
            "WHERE n.kind = 'user' AND n.owner_id = ?",
            row["id"],
        ),
    )


def _create(session, request):
    name, path = request.text("name"), request.text("path")
    if not name and not path:
        raise invalid("name, path are missing, at least one parameter must be provided")
    ref = request.text("namespace_id")
    namespace = places.namespace_by(session, ref, MAINTAINER) if ref else places.own_namespace(session)
    row = places.new_project(
        session,
        name or path,
        path,
        namespace,
        description=request.text("description"),
        visibility=request.text("visibility", "private", choices=places.VISIBILITIES),
        **{key: request.flag(key) for key in EXTRAS if request.has(key)},
    )
    return Reply(201, _shown(session, row))


@route("POST", "/projects")
def create(session, request):
    need_user(session)
    return _create(session, request)


@route("GET", "/projects/:ref", anonymous=True)
def get(session, request, ref):
    return Reply(200, _shown(session, find_project(session, ref, reading=True)))


@route("PUT", "/projects/:ref")
def update(session, request, ref):
    project = find_project(session, ref, MAINTAINER)
    columns = {key: request.text(key) for key in ("name", "path", "description") if request.has(key)}
    if request.has("visibility"):
        columns["visibility"] = request.text("visibility", choices=places.VISIBILITIES)
    extra = {key: request.flag(key) for key in EXTRAS if request.has(key)}
    if sent := request.file("avatar"):
        extra["avatar"] = uploads.keep_avatar(session, "project", project["id"], sent)
    elif request.has("avatar"):
        extra["avatar"] = None
    return Reply(200, _shown(session, places.edit_project(session, project, columns, extra)))


@route("DELETE", "/projects/:ref")
def delete(session, request, ref):
    project = find_project(session, ref, OWNER)
    session.store.run("DELETE FROM projects WHERE id = ?", project["id"])
    return Reply(202, {"message": "202 Accepted"})


def _archive(session, ref, value):
    project = find_project(session, ref, OWNER)
    return Reply(201, _shown(session, places.edit_project(session, project, {"archived": value}, {})))


@route("POST", "/projects/:ref/archive")
def archive(session, request, ref):
    return _archive(session, ref, 1)


@route("POST", "/projects/:ref/unarchive")
def unarchive(session, request, ref):
    return _archive(session, ref, 0)


@route("PUT", "/projects/:ref/transfer")
def transfer(session, request, ref):
    project = find_project(session, ref, OWNER)
    namespace = places.namespace_by(session, request.text("namespace", required=True), MAINTAINER)
    return Reply(200, _shown(session, places.transfer_project(session, project, namespace)))


@route("GET", "/projects/:ref/groups")
def groups(session, request, ref):
    project = find_project(session, ref, reading=True)
    rows = [row for row in ancestors(session, project["namespace_id"]) if row["kind"] == "group"]
    return listed(
        request,
        rows,
        lambda row: {
            "id": row["id"],
            "name": row["name"],
            "web_url": session.url(f"groups/{row['full_path']}"),
            "avatar_url": None,
            "full_name": present_places.full_name(session, row),
            "full_path": row["full_path"],
        },
    )


@route("GET", "/projects/:ref/deploy_tokens")
def deploy_tokens(session, request, ref):
    find_project(session, ref, MAINTAINER)
    return listed(request, [], None)


@route("GET", "/projects/:ref/merge_requests")
def merge_requests(session, request, ref):
    find_project(session, ref, reading=True)
    return listed(request, [], None)
