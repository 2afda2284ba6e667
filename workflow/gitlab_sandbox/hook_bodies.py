"""What webhooks say: the JSON bodies of issue and note events, in the shape of GitLab's documented samples."""

from workflow.gitlab_sandbox import labels
from workflow.gitlab_sandbox.clock import hook_stamp
from workflow.gitlab_sandbox.present_issue import assignees, human_time, issue_url

VISIBILITY = {"private": 0, "internal": 10, "public": 20}
GRAVATAR = "https://www.gravatar.com/avatar/{0:032x}?s=80&d=identicon"


def user_body(user):
    return {
        "id": user["id"],
        "name": user["name"],
        "username": user["username"],
        "avatar_url": GRAVATAR.format(user["id"]),
        "email": "[REDACTED]",
    }


def project_body(session, project):
    web = session.url(project["full_path"])
    ssh = f"git@localhost:{project['full_path']}.git"
    return {
        "id": project["id"],
        "name": project["name"],
        "description": project["description"],
        "web_url": web,
        "avatar_url": None,
        "git_ssh_url": ssh,
        "git_http_url": f"{web}.git",
        "namespace": session.store.get("namespaces", project["namespace_id"])["name"],
        "visibility_level": VISIBILITY[project["visibility"]],
        "path_with_namespace": project["full_path"],
        "default_branch": "main",
        "ci_config_path": None,
        "homepage": web,
        "url": ssh,
        "ssh_url": ssh,
        "http_url": f"{web}.git",
    }


def repository_body(session, project):
    web = session.url(project["full_path"])
    return {
        "name": project["name"],
        "url": f"git@localhost:{project['full_path']}.git",
        "description": project["description"],
        "homepage": web,
    }


def label_body(row):
    return {
        "id": row["id"],
        "title": row["title"],
        "color": row["color"],
        "project_id": row["project_id"],
        "created_at": hook_stamp(row["created_at"]),
        "updated_at": hook_stamp(row["updated_at"]),
        "template": False,
        "description": row["description"],
        "type": "ProjectLabel" if row["project_id"] else "GroupLabel",
        "group_id": row["group_id"],
    }


def assignee_body(user):
    return {
        "id": user["id"],
        "name": user["name"],
        "username": user["username"],
        "avatar_url": GRAVATAR.format(user["id"]),
        "email": "[REDACTED]",
    }


def absolute_images(session, project, text):
    """Hook texts carry absolute image addresses where the API's carry relative ones."""
    return (
        (text or "").replace("](/uploads/", f"]({session.url('-/project')}/{project['id']}/uploads/") if text else text
    )


def issue_attributes(session, issue, project):
    people = [row["id"] for row in assignees(session, issue["id"])]
    return {
        "author_id": issue["author_id"],
        "closed_at": hook_stamp(issue["closed_at"]),
        "confidential": bool(issue["confidential"]),
        "created_at": hook_stamp(issue["created_at"]),
        "description": absolute_images(session, project, issue["description"]),
        "discussion_locked": None if issue["discussion_locked"] is None else bool(issue["discussion_locked"]),
        "due_date": issue["due_date"],
        "id": issue["id"],
        "iid": issue["iid"],
        "last_edited_at": hook_stamp(issue["last_edited_at"]),
        "last_edited_by_id": issue["last_edited_by_id"],
        "milestone_id": issue["milestone_id"],
        "moved_to_id": issue["moved_to_id"],
        "duplicated_to_id": issue["duplicated_to_id"],
        "project_id": issue["project_id"],
        "relative_position": None,
        "state_id": 1 if issue["state"] == "opened" else 2,
        "time_estimate": issue["time_estimate"],
        "title": issue["title"],
        "updated_at": hook_stamp(issue["updated_at"]),
        "updated_by_id": issue["updated_by_id"],
        "weight": issue["weight"],
        "health_status": None,
        "type": issue["issue_type"].capitalize(),
        "url": issue_url(session, issue, project),
        "total_time_spent": issue["time_spent"],
        "time_change": 0,
        "human_total_time_spent": human_time(issue["time_spent"]),
        "human_time_change": None,
        "human_time_estimate": human_time(issue["time_estimate"]),
        "assignee_ids": people,
        "assignee_id": people[0] if people else None,
        "labels": [label_body(row) for row in labels.of_issue(session, issue["id"])],
        "state": issue["state"],
        "severity": "unknown",
        "customer_relations_contacts": [],
        "status": None,
    }


def issue_body(session, issue, project, action, changes):
    people = [assignee_body(row) for row in assignees(session, issue["id"])]
    attributes = issue_attributes(session, issue, project)
    body = {
        "object_kind": "work_item" if issue["issue_type"] == "task" else "issue",
        "event_type": "confidential_issue" if issue["confidential"] else "issue",
        "user": user_body(session.user),
        "project": project_body(session, project),
        "object_attributes": attributes | ({"action": action} if action else {}),
        "labels": attributes["labels"],
        "changes": changes,
        "repository": repository_body(session, project),
        "assignees": people,
    }
    return body | ({"assignee": people[0]} if people else {})


def note_body(session, issue, project, note, action):
    confidential = note["internal"] or issue["confidential"]
    attributes = issue_attributes(session, issue, project)
    return {
        "object_kind": "note",
        "event_type": "confidential_note" if confidential else "note",
        "user": user_body(session.user),
        "project_id": project["id"],
        "project": project_body(session, project),
        "object_attributes": {
            "attachment": None,
            "author_id": note["author_id"],
            "change_position": None,
            "commit_id": None,
            "created_at": hook_stamp(note["created_at"]),
            "discussion_id": note["discussion_id"],
            "id": note["id"],
            "internal": bool(note["internal"]),
            "line_code": None,
            "note": absolute_images(session, project, note["body"]),
            "noteable_id": issue["id"],
            "noteable_type": "Issue",
            "original_position": None,
            "position": None,
            "project_id": project["id"],
            "resolved_at": None,
            "resolved_by_id": None,
            "resolved_by_push": None,
            "st_diff": None,
            "system": bool(note["system"]),
            "type": note["note_type"],
            "updated_at": hook_stamp(note["updated_at"]),
            "updated_by_id": None,
            "description": absolute_images(session, project, note["body"]),
            "url": f"{issue_url(session, issue, project)}#note_{note['id']}",
            "action": action,
        },
        "repository": repository_body(session, project),
        "issue": attributes,
    }


def change_of_labels(before, after):
    return {"previous": [label_body(row) for row in before], "current": [label_body(row) for row in after]}
