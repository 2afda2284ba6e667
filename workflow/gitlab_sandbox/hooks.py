"""Webhooks, the inner half: which hooks an event concerns. `hook_bodies` says what, `delivery` sends it."""

import json
import uuid

from workflow.gitlab_sandbox import hook_bodies
from workflow.gitlab_sandbox.access import ancestors
from workflow.gitlab_sandbox.clock import hook_stamp

EVENTS = (
    "push",
    "tag_push",
    "issues",
    "confidential_issues",
    "merge_requests",
    "note",
    "confidential_note",
    "job",
    "pipeline",
    "wiki_page",
    "deployment",
    "feature_flag",
    "releases",
    "milestone",
    "emoji",
    "resource_access_token",
    "vulnerability",
)


def issue_changed(session, issue, action, changes=None):
    """Tell the hooks of an issue event: `action` is open, close, reopen or update."""
    project = session.store.get("projects", issue["project_id"])
    body = hook_bodies.issue_body(session, issue, project, action, changes or {})
    confidential = issue["confidential"]
    _fire(
        session,
        project,
        "confidential_issues_events" if confidential else "issues_events",
        "Confidential Issue Hook" if confidential else "Issue Hook",
        body,
    )


def note_changed(session, issue, project, note, action):
    """Tell the hooks of a comment; internal ones and those on confidential issues have their own trigger."""
    confidential = note["internal"] or issue["confidential"]
    body = hook_bodies.note_body(session, session.store.get("issues", issue["id"]), project, note, action)
    _fire(
        session,
        project,
        "confidential_note_events" if confidential else "note_events",
        "Confidential Note Hook" if confidential else "Note Hook",
        body,
    )


def milestone_changed(session, row, action):
    """Tell the hooks of a project milestone; those of groups have group hooks only, on Premium."""
    project = session.store.get("projects", row["project_id"]) if row["project_id"] else None
    body = {
        "object_kind": "milestone",
        "event_type": "milestone",
        "project": project and hook_bodies.project_body(session, project),
        "object_attributes": {
            key: row[key]
            for key in (
                "id",
                "iid",
                "title",
                "description",
                "state",
                "created_at",
                "updated_at",
                "due_date",
                "start_date",
                "group_id",
                "project_id",
            )
        },
        "action": action,
    }
    for key in ("created_at", "updated_at"):
        body["object_attributes"][key] = hook_stamp(row[key])
    if project:
        _fire(session, project, "milestone_events", "Milestone Hook", body)
    else:
        _fire_group(session, row["group_id"], "milestone_events", "Milestone Hook", body)


def _fire(session, project, trigger, header, body):
    groups = [row["id"] for row in ancestors(session, project["namespace_id"])] if session.premium else []
    rows = session.store.all(
        f"SELECT * FROM hooks WHERE project_id = ? OR group_id IN ({','.join('?' * len(groups))})",
        project["id"],
        *groups,
    )
    _queue(session, rows, trigger, header, body)


def _fire_group(session, group_id, trigger, header, body):
    if session.premium:
        ids = [row["id"] for row in ancestors(session, group_id)]
        marks = ",".join("?" * len(ids))
        _queue(
            session, session.store.all(f"SELECT * FROM hooks WHERE group_id IN ({marks})", *ids), trigger, header, body
        )


def _queue(session, rows, trigger, header, body):
    wanted = [row for row in rows if json.loads(row["options"]).get(trigger) and not _chained(session, row)]
    for row in wanted:
        enqueue(session, row, trigger, header, body)


def enqueue(session, hook, trigger, header, body, *, key=None):
    """Put one delivery into the queue; it leaves after the present transaction is committed."""
    session.store.insert(
        "hook_queue",
        hook_id=hook["id"],
        trigger_name=trigger,
        event_header=header,
        body=json.dumps(body),
        event_uuid=session.event_uuid or str(uuid.uuid4()),
        idempotency_key=key or str(uuid.uuid4()),
        created_at=session.now(),
    )
    session.store.after_commit(session.wake_hooks)


def _chained(session, hook):
    """GitLab's recursion guard: a change made while reacting to an event does not fire the same hook again."""
    return session.event_uuid and session.store.value(
        "SELECT 1 FROM hook_deliveries WHERE hook_id = ?1 AND event_uuid = ?2 UNION ALL "
        "SELECT 1 FROM hook_queue WHERE hook_id = ?1 AND event_uuid = ?2",
        hook["id"],
        session.event_uuid,
    )
