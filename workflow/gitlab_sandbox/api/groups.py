"""/groups and /namespaces."""

import json

from workflow.gitlab_sandbox import places, present_places, uploads
from workflow.gitlab_sandbox.access import MAINTAINER, OWNER, can_read_group, descendants, find_group, need_user
from workflow.gitlab_sandbox.reply import Reply, listed, not_found
from workflow.gitlab_sandbox.routing import route


def _listed(session, request, rows):
    rows = [row for row in rows if can_read_group(session, row)]
    if search := request.text("search"):
        rows = [row for row in rows if search.lower() in f"{row['full_path']} {row['name']}".lower()]
    skipped = request.numbers("skip_groups") or []
    rows = [row for row in rows if row["id"] not in skipped]
    if request.flag("top_level_only", False):
        rows = [row for row in rows if row["parent_id"] is None]
    rows.sort(key=lambda row: row["name"].lower())
    return listed(request, rows, lambda row: present_places.group(session, row))


@route("GET", "/groups", anonymous=True)
def list_groups(session, request):
    return _listed(session, request, session.store.all("SELECT * FROM namespaces WHERE kind = 'group'"))


@route("POST", "/groups")
def create(session, request):
    need_user(session)
    parent = places.parent_group(session, request.text("parent_id"))
    row = places.new_group(
        session,
        request.text("name", required=True),
        request.text("path", required=True),
        parent=parent,
        visibility=request.text("visibility", "private", choices=places.VISIBILITIES),
        description=request.text("description", ""),
    )
    return Reply(201, present_places.group(session, row))


@route("GET", "/groups/:ref", anonymous=True)
def get(session, request, ref):
    return Reply(200, present_places.group(session, find_group(session, ref)))


@route("PUT", "/groups/:ref")
def update(session, request, ref):
    group = find_group(session, ref, MAINTAINER)
    if request.has("path") and request.text("path") != group["path"]:
        parent = session.store.get("namespaces", group["parent_id"]) if group["parent_id"] else None
        group = places.move_group(session, group, parent=parent, path=request.text("path"))
    columns = {key: request.text(key) for key in ("name", "description") if request.has(key)}
    if request.has("visibility"):
        columns["visibility"] = request.text("visibility", choices=places.VISIBILITIES)
    if request.has("avatar"):
        sent = request.file("avatar")
        name = uploads.keep_avatar(session, "group", group["id"], sent) if sent else None
        columns["extra"] = json.dumps(json.loads(group["extra"]) | {"avatar": name})
    session.store.update("namespaces", group["id"], **columns)
    return Reply(200, present_places.group(session, session.store.get("namespaces", group["id"])))


@route("DELETE", "/groups/:ref")
def delete(session, request, ref):
    group = find_group(session, ref, OWNER)
    session.store.run("DELETE FROM namespaces WHERE id = ?", group["id"])
    return Reply(202, {"message": "202 Accepted"})


@route("POST", "/groups/:ref/transfer")
def transfer(session, request, ref):
    group = find_group(session, ref, OWNER)
    parent = places.parent_group(session, request.text("group_id"))
    return Reply(200, present_places.group(session, places.move_group(session, group, parent=parent)))


@route("GET", "/groups/:ref/subgroups")
def subgroups(session, request, ref):
    group = find_group(session, ref)
    return _listed(session, request, session.store.all("SELECT * FROM namespaces WHERE parent_id = ?", group["id"]))


@route("GET", "/groups/:ref/descendant_groups")
def descendant_groups(session, request, ref):
    group = find_group(session, ref)
    ids = [one for one in descendants(session, group["id"]) if one != group["id"]]
    return _listed(session, request, [session.store.get("namespaces", one) for one in ids])


@route("GET", "/groups/:ref/deploy_tokens")
def deploy_tokens(session, request, ref):
    find_group(session, ref, MAINTAINER)
    return listed(request, [], None)


@route("GET", "/namespaces")
def namespaces(session, request):
    need_user(session)
    rows = [
        row
        for row in session.store.all("SELECT * FROM namespaces ORDER BY id")
        if row["owner_id"] == session.user_id
        or (row["kind"] == "group" and can_read_group(session, row))
        or session.is_admin
    ]
    if search := request.text("search"):
        rows = [row for row in rows if search.lower() in row["full_path"].lower()]
    return listed(request, rows, lambda row: present_places.namespace(session, row))


@route("GET", "/namespaces/:ref")
def namespace(session, request, ref):
    column = "id" if ref.isdigit() else "full_path"
    row = session.store.one(f"SELECT * FROM namespaces WHERE {column} = ?", ref)
    if row is None or not (row["kind"] == "user" or can_read_group(session, row)):
        raise not_found("Namespace")
    return Reply(200, present_places.namespace(session, row))


@route("GET", "/namespaces/:ref/exists")
def namespace_exists(session, request, ref):
    there = session.store.value("SELECT 1 FROM namespaces WHERE full_path = ?", ref)
    return Reply(200, {"exists": bool(there), "suggests": [f"{ref}1"] if there else []})
