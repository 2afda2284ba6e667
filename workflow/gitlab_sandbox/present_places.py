"""The JSON shapes of groups, projects and memberships."""

import json
import re

from workflow.gitlab_sandbox.present import avatar_url, user_basic, user_by_id


def namespace(session, row):
    path = row["full_path"] if row["kind"] == "user" else f"groups/{row['full_path']}"
    return {
        "id": row["id"],
        "name": row["name"],
        "path": row["path"],
        "kind": row["kind"],
        "full_path": row["full_path"],
        "parent_id": row["parent_id"],
        "avatar_url": None,
        "web_url": session.url(path),
    }


def full_name(session, row):
    parent = session.store.get("namespaces", row["parent_id"]) if row["parent_id"] else None
    return f"{full_name(session, parent)} / {row['name']}" if parent else row["name"]


def group(session, row):
    extra = json.loads(row["extra"])
    return {
        "id": row["id"],
        "web_url": session.url(f"groups/{row['full_path']}"),
        "name": row["name"],
        "path": row["path"],
        "description": row["description"],
        "visibility": row["visibility"],
        "share_with_group_lock": False,
        "require_two_factor_authentication": False,
        "two_factor_grace_period": 48,
        "project_creation_level": "developer",
        "auto_devops_enabled": None,
        "subgroup_creation_level": "maintainer",
        "emails_disabled": False,
        "emails_enabled": True,
        "mentions_disabled": None,
        "lfs_enabled": True,
        "archived": False,
        "default_branch": None,
        "default_branch_protection": 2,
        "request_access_enabled": True,
        "avatar_url": avatar_url(session, extra, "group", row["id"]),
        "full_name": full_name(session, row),
        "full_path": row["full_path"],
        "created_at": row["created_at"],
        "parent_id": row["parent_id"],
        "organization_id": 1,
        "shared_with_groups": [],
        "marked_for_deletion_on": None,
    }


def project(session, row, *, level=0):
    extra = json.loads(row["extra"])
    owner_space = session.store.get("namespaces", row["namespace_id"])
    api = session.url(f"api/v4/projects/{row['id']}")
    host = re.sub(r"^https?://|:\d+$", "", session.base_url)
    shown = {
        "id": row["id"],
        "description": row["description"],
        "name": row["name"],
        "name_with_namespace": f"{full_name(session, owner_space)} / {row['name']}",
        "path": row["path"],
        "path_with_namespace": row["full_path"],
        "created_at": row["created_at"],
        "default_branch": "main",
        "tag_list": [],
        "topics": [],
        "ssh_url_to_repo": f"git@{host}:{row['full_path']}.git",
        "http_url_to_repo": session.url(f"{row['full_path']}.git"),
        "web_url": session.url(row["full_path"]),
        "readme_url": None,
        "forks_count": 0,
        "star_count": 0,
        "last_activity_at": row["updated_at"],
        "avatar_url": avatar_url(session, extra, "project", row["id"]),
        "namespace": namespace(session, owner_space),
        "visibility": row["visibility"],
        "archived": bool(row["archived"]),
        "creator_id": row["creator_id"],
        "updated_at": row["updated_at"],
        "empty_repo": True,
        "container_registry_enabled": False,
        "issues_enabled": extra.get("issues_enabled", True),
        "issues_access_level": "enabled",
        "merge_requests_enabled": extra.get("merge_requests_enabled", True),
        "wiki_enabled": True,
        "jobs_enabled": True,
        "snippets_enabled": True,
        "shared_runners_enabled": True,
        "lfs_enabled": True,
        "request_access_enabled": True,
        "issues_template": None,
        "service_desk_enabled": False,
        "shared_with_groups": [],
        "import_status": "none",
        "open_issues_count": session.store.value(
            "SELECT COUNT(*) FROM issues WHERE project_id = ? AND state = 'opened'", row["id"]
        ),
        "remove_source_branch_after_merge": extra.get("remove_source_branch_after_merge", True),
        "marked_for_deletion_at": None,
        "marked_for_deletion_on": None,
        "_links": {
            "self": api,
            "issues": f"{api}/issues",
            "merge_requests": f"{api}/merge_requests",
            "repo_branches": f"{api}/repository/branches",
            "labels": f"{api}/labels",
            "events": f"{api}/events",
            "members": f"{api}/members",
        },
        "permissions": {
            "project_access": {"access_level": level, "notification_level": 3} if level else None,
            "group_access": None,
        },
    }
    if owner_space["kind"] == "user":
        shown["owner"] = user_by_id(session, owner_space["owner_id"])
    return shown


def member(session, row, *, inherited=None):
    """A membership: the user and the role."""
    user = session.store.get("users", row["user_id"])
    return user_basic(session, user) | {
        "access_level": row["access_level"],
        "created_at": row["created_at"],
        "expires_at": row["expires_at"],
        "membership_state": "active",
        "created_by": None,
    }
