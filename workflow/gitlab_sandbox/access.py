"""Who may see and do what: roles by membership, visibility, tokens. Hidden things answer 404, as GitLab's do."""

from typing import Any

from workflow.gitlab_sandbox.reply import ApiError, forbidden, message, not_found, unauthorized
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row, Store

GUEST, PLANNER, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 15, 20, 30, 40, 50
LEVELS = {0, 5, GUEST, PLANNER, REPORTER, 25, DEVELOPER, MAINTAINER, OWNER}


class Moved(Exception):
    """The project is known under this path only by a redirect."""

    def __init__(self, project_id: int):
        super().__init__(project_id)
        self.project_id = project_id


def user_of_token(store: Store, secret: str, today: str) -> tuple[Row, Row]:
    """(user, token) for a private token. Raises 401 with GitLab's words when it is unknown, expired or revoked."""
    token = store.one("SELECT * FROM tokens WHERE token = ?", secret)
    if token is None:
        raise unauthorized()
    words = None
    if token["revoked"]:
        words = "Token was revoked. You have to re-authorize from the user."
    elif token["expires_at"] and token["expires_at"] <= today:
        words = "Token is expired. You can either do re-authorization or token refresh."
    if words:
        raise ApiError(401, {"error": "invalid_token", "error_description": words})
    user = store.get("users", token["user_id"])
    if user["state"] != "active":
        raise message(403, "403 Forbidden - Your account has been blocked.")
    return user, token


def need_scope(token: Row, needed: str) -> None:
    """Raise 403 unless the token allows it: a read_api token may not write; what is "self" every token may."""
    scopes = token["scopes"].split()
    if needed == "self" or "api" in scopes or (needed == "read" and "read_api" in scopes):
        return
    words = "The request requires higher privileges than provided by the access token."
    scope = "api read_api" if needed == "read" else "api"
    raise ApiError(403, {"error": "insufficient_scope", "scope": scope, "error_description": words})


def need_user(session: Session) -> Row:
    """The person asking; raises 401 for a stranger."""
    if session.user is None:
        raise unauthorized()
    return session.user


def need_admin(session: Session) -> None:
    """Raise 403 for everybody but administrators."""
    need_user(session)
    if not session.is_admin:
        raise forbidden()


def ancestors(session: Session, group_id: int) -> list[Row]:
    """The group and every group above it, nearest first."""
    return session.store.all(
        "WITH RECURSIVE up (id, depth) AS (SELECT ?, 0 UNION ALL SELECT n.parent_id, depth + 1 FROM namespaces n "
        "JOIN up ON n.id = up.id WHERE n.parent_id IS NOT NULL) "
        "SELECT n.* FROM up JOIN namespaces n ON n.id = up.id ORDER BY up.depth",
        group_id,
    )


def groups_of(session: Session, place: Row) -> list[int]:
    """The ids of the groups whose labels, milestones and members reach a project or a group."""
    return [row["id"] for row in ancestors(session, place.get("namespace_id") or place["id"])]


def projects_below(session: Session, group: Row) -> list[Row]:
    """Every project in the group and in the groups below it."""
    return session.store.all(
        "WITH RECURSIVE down (id) AS (SELECT ? UNION ALL SELECT n.id FROM namespaces n JOIN down "
        "ON n.parent_id = down.id) SELECT * FROM projects WHERE namespace_id IN (SELECT id FROM down)",
        group["id"],
    )


def marks(values: list[Any]) -> str:
    """As many question marks as there are values, for IN (…)."""
    return ",".join("?" * len(values))


def level(session: Session, place: Row, user: Row | None = None) -> int:
    """A person's role in a project, a group or a personal namespace, inherited ones included; 0 for none."""
    user = user or session.user
    if user is None:
        return 0
    project_id = place["id"] if "namespace_id" in place else None
    namespace = session.store.get("namespaces", place["namespace_id"]) if project_id else place
    if user["admin"] or namespace["owner_id"] == user["id"]:
        return OWNER
    groups = groups_of(session, namespace)
    highest = session.store.value(
        "SELECT MAX(access_level) FROM members WHERE user_id = ? "
        f"AND (project_id = ? OR group_id IN ({marks(groups)})) AND (expires_at IS NULL OR expires_at > ?)",
        user["id"],
        project_id,
        *groups,
        session.today().isoformat(),
    )
    return highest or 0


