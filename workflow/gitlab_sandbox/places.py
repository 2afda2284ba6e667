"""Groups and projects, by number or URL-encoded path. Old project paths keep redirecting."""

import re
from typing import Any

from workflow.gitlab_sandbox import access, members, people
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

VISIBILITIES = {"private": 0, "internal": 10, "public": 20}
TAKEN = "has already been taken"


def _full_name(session: Session, row: Row) -> str:
    parent = session.store.get("namespaces", row["parent_id"]) if row["parent_id"] else None
    return f"{_full_name(session, parent)} / {row['name']}" if parent else row["name"]


def group_shown(session: Session, row: Row) -> Row:
    """A group as the API shows it."""
    names = ("id", "name", "path", "full_path", "description", "visibility", "parent_id", "created_at")
    return {key: row[key] for key in names} | {
        "web_url": session.url(f"groups/{row['full_path']}"),
        "full_name": _full_name(session, row),
        "avatar_url": None,
        "archived": False,
        "marked_for_deletion_on": None,
    }


def project_shown(session: Session, row: Row) -> Row:
    """A project as the API shows it, with the role of the person asking."""
    place = session.store.get("namespaces", row["namespace_id"])
    api = session.url(f"api/v4/projects/{row['id']}")
    role = access.level(session, row)
    opened = "SELECT COUNT(*) FROM issues WHERE project_id = ? AND state = 'opened'"
    names = ("id", "name", "path", "description", "visibility", "creator_id", "created_at", "updated_at")
    shown = {key: row[key] for key in names} | {
        "name_with_namespace": f"{_full_name(session, place)} / {row['name']}",
        "path_with_namespace": row["full_path"],
        "default_branch": "main",
        "web_url": session.url(row["full_path"]),
        "last_activity_at": row["updated_at"],
        "avatar_url": None,
        "namespace": {
            **{key: place[key] for key in ("id", "name", "path", "kind", "full_path", "parent_id")},
            "avatar_url": None,
            "web_url": session.url(place["full_path"] if place["kind"] == "user" else f"groups/{place['full_path']}"),
        },
        "archived": False,
        "empty_repo": True,
        "issues_enabled": True,
        "open_issues_count": session.store.value(opened, row["id"]),
        "marked_for_deletion_on": None,
        "_links": {"self": api, **{name: f"{api}/{name}" for name in ("issues", "labels", "members")}},
        "permissions": {
            "project_access": {"access_level": role, "notification_level": 3} if role else None,
            "group_access": None,
        },
    }
    return shown | ({"owner": people.by_id(session, place["owner_id"])} if place["kind"] == "user" else {})


def for_hooks(session: Session, project: Row) -> Row:
    """A project as hooks tell of it."""
    web, ssh = session.url(project["full_path"]), f"git@localhost:{project['full_path']}.git"
    return {
        **{key: project[key] for key in ("id", "name", "description")},
        "path_with_namespace": project["full_path"],
        "namespace": session.store.get("namespaces", project["namespace_id"])["name"],
        "visibility_level": VISIBILITIES[project["visibility"]],
        **dict.fromkeys(("web_url", "homepage"), web),
        **dict.fromkeys(("url", "ssh_url", "git_ssh_url"), ssh),
        **dict.fromkeys(("http_url", "git_http_url"), f"{web}.git"),
        **dict.fromkeys(("avatar_url", "ci_config_path")),
        "default_branch": "main",
    }


def _check_free(session: Session, full_path: str, complaint: Any) -> None:
    for table in ("projects", "namespaces"):
        if session.store.value(f"SELECT 1 FROM {table} WHERE full_path = ?", full_path):
            raise message(400, complaint)


def new_group(
    session: Session, name: str, path: str, parent: Row | None, *, visibility: str = "private", description: str = ""
) -> Row:
    """Create a group, for nobody yet. Raises 400 when the path is taken."""
    full_path = f"{parent['full_path']}/{path}" if parent else path
    _check_free(session, full_path, f'Failed to save group {{:path=>["{TAKEN}"]}}')
    columns = {"name": name, "path": path, "full_path": full_path, "parent_id": parent and parent["id"]}
    columns |= {"visibility": visibility, "description": description or ""}
    return session.store.insert("namespaces", kind="group", **columns, created_at=session.now())


def new_project(
    session: Session, name: str, path: str | None, namespace: Row, visibility: str, description: str | None = None
) -> Row:
    """Create a project. Raises 400 when the path is taken there."""
    path = path or re.sub(r"[^\w.-]+", "-", name.strip().lower()).strip("-.") or "project"
    full_path = f"{namespace['full_path']}/{path}"
    _check_free(session, full_path, {key: [TAKEN] for key in ("project_namespace.name", "name", "path")})
    columns = {"namespace_id": namespace["id"], "name": name, "path": path, "full_path": full_path}
    columns |= {"visibility": visibility, "description": description, "creator_id": session.user_id}
    project = session.store.insert("projects", **columns, created_at=session.now(), updated_at=session.now())
    if session.user and access.level(session, project) < access.MAINTAINER:
        members.add(session, "project_id", project["id"], session.user["id"], access.MAINTAINER)
    return project


