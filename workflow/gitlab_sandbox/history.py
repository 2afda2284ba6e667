"""What happened to an issue: system notes in GitLab's words, and resource events, which only grow."""

import secrets
from typing import Any

from workflow.gitlab_sandbox import labels, milestones, people
from workflow.gitlab_sandbox.access import find_issue, find_project
from workflow.gitlab_sandbox.reply import Reply, listed, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row


def say(session: Session, issue: Row, text: str) -> None:
    """A system note. Fires no hook."""
    at, thread = session.now(), secrets.token_hex(20)
    said = {"issue_id": issue["id"], "author_id": session.user_id, "body": text, "system": 1}
    session.store.insert("notes", **said, discussion_id=thread, created_at=at, updated_at=at)


def record(session: Session, issue: Row, kind: str, action: str, **what: Any) -> None:
    """One line of the issue's label, state or milestone history."""
    by = {"user_id": session.user_id, "created_at": session.now()}
    session.store.insert("resource_events", kind=kind, issue_id=issue["id"], action=action, **by, **what)


def _shown(session: Session, row: Row) -> Row:
    shown = {
        "id": row["id"],
        "user": people.by_id(session, row["user_id"]),
        "created_at": row["created_at"],
        "resource_type": "Issue",
        "resource_id": row["issue_id"],
    }
    if row["kind"] == "state":
        return shown | {"state": row["action"]}
    if row["kind"] == "label":
        tag = session.store.get("labels", row["label_id"])
        return shown | {"label": labels.details(tag) if tag else None, "action": row["action"]}
    milestone = session.store.get("milestones", row["milestone_id"])
    return shown | {"milestone": milestones.shown(session, milestone), "action": row["action"]}


def _register(kind: str) -> None:
    place = f"/projects/:ref/issues/:iid/resource_{kind}_events"

    def rows(session: Session, ref: str, iid: str) -> list[Row]:
        issue = find_issue(session, find_project(session, ref), iid)
        sql = "SELECT * FROM resource_events WHERE issue_id = ? AND kind = ? ORDER BY id"
        return session.store.all(sql, issue["id"], kind)

    @route("GET", place)
    def list_events(session: Session, request: Request, ref: str, iid: str) -> Reply:
        return listed(request, rows(session, ref, iid), lambda row: _shown(session, row))

    @route("GET", f"{place}/:event")
    def get_event(session: Session, request: Request, ref: str, iid: str, event: str) -> Reply:
        for row in rows(session, ref, iid):
            if str(row["id"]) == event:
                return Reply(200, _shown(session, row))
        raise not_found(f"Resource {kind.capitalize()} Event")


for each in ("label", "state", "milestone"):
    _register(each)
