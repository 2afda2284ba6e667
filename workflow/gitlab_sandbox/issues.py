"""Creating and editing issues: rights first, quick actions in the text, then the changes in GitLab's order.

What the person may not set is dropped without a word, as GitLab does; callers compare the reply with what they sent.
"""

from workflow.gitlab_sandbox import access, hook_events, issue_moves, labels, links, mentions, milestones, quick_actions
from workflow.gitlab_sandbox.clock import parse_moment
from workflow.gitlab_sandbox.issue_changes import LABELS, Changes, apply, set_state, take_iid
from workflow.gitlab_sandbox.issue_fields import FIELDS, checked_title, on_plan
from workflow.gitlab_sandbox.reply import forbidden
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

METADATA = {*LABELS.values(), "assignee_ids", "milestone_id", *(field.name for field in FIELDS if field.metadata)}
STATES = {"close": "closed", "reopen": "opened"}


def asked(session: Session, project: Row, request: Request) -> Changes:
    """The changes a request asks for, by the parameters it holds; raises 400 for a value of the wrong kind.

    What cannot be used (a stranger's milestone, a person who may not read the project) is left out.
    """
    changes = {field.name: field.read(request, session) for field in on_plan(session) if request.has(field.name)}
    for name, key in LABELS.items():
        if request.has(name):
            titles = request.words(name) or []
            changes[key] = labels.ids_of_titles(session, project, titles, create=name != "remove_labels")
    if request.has("assignee_ids") or request.has("assignee_id"):
        ids = request.numbers("assignee_ids") or [request.number("assignee_id", 0)]
        rows = [session.store.get("users", user_id) for user_id in ids if user_id]
        rows = [row for row in rows if row and row["state"] == "active" and access.can_read(session, project, row)]
        changes["assignee_ids"] = [row["id"] for row in (rows if session.premium else rows[:1])]
    if request.has("milestone_id"):
        wanted = request.number("milestone_id", 0)
        if not wanted or wanted in {row["id"] for row in milestones.usable_by(session, project)}:
            changes["milestone_id"] = wanted or None
    if request.has("state_event"):
        changes["state_event"] = request.text("state_event", choices=STATES)
    if access.level(session, project) >= access.OWNER:
        changes |= {key: parse_moment(request.text(key)) for key in ("created_at", "updated_at") if request.text(key)}
        changes |= {"iid": request.number("iid")} if request.has("iid") else {}
    return changes


def create(session: Session, project: Row, changes: Changes) -> Row:
    """A new issue. Raises 400 for a bad title, 403 without the right, 409 for an iid that is taken."""
    user = access.need_user(session)
    role = access.level(session, project)
    if project["visibility"] == "private" and role < access.GUEST:
        raise forbidden()
    outcome = quick_actions.interpret(session, project, None, changes.get("description"))
    changes = changes | {"description": outcome.text} | outcome.changes
    if role < access.GUEST:
        changes = {key: value for key, value in changes.items() if key not in METADATA or key == "confidential"}
    now = session.now()
    issue = session.store.insert(
        "issues",
        project_id=project["id"],
        iid=take_iid(session, project, changes.get("iid")),
        title=checked_title(changes.get("title")),
        description=outcome.text,
        author_id=user["id"],
        issue_type=changes.get("issue_type") or "issue",
        confidential=int(bool(changes.get("confidential"))),
        created_at=changes.get("created_at") or now,
        updated_at=now,
    )
    set_later = {key: value for key, value in changes.items() if key in METADATA}
    issue = apply(session, issue, set_later, quiet=True)
    session.store.update("projects", project["id"], updated_at=now)
    mentions.announce(session, project, issue, f"{issue['title']}\n{outcome.text or ''}")
    hook_events.issue_changed(session, issue, "open")
    _relate(session, issue, changes)
    return issue


def update(session: Session, issue: Row, project: Row, changes: Changes) -> Row:
    """Change an issue; returns it (the new one, when a quick action moved it). Raises 400 for bad text, 403."""
    if not access.can_update_issue(session, issue, project):
        raise forbidden()
    if changes.get("description") is not None:
        text, before = changes["description"], issue["description"]
        outcome = quick_actions.interpret(session, project, issue, text, before=before)
        changes = changes | {"description": outcome.text} | outcome.changes
    return carry_out(session, issue, project, changes)


def carry_out(session: Session, issue: Row, project: Row, changes: Changes) -> Row:
    """Do what an edit or a note's quick actions ask for, in GitLab's order: state, then fields, then a move."""
    if not access.can_set_metadata(session, project):
        changes = {key: value for key, value in changes.items() if key not in METADATA}
    if "title" in changes:
        changes = changes | {"title": checked_title(changes["title"])}
    if changes.get("duplicate_of") not in (None, issue["id"]):
        original = session.store.get("issues", changes["duplicate_of"])
        issue = session.store.update("issues", issue["id"], duplicated_to_id=original["id"])
        links.relate(session, issue, original)
        changes = changes | {"state_event": "close"}
    if state := STATES.get(changes.get("state_event", "")):
        issue = set_state(session, issue, state)
    issue = apply(session, issue, changes)
    _relate(session, issue, changes)
    if changes.get("move_to"):
        return issue_moves.move(session, issue, project, session.store.get("projects", changes["move_to"]))
    return issue


def _relate(session: Session, issue: Row, changes: Changes) -> None:
    for other_id, kind in changes.get("link_to", ()):
        if other_id != issue["id"]:
            links.relate(session, issue, session.store.get("issues", other_id), kind)
