"""The JSON of an issue, and who is on it."""

import re

from workflow.gitlab_sandbox import issue_fields, labels, milestones, people
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

TASK = re.compile(r"^\s*(?:[-*+]|\d+\.) \[([ xX])\] ", re.MULTILINE)
NO_TIME = {"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": None, "human_total_time_spent": None}


def issue_url(session: Session, issue: Row, project: Row | None = None) -> str:
    """The address of its page."""
    project = project or session.store.get("projects", issue["project_id"])
    return session.url(f"{project['full_path']}/-/issues/{issue['iid']}")


def reference(session: Session, issue: Row, seen_from: Row) -> str:
    """`#7` within the project, `group/project#7` from elsewhere."""
    if issue["project_id"] == seen_from["project_id"]:
        return f"#{issue['iid']}"
    return f"{session.store.get('projects', issue['project_id'])['full_path']}#{issue['iid']}"


def assignees(session: Session, issue_id: int) -> list[Row]:
    """The users who are to do it."""
    sql = "SELECT u.* FROM issue_assignees a JOIN users u ON u.id = a.user_id WHERE a.issue_id = ? ORDER BY u.id"
    return session.store.all(sql, issue_id)


def participant_ids(session: Session, issue: Row) -> list[int]:
    """Author, assignees, commenters and mentioned people, in that order."""
    ids = [issue["author_id"], *(row["id"] for row in assignees(session, issue["id"]))]
    for sql in (
        "SELECT author_id FROM notes WHERE issue_id = ? AND system = 0 ORDER BY id",
        "SELECT user_id FROM notifications WHERE issue_id = ? AND reason = 'mentioned' AND handle != 'all'",
    ):
        ids += session.store.column(sql, issue["id"])
    return [one for one in dict.fromkeys(ids) if one]


def shown(session: Session, row: Row, *, details: bool = False, single: bool = False) -> Row:
    """An issue; labels with colours when `details`, what only a single read holds when `single`."""
    project = session.store.get("projects", row["project_id"])
    api = session.url(f"api/v4/projects/{project['id']}/issues/{row['iid']}")
    tasks = TASK.findall(row["description"] or "")
    done = sum(mark in "xX" for mark in tasks)
    on_it = [people.basic(session, one) for one in assignees(session, row["id"])]
    tags = labels.of_issue(session, row["id"])
    same = session.store.get("issues", row["duplicated_to_id"])
    comments = "SELECT COUNT(*) FROM notes WHERE issue_id = ? AND system = 0"
    kept = ("id", "iid", "project_id", "state", "created_at", "updated_at", "closed_at", "moved_to_id")
    result = {key: row[key] for key in kept}
    result |= {field.name: field.shown(row) for field in issue_fields.on_plan(session)}
    result |= {
        "closed_by": people.by_id(session, row["closed_by_id"]),
        "labels": [labels.details(tag) if details else tag["title"] for tag in tags],
        "milestone": milestones.shown(session, session.store.get("milestones", row["milestone_id"])),
        "author": people.by_id(session, row["author_id"]),
        "assignees": on_it,
        "assignee": on_it[0] if on_it else None,
        "type": row["issue_type"].upper(),
        "user_notes_count": session.store.value(comments, row["id"]),
        "web_url": issue_url(session, row, project),
        "time_stats": NO_TIME,
        "task_completion_status": {"count": len(tasks), "completed_count": done},
        "references": {
            "short": f"#{row['iid']}",
            "relative": f"#{row['iid']}",
            "full": f"{project['full_path']}#{row['iid']}",
        },
        "_links": {
            "self": api,
            "notes": f"{api}/notes",
            "project": session.url(f"api/v4/projects/{project['id']}"),
            "closed_as_duplicate_of": same
            and session.url(f"api/v4/projects/{same['project_id']}/issues/{same['iid']}"),
        },
    }
    if single:
        result["subscribed"] = session.user_id in participant_ids(session, row)
    return result
