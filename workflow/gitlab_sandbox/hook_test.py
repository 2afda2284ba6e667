"""Sending one hook at once and saying how it went: the test button and resend. Both leave a log entry."""

import json
import uuid

from workflow.gitlab_sandbox import hook_bodies, notes
from workflow.gitlab_sandbox.reply import Deferred, Reply, message

HEADERS = {
    "issues_events": "Issue Hook",
    "confidential_issues_events": "Confidential Issue Hook",
    "note_events": "Note Hook",
    "confidential_note_events": "Confidential Note Hook",
    "milestone_events": "Milestone Hook",
    "push_events": "Push Hook",
}


def send(session, hook, trigger):
    """Send a sample of `trigger`, made from the project's last issue or comment. Raises 422 when there is none."""
    if trigger not in HEADERS:
        raise message(400, "400 Bad request - trigger does not have a valid value")
    project = session.store.get("projects", hook["project_id"]) if hook["project_id"] else None
    body = _sample(session, project, trigger) if project else {"object_kind": "push", "event_name": "push"}
    return _deferred(hook["id"], trigger, HEADERS[trigger], json.dumps(body), str(uuid.uuid4()), str(uuid.uuid4()))


def resend(delivery):
    """Send a logged request again: same body, same Idempotency-Key."""
    return _deferred(
        delivery["hook_id"],
        delivery["trigger_name"],
        delivery["event_header"],
        delivery["request_data"],
        delivery["idempotency_key"],
        delivery["event_uuid"],
        again=True,
    )


def _sample(session, project, trigger):
    if trigger == "push_events":
        return {
            "object_kind": "push",
            "event_name": "push",
            "project_id": project["id"],
            "project": hook_bodies.project_body(session, project),
            "commits": [],
            "total_commits_count": 0,
        }
    if trigger == "milestone_events":
        row = session.store.one("SELECT * FROM milestones WHERE project_id = ? ORDER BY id DESC", project["id"])
        if row is None:
            raise message(422, "Ensure the project has milestones.")
        return {
            "object_kind": "milestone",
            "event_type": "milestone",
            "project": hook_bodies.project_body(session, project),
            "object_attributes": {key: row[key] for key in ("id", "iid", "title", "state", "project_id")},
            "action": "create",
        }
    issue = session.store.one("SELECT * FROM issues WHERE project_id = ? ORDER BY id DESC", project["id"])
    if "note" in trigger:
        issue = session.store.one(
            "SELECT i.* FROM notes n JOIN issues i ON i.id = n.issue_id WHERE i.project_id = ? AND n.system = 0 "
            "ORDER BY n.id DESC",
            project["id"],
        )
    if issue is None:
        raise message(422, f"Ensure the project has {'notes' if 'note' in trigger else 'issues'}.")
    if "note" in trigger:
        note = notes.readable(session, issue, project, "system = 0")[0]
        return hook_bodies.note_body(session, issue, project, note, "create")
    return hook_bodies.issue_body(session, issue, project, None, {})


def _deferred(hook_id, trigger, header, body, key, event_uuid, again=False):
    def call(application):
        status, ok = application.deliverer.send_now(
            hook_id,
            {
                "trigger_name": trigger,
                "event_header": header,
                "body": body,
                "idempotency_key": key,
                "event_uuid": event_uuid,
            },
        )
        if again:
            return Reply(201, {"response_status": status})
        return Reply(201, {"message": "201 Created"}) if ok else Reply(422, {"message": f"Hook failed: {status}"})

    return Deferred(call)
