"""Projects and groups as places: creating, renaming, moving, deleting them. Old project paths keep redirecting."""

import json
import re

from workflow.gitlab_sandbox.access import GUEST, MAINTAINER, OWNER, find_group, group_level, project_level
from workflow.gitlab_sandbox.reply import forbidden, message, not_found

VISIBILITIES = {"private", "internal", "public"}


def slug(name):
    return re.sub(r"[^\w.-]+", "-", name.strip().lower()).strip("-.") or "project"


def new_group(session, name, path, *, parent=None, visibility="private", description="", owner=True):
    """Create a group, owned by the person asking. Raises 400 when the path is taken."""
    full_path = f"{parent['full_path']}/{path}" if parent else path
    _check_free(session, full_path, 'Failed to save group {:path=>["has already been taken"]}')
    group_id = session.store.insert(
        "namespaces",
        kind="group",
        name=name,
        path=path,
        full_path=full_path,
        parent_id=parent and parent["id"],
        visibility=visibility,
        description=description or "",
        created_at=session.now(),
    )
    if owner and session.user:
        add_member(session, session.user_id, OWNER, group_id=group_id)
    return session.store.get("namespaces", group_id)


def new_project(session, name, path, namespace, *, visibility="private", description=None, **extra):
    """Create a project. Raises 400 when the path is taken there."""
    path = path or slug(name)
    full_path = f"{namespace['full_path']}/{path}"
    _check_free(
        session,
        full_path,
        {
            "project_namespace.name": ["has already been taken"],
            "name": ["has already been taken"],
            "path": ["has already been taken"],
        },
    )
    now = session.now()
    project_id = session.store.insert(
        "projects",
        namespace_id=namespace["id"],
        name=name,
        path=path,
        full_path=full_path,
        visibility=visibility,
        description=description,
        creator_id=session.user_id,
        extra=json.dumps(extra),
        created_at=now,
        updated_at=now,
    )
    if session.user and namespace["kind"] == "group" and group_level(session, namespace) < OWNER:
        add_member(session, session.user_id, MAINTAINER, project_id=project_id)
    return session.store.get("projects", project_id)


def edit_project(session, project, columns, extra):
    """Change a project; a new path leaves a redirect behind."""
    if "path" in columns and columns["path"] != project["path"]:
        namespace = session.store.get("namespaces", project["namespace_id"])
        _place(session, project, namespace, columns.pop("path"))
    merged = json.loads(project["extra"]) | extra
    session.store.update("projects", project["id"], **columns, extra=json.dumps(merged), updated_at=session.now())
    return session.store.get("projects", project["id"])


def transfer_project(session, project, namespace):
    """Move a project to another namespace; the old path redirects."""
    if project_level(session, project) < OWNER:
        raise forbidden()
    session.store.update("projects", project["id"], namespace_id=namespace["id"])
    _place(session, project, namespace, project["path"])
    return session.store.get("projects", project["id"])


def move_group(session, group, *, parent=None, path=None):
    """Rename a group or hang it elsewhere (`parent` None: to the top); everything in it follows, with redirects."""
    path = path or group["path"]
    full_path = f"{parent['full_path']}/{path}" if parent else path
    if full_path != group["full_path"]:
        _check_free(session, full_path, "Transfer failed: The parent group already has a subgroup with the same path.")
    session.store.update("namespaces", group["id"], parent_id=parent and parent["id"], path=path, full_path=full_path)
    for project in session.store.all("SELECT * FROM projects WHERE namespace_id = ?", group["id"]):
        _place(session, project, session.store.get("namespaces", group["id"]), project["path"])
    for child in session.store.all("SELECT * FROM namespaces WHERE parent_id = ?", group["id"]):
        move_group(session, child, parent=session.store.get("namespaces", group["id"]))
    return session.store.get("namespaces", group["id"])


def namespace_by(session, ref, level=GUEST):
    """A group or personal namespace by number or path in which the person has `level`. Raises 404."""
    column = "id" if str(ref).isdigit() else "full_path"
    row = session.store.one(f"SELECT * FROM namespaces WHERE {column} = ?", ref)
    if row is None or group_level(session, row) < level:
        raise not_found("Namespace")
    return row


def own_namespace(session):
    return session.store.one("SELECT * FROM namespaces WHERE kind = 'user' AND owner_id = ?", session.user_id)


def parent_group(session, ref):
    return find_group(session, ref, MAINTAINER) if ref else None


def add_member(session, user_id, level, *, project_id=None, group_id=None, expires_at=None):
    """Give a role. Raises 409 when the person has one there already."""
    column, owner = ("project_id", project_id) if project_id else ("group_id", group_id)
    if session.store.value(f"SELECT 1 FROM members WHERE {column} = ? AND user_id = ?", owner, user_id):
        raise message(409, "Member already exists")
    member_id = session.store.insert(
        "members",
        project_id=project_id,
        group_id=group_id,
        user_id=user_id,
        access_level=level,
        expires_at=expires_at,
        created_at=session.now(),
    )
    return session.store.get("members", member_id)


def _place(session, project, namespace, path):
    full_path = f"{namespace['full_path']}/{path}"
    if full_path == project["full_path"]:
        return
    _check_free(session, full_path, {"path": ["has already been taken"]})
    session.store.run(
        "INSERT OR REPLACE INTO redirects (old_path, project_id) VALUES (?, ?)", project["full_path"], project["id"]
    )
    session.store.run("DELETE FROM redirects WHERE old_path = ?", full_path)
    session.store.update("projects", project["id"], path=path, full_path=full_path, updated_at=session.now())


def _check_free(session, full_path, complaint):
    taken = session.store.value(
        "SELECT 1 FROM projects WHERE full_path = ?1 UNION ALL SELECT 1 FROM namespaces WHERE full_path = ?1", full_path
    )
    if taken:
        raise message(400, complaint)