def _columns(request: Request) -> Row:
    columns = {key: request.text(key) for key in ("name", "path", "description") if request.has(key)}
    if request.has("visibility"):
        columns["visibility"] = request.text("visibility", choices=VISIBILITIES)
    return columns


@route("GET", "/groups", anonymous=True)
def list_groups(session: Session, request: Request) -> Reply:
    """The groups the person sees, by name."""
    rows = session.store.all("SELECT * FROM namespaces WHERE kind = 'group' ORDER BY lower(name), id")
    rows = [row for row in rows if access.can_read(session, row)]
    return listed(request, rows, lambda row: group_shown(session, row))


@route("POST", "/groups")
def create_group(session: Session, request: Request) -> Reply:
    """A new group, owned by the person asking."""
    ref = request.text("parent_id")
    parent = access.find_group(session, ref, access.MAINTAINER) if ref else None
    name, path = request.text("name", required=True), request.text("path", required=True)
    visibility = request.text("visibility", "private", choices=VISIBILITIES)
    group = new_group(session, name, path, parent, visibility=visibility, description=request.text("description", ""))
    members.add(session, "group_id", group["id"], access.need_user(session)["id"], access.OWNER)
    return Reply(201, group_shown(session, group))


@route("GET", "/groups/:ref", anonymous=True)
def get_group(session: Session, request: Request, ref: str) -> Reply:
    """One group."""
    return Reply(200, group_shown(session, access.find_group(session, ref)))


@route("DELETE", "/groups/:ref")
def delete_group(session: Session, request: Request, ref: str) -> Reply:
    """Delete a group and all that is in it, at once."""
    session.store.delete("namespaces", access.find_group(session, ref, access.OWNER)["id"])
    return Reply(202, {"message": "202 Accepted"})


def _listed(session: Session, request: Request, rows: list[Row]) -> Reply:
    search = request.text("search", "").lower()
    rows = [
        row for row in rows if search in f"{row['full_path']} {row['name']}".lower() and access.can_read(session, row)
    ]
    rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=request.text("sort", "desc") == "desc")
    return listed(request, rows, lambda row: project_shown(session, row))


@route("GET", "/projects", anonymous=True)
def list_projects(session: Session, request: Request) -> Reply:
    """The projects the person sees, newest first."""
    return _listed(session, request, session.store.all("SELECT * FROM projects"))


@route("GET", "/users/:user/projects")
def list_of_user(session: Session, request: Request, user: str) -> Reply:
    """Those in a person's own namespace."""
    owner = access.find_user(session.store, user)
    if owner is None:
        raise not_found("User")
    own = "SELECT p.* FROM projects p JOIN namespaces n ON n.id = p.namespace_id WHERE n.owner_id = ?"
    return _listed(session, request, session.store.all(own, owner["id"]))


@route("POST", "/projects")
def create_project(session: Session, request: Request) -> Reply:
    """A new project, in the person's own namespace unless told otherwise."""
    sent = _columns(request)
    if not sent.get("name") and not sent.get("path"):
        raise invalid("name, path are missing, at least one parameter must be provided")
    if ref := request.number("namespace_id"):
        namespace = session.store.get("namespaces", ref)
        if namespace is None or access.level(session, namespace) < access.MAINTAINER:
            raise not_found("Namespace")
    else:
        own = "SELECT * FROM namespaces WHERE kind = 'user' AND owner_id = ?"
        namespace = session.store.one(own, access.need_user(session)["id"])
    name, visibility = sent.get("name") or sent["path"], sent.get("visibility", "private")
    row = new_project(session, name, sent.get("path"), namespace, visibility, sent.get("description"))
    return Reply(201, project_shown(session, row))


@route("GET", "/projects/:ref", anonymous=True)
def get_project(session: Session, request: Request, ref: str) -> Reply:
    """One project."""
    return Reply(200, project_shown(session, access.find_project(session, ref)))


@route("PUT", "/projects/:ref")
def update_project(session: Session, request: Request, ref: str) -> Reply:
    """Change a project; a new path leaves a redirect behind."""
    project = access.find_project(session, ref, access.MAINTAINER)
    columns = _columns(request)
    if columns.get("path", project["path"]) != project["path"]:
        parent = session.store.get("namespaces", project["namespace_id"])["full_path"]
        columns["full_path"] = f"{parent}/{columns['path']}"
        _check_free(session, columns["full_path"], {"path": [TAKEN]})
        kept = "INSERT OR REPLACE INTO redirects (old_path, project_id) VALUES (?, ?)"
        session.store.run(kept, project["full_path"], project["id"])
        session.store.run("DELETE FROM redirects WHERE old_path = ?", columns["full_path"])
    row = session.store.update("projects", project["id"], **columns, updated_at=session.now())
    return Reply(200, project_shown(session, row))


@route("DELETE", "/projects/:ref")
def delete_project(session: Session, request: Request, ref: str) -> Reply:
    """Delete a project and all that is in it, at once."""
    session.store.delete("projects", access.find_project(session, ref, access.OWNER)["id"])
    return Reply(202, {"message": "202 Accepted"})
