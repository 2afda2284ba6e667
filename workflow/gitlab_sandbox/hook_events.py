"""What webhooks say of issues and notes, in the shape of GitLab's documented samples."""

from typing import Any

from workflow.gitlab_sandbox import delivery, issue_fields, labels, people, places
from workflow.gitlab_sandbox.clock import hook_stamp
from workflow.gitlab_sandbox.issue_presentation import assignees, issue_url
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

NO_TIME: Row = dict.fromkeys(("time_estimate", "time_change", "total_time_spent"), 0)
NO_TIME |= dict.fromkeys(("human_time_estimate", "human_time_change", "human_total_time_spent"))
NOWHERE = dict.fromkeys(
    ("attachment", "change_position", "commit_id", "line_code", "original_position", "position", "resolved_at")
    + ("resolved_by_id", "resolved_by_push", "st_diff", "type", "updated_by_id")
)


def issue_changed(session: Session, issue: Row, action: str, changes: Row | None = None) -> None:
    """Tell the hooks of an issue event: `action` is open, close, reopen or update."""
    project = session.store.get("projects", issue["project_id"])
    trigger = "confidential_issues_events" if issue["confidential"] else "issues_events"
    delivery.fire(session, project, trigger, issue_body(session, issue, project, action, changes or {}))


def note_changed(session: Session, issue: Row, project: Row, note: Row, action: str) -> None:
    """Tell the hooks of a comment; internal ones and those on confidential issues have their own trigger."""
    hidden = note["internal"] or issue["confidential"]
    body = _note_body(session, session.store.get("issues", issue["id"]), project, note, action)
    delivery.fire(session, project, "confidential_note_events" if hidden else "note_events", body)


def change(before: Any, after: Any) -> Row:
    """One of the `changes` an update tells of."""
    return {"previous": before, "current": after}


def _text(session: Session, project: Row, text: str | None) -> str | None:
    """Hook texts carry absolute image addresses where the API's carry relative ones."""
    place = f"]({session.url('-/project')}/{project['id']}/uploads/"
    return text.replace("](/uploads/", place) if text else text


def _repository(session: Session, project: Row) -> Row:
    url = f"git@localhost:{project['full_path']}.git"
    home = session.url(project["full_path"])
    return {"name": project["name"], "url": url, "description": project["description"], "homepage": home}


def _issue_attributes(session: Session, issue: Row, project: Row) -> Row:
    on_it = [row["id"] for row in assignees(session, issue["id"])]
    kept = ("id", "iid", "project_id", "author_id", "updated_by_id", "last_edited_by_id", "milestone_id", "state")
    stamps = ("created_at", "updated_at", "closed_at", "last_edited_at")
    return {
        **{key: issue[key] for key in (*kept, "moved_to_id", "duplicated_to_id")},
        **{key: hook_stamp(issue[key]) for key in stamps},
        **{field.name: field.shown(issue) for field in issue_fields.FIELDS if field.name != "issue_type"},
        **NO_TIME,
        "description": _text(session, project, issue["description"]),
        "relative_position": None,
        "state_id": 1 if issue["state"] == "opened" else 2,
        "health_status": None,
        "type": issue["issue_type"].capitalize(),
        "url": issue_url(session, issue, project),
        "assignee_ids": on_it,
        "assignee_id": on_it[0] if on_it else None,
        "labels": [labels.for_hooks(row) for row in labels.of_issue(session, issue["id"])],
        "severity": "unknown",
        "customer_relations_contacts": [],
        "status": None,
    }


def issue_body(session: Session, issue: Row, project: Row, action: str | None, changes: Row) -> Row:
    """The body of an issue event."""
    on_it = [people.for_hooks(row) for row in assignees(session, issue["id"])]
    attributes = _issue_attributes(session, issue, project)
    body = {
        "object_kind": "work_item" if issue["issue_type"] == "task" else "issue",
        "event_type": "confidential_issue" if issue["confidential"] else "issue",
        "user": people.for_hooks(session.user or {}),
        "project": places.for_hooks(session, project),
        "object_attributes": attributes | ({"action": action} if action else {}),
        "labels": attributes["labels"],
        "changes": changes,
        "repository": _repository(session, project),
        "assignees": on_it,
    }
    return body | ({"assignee": on_it[0]} if on_it else {})


def _note_body(session: Session, issue: Row, project: Row, note: Row, action: str) -> Row:
    hidden = note["internal"] or issue["confidential"]
    text = _text(session, project, note["body"])
    return {
        "object_kind": "note",
        "event_type": "confidential_note" if hidden else "note",
        "user": people.for_hooks(session.user or {}),
        "project_id": project["id"],
        "project": places.for_hooks(session, project),
        "object_attributes": {
            **{key: note[key] for key in ("id", "author_id", "discussion_id")},
            **{key: hook_stamp(note[key]) for key in ("created_at", "updated_at")},
            **NOWHERE,
            "internal": bool(note["internal"]),
            "system": bool(note["system"]),
            "note": text,
            "description": text,
            "noteable_id": issue["id"],
            "noteable_type": "Issue",
            "project_id": project["id"],
            "url": f"{issue_url(session, issue, project)}#note_{note['id']}",
            "action": action,
        },
        "repository": _repository(session, project),
        "issue": _issue_attributes(session, issue, project),
    }