def can_read(session: Session, place: Row, user: Row | None = None) -> bool:
    """Whether a person sees a project, or a group: one sees the groups above what one sees."""
    user = user or session.user
    if place["visibility"] == "public" or (user and place["visibility"] == "internal"):
        return True
    if level(session, place, user) > 0:
        return True
    if "namespace_id" in place:
        return False
    return any(can_read(session, project, user) for project in projects_below(session, place))


def find_project(session: Session, ref: str, needed: int = 0) -> Row:
    """The project by number or path. Raises 404 when it is hidden, 403 when the role is below `needed`, `Moved`."""
    project = project_by(session.store, ref)
    if project is None:
        old = session.store.value("SELECT project_id FROM redirects WHERE old_path = ?", str(ref))
        if old and can_read(session, session.store.get("projects", old)):
            if not session.reading:
                raise message(405, "Non GET methods are not allowed for moved projects")
            raise Moved(old)
    if project is None or not can_read(session, project):
        raise unauthorized() if session.user is None else not_found("Project")
    if needed and level(session, project) < needed:
        raise forbidden()
    return project


def project_by(store: Store, ref: Any) -> Row | None:
    """The project by number or path, whoever asks."""
    if str(ref).isdigit():
        return store.get("projects", int(ref))
    return store.one("SELECT * FROM projects WHERE full_path = ?", str(ref))


def find_group(session: Session, ref: str, needed: int = 0) -> Row:
    """The group by number or path. Raises 404 when it is hidden, 403 when the role is below `needed`."""
    column = "id" if str(ref).isdigit() else "full_path"
    group = session.store.one(f"SELECT * FROM namespaces WHERE kind = 'group' AND {column} = ?", ref)
    if group is None or not can_read(session, group):
        raise not_found("Group")
    if needed and level(session, group) < needed:
        raise forbidden()
    return group


def _wrote_or_works_on(session: Session, issue: Row, user: Row | None) -> bool:
    """Authors and assignees may see and edit an issue whatever their role."""
    if user is None:
        return False
    on_it = "SELECT 1 FROM issue_assignees WHERE issue_id = ? AND user_id = ?"
    return issue["author_id"] == user["id"] or session.store.value(on_it, issue["id"], user["id"]) is not None


def can_read_issue(session: Session, issue: Row, project: Row | None = None, user: Row | None = None) -> bool:
    """Confidential issues exist only for Reporters and above, their author and their assignees."""
    user = user or session.user
    project = project or session.store.get("projects", issue["project_id"])
    if not can_read(session, project, user):
        return False
    if not issue["confidential"]:
        return True
    return _wrote_or_works_on(session, issue, user) or level(session, project, user) >= REPORTER


def find_issue(session: Session, project: Row, iid: Any) -> Row:
    """The issue by its number in the project; raises 404 when it is hidden."""
    issue = session.store.one("SELECT * FROM issues WHERE project_id = ? AND iid = ?", project["id"], str(iid))
    if issue is None or not can_read_issue(session, issue, project):
        raise not_found()
    return issue


def can_update_issue(session: Session, issue: Row, project: Row) -> bool:
    """Title, description, open and closed: the author, assignees, and Reporters and above."""
    return can_set_metadata(session, project) or _wrote_or_works_on(session, issue, session.user)


def can_set_metadata(session: Session, project: Row) -> bool:
    """Labels, milestone, assignees, dates, confidentiality of an existing issue: Reporters and above."""
    return level(session, project) >= REPORTER


def find_user(store: Store, ref: Any) -> Row | None:
    """A user by number or username; None when there is none."""
    if str(ref).isdigit():
        return store.get("users", int(ref))
    return store.one("SELECT * FROM users WHERE username = ?", str(ref).lstrip("@"))
