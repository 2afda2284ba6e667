"""Who may see and do what: roles by membership, visibility, tokens. Hidden things answer 404, as GitLab's do."""

from workflow.gitlab_sandbox.reply import ApiError, forbidden, message, not_found, unauthorized

GUEST, PLANNER, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 15, 20, 30, 40, 50
LEVELS = {0, 5, GUEST, PLANNER, REPORTER, 25, DEVELOPER, MAINTAINER, OWNER}


class Moved(Exception):
    """The project is known under this path only by a redirect."""

    def __init__(self, project_id):
        super().__init__(project_id)
        self.project_id = project_id


def user_of_token(store, secret: str, today: str):
    """(user, token) for a private token. Raises 401 with GitLab's words when it is unknown, expired or revoked."""
    token = store.one("SELECT * FROM tokens WHERE token = ?", secret)
    if token is None:
        raise unauthorized()
    if token["revoked"]:
        raise _token_error("Token was revoked. You have to re-authorize from the user.")
    if token["expires_at"] and token["expires_at"] <= today:
        raise _token_error("Token is expired. You can either do re-authorization or token refresh.")
    user = store.get("users", token["user_id"])
    if user["state"] != "active":
        raise message(403, "403 Forbidden - Your account has been blocked.")
    return user, token


def _token_error(text):
    return ApiError(401, {"error": "invalid_token", "error_description": text})


def need_scope(token, needed):
    """`needed` is "read" or "write": a read_api token may not write."""
    scopes = set(token["scopes"].split())
    if "api" in scopes or (needed == "read" and "read_api" in scopes):
        return
    if needed == "self":
        return
    raise ApiError(
        403,
        {
            "error": "insufficient_scope",
            "scope": "api read_api" if needed == "read" else "api",
            "error_description": "The request requires higher privileges than provided by the access token.",
        },
    )


def need_user(session):
    if session.user is None:
        raise unauthorized()
    return session.user


def need_admin(session):
    need_user(session)
    if not session.is_admin:
        raise forbidden()


def ancestors(session, group_id):
    """The group and every group above it, nearest first."""
    return session.store.all(
        "WITH RECURSIVE up (id, depth) AS (SELECT ?, 0 UNION ALL SELECT n.parent_id, depth + 1 FROM namespaces n "
        "JOIN up ON n.id = up.id WHERE n.parent_id IS NOT NULL) "
        "SELECT n.* FROM up JOIN namespaces n ON n.id = up.id ORDER BY up.depth",
        group_id,
    )


def descendants(session, group_id):
    """The ids of the group and every group below it."""
    return session.store.column(
        "WITH RECURSIVE down (id) AS (SELECT ? UNION ALL "
        "SELECT n.id FROM namespaces n JOIN down ON n.parent_id = down.id) "
        "SELECT id FROM down",
        group_id,
    )


def group_level(session, group, user=None):
    """The user's role in a group, inherited ones included; 0 for none."""
    user = user or session.user
    if user is None:
        return 0
    if user["admin"] or group["owner_id"] == user["id"]:
        return OWNER
    ids = [row["id"] for row in ancestors(session, group["id"])]
    return (
        session.store.value(
            f"SELECT MAX(access_level) FROM members WHERE user_id = ? AND group_id IN ({','.join('?' * len(ids))}) "
            "AND (expires_at IS NULL OR expires_at > ?)",
            user["id"],
            *ids,
            session.today().isoformat(),
        )
        or 0
    )


def project_level(session, project, user=None):
    """The user's role in a project, inherited ones included; 0 for none."""
    user = user or session.user
    if user is None:
        return 0
    direct = (
        session.store.value(
            "SELECT access_level FROM members WHERE user_id = ? AND project_id = ? "
            "AND (expires_at IS NULL OR expires_at > ?)",
            user["id"],
            project["id"],
            session.today().isoformat(),
        )
        or 0
    )
    return max(direct, group_level(session, session.store.get("namespaces", project["namespace_id"]), user))


def can_read_project(session, project, user=None):
    user = user or session.user
    if project["visibility"] == "public" or (user and project["visibility"] == "internal"):
        return True
    return project_level(session, project, user) > 0


def can_read_group(session, group, user=None):
    user = user or session.user
    if group["visibility"] == "public" or (user and group["visibility"] == "internal"):
        return True
    if group_level(session, group, user):
        return True
    below = session.store.all(
        f"SELECT * FROM projects WHERE namespace_id IN ({','.join(map(str, descendants(session, group['id'])))})"
    )
    return any(can_read_project(session, project, user) for project in below)


def find_project(session, ref, level=0, reading=False):
    """The project by number or path. Raises 404 when it is hidden, 403 when the role is below `level`, `Moved`."""
    project = project_by(session.store, ref)
    if project is None:
        old = session.store.value("SELECT project_id FROM redirects WHERE old_path = ?", str(ref))
        project = session.store.get("projects", old) if old else None
        if project and can_read_project(session, project):
            if not reading:
                raise message(405, "Non GET methods are not allowed for moved projects")
            raise Moved(project["id"])
    if project is None or not can_read_project(session, project):
        raise unauthorized() if session.user is None else not_found("Project")
    if level and project_level(session, project) < level:
        raise forbidden()
    return project


def project_by(store, ref):
    if str(ref).isdigit():
        return store.get("projects", int(ref))
    return store.one("SELECT * FROM projects WHERE full_path = ?", str(ref))


def find_group(session, ref, level=0):
    """The group by number or path. Raises 404 when it is hidden, 403 when the role is below `level`."""
    column = "id" if str(ref).isdigit() else "full_path"
    group = session.store.one(f"SELECT * FROM namespaces WHERE kind = 'group' AND {column} = ?", ref)
    if group is None or not can_read_group(session, group):
        raise not_found("Group")
    if level and group_level(session, group) < level:
        raise forbidden()
    return group


def can_read_issue(session, issue, project=None, user=None):
    """Confidential issues exist only for Reporters and above, their author and their assignees."""
    user = user or session.user
    project = project or session.store.get("projects", issue["project_id"])
    if not can_read_project(session, project, user):
        return False
    if not issue["confidential"]:
        return True
    if user is None:
        return False
    return (
        issue["author_id"] == user["id"]
        or project_level(session, project, user) >= REPORTER
        or session.store.value(
            "SELECT 1 FROM issue_assignees WHERE issue_id = ? AND user_id = ?", issue["id"], user["id"]
        )
        is not None
    )


def find_issue(session, project, iid):
    issue = session.store.one("SELECT * FROM issues WHERE project_id = ? AND iid = ?", project["id"], str(iid))
    if issue is None or not can_read_issue(session, issue, project):
        raise not_found()
    return issue


def can_update_issue(session, issue, project):
    """Title, description, open and closed: the author, assignees, and Reporters and above."""
    if session.user is None:
        return False
    return (
        can_set_metadata(session, project)
        or issue["author_id"] == session.user_id
        or session.store.value(
            "SELECT 1 FROM issue_assignees WHERE issue_id = ? AND user_id = ?", issue["id"], session.user_id
        )
        is not None
    )


def can_set_metadata(session, project):
    """Labels, milestone, assignees, dates, confidentiality of an existing issue: Reporters and above."""
    return project_level(session, project) >= REPORTER


def find_user(store, ref):
    """A user by number or username; None when there is none."""
    if str(ref).isdigit():
        return store.get("users", int(ref))
    return store.one("SELECT * FROM users WHERE username = ?", str(ref).lstrip("@"))
