"""Creating, editing and deleting issues: rights first, quick actions in the text, then the changes and their hooks.

The functions take what a client sent as a dictionary with the API's names, only the names it sent. What the person may
not set is dropped without a word, as GitLab does; callers compare the reply with what they sent.
"""

from workflow.gitlab_sandbox import (
    hooks,
    iids,
    issue_changes,
    issue_moves,
    labels,
    links,
    mentions,
    milestones,
    quick_actions,
)
from workflow.gitlab_sandbox.access import (
    GUEST,
    OWNER,
    can_read_project,
    can_set_metadata,
    can_update_issue,
    need_user,
    project_level,
)
from workflow.gitlab_sandbox.clock import parse_date, parse_moment
from workflow.gitlab_sandbox.reply import forbidden, message

MAX_TITLE, MAX_DESCRIPTION = 255, 1_048_576
METADATA = (
    "label_ids",
    "add_label_ids",
    "remove_label_ids",
    "assignee_ids",
    "milestone_id",
    "due_date",
    "weight",
    "discussion_locked",
    "time_estimate",
    "spend",
)


def create(session, project, sent):
    """A new issue. Raises 400 for a bad title, 403 without the right, 409 for an iid that is taken."""
    user = need_user(session)
    level = project_level(session, project)
    if project["archived"] or (project["visibility"] == "private" and level < GUEST):
        raise forbidden()
    _check_text(sent)
    outcome = quick_actions.interpret(session, project, None, sent.get("description"))
    asked = _understood(session, project, sent | {"description": outcome.text}) | outcome.changes
    title = _checked_title(asked.get("title"))
    may_set = can_set_metadata(session, project) or level >= GUEST
    changes = {key: value for key, value in asked.items() if may_set or key not in METADATA}
    now = session.now()
    owner = level >= OWNER
    issue_id = session.store.insert(
        "issues",
        project_id=project["id"],
        iid=iids.take(session, project, sent.get("iid") if owner else None),
        title=title,
        description=outcome.text,
        author_id=user["id"],
        confidential=int(bool(changes.get("confidential"))),
        issue_type=changes.get("issue_type") or "issue",
        updated_at=now,
        created_at=(parse_moment(sent["created_at"]) if owner and sent.get("created_at") else None) or now,
    )
    issue = session.store.get("issues", issue_id)
    changes["label_ids"] = _final_labels(session, None, changes)
    issue = issue_changes.apply(
        session,
        issue,
        project,
        {
            key: changes[key]
            for key in ("label_ids", "assignee_ids", "milestone_id", "due_date", "weight", "time_estimate", "spend")
            if key in changes
        },
        quiet=True,
    )
    session.store.run("UPDATE projects SET updated_at = ? WHERE id = ?", now, project["id"])
    mentions.announce(session, project, issue, f"{title}\n{outcome.text or ''}")
    hooks.issue_changed(session, issue, "open")
    _relate(session, issue, changes)
    return issue


def update(session, issue, project, sent):
    """Change an issue; returns it (the new one, when a quick action moved it).

    Raises 400 for bad text, 403 without the right.
    """
    if not can_update_issue(session, issue, project):
        raise forbidden()
    _check_text(sent)
    outcome = None
    if sent.get("description") is not None:
        outcome = quick_actions.interpret(session, project, issue, sent["description"], before=issue["description"])
        sent = sent | {"description": outcome.text}
    asked = _understood(session, project, sent) | (outcome.changes if outcome else {})
    return carry_out(session, issue, project, asked)


def carry_out(session, issue, project, asked):
    """Do what an edit or a note's quick actions ask for, in GitLab's order: move or clone, state, then fields."""
    may_set = can_set_metadata(session, project)
    changes = {key: value for key, value in asked.items() if may_set or key not in (*METADATA, "confidential")}
    _personal(session, issue, changes.get("personal", ()))
    if "title" in changes:
        changes["title"] = _checked_title(changes["title"])
    if changes.get("duplicate_of") and changes["duplicate_of"] != issue["id"]:
        changes["state_event"] = "close"
        session.store.update("issues", issue["id"], duplicated_to_id=changes["duplicate_of"])
        links.relate(session, issue, session.store.get("issues", changes["duplicate_of"]))
    if changes.get("clone_to"):
        target_id, with_notes = changes["clone_to"]
        issue_moves.clone(session, issue, project, session.store.get("projects", target_id), with_notes=with_notes)
    state = {"close": "closed", "reopen": "opened"}.get(changes.get("state_event"))
    if state:
        issue = issue_changes.set_state(session, issue, state)
    if {"label_ids", "add_label_ids", "remove_label_ids"} & changes.keys():
        changes["label_ids"] = _final_labels(session, issue, changes)
    if "updated_at" in changes and project_level(session, project) < OWNER:
        del changes["updated_at"]
    issue = issue_changes.apply(session, issue, project, changes)
    _relate(session, issue, changes)
    if changes.get("move_to"):
        return issue_moves.move(session, issue, project, session.store.get("projects", changes["move_to"]))
    return issue


def delete(session, issue, project):
    """Delete an issue for good: project owners and administrators. As on a real GitLab, no hook tells of it."""
    if project_level(session, project) < OWNER:
        raise forbidden()
    session.store.run("DELETE FROM issues WHERE id = ?", issue["id"])


def _understood(session, project, sent):
    """What was sent, in the words of `issue_changes`: titles as label ids, dates checked, unusable values left out."""
    may_create = can_set_metadata(session, project) or project_level(session, project) >= GUEST
    asked = {
        key: sent[key]
        for key in ("title", "description", "confidential", "discussion_locked", "issue_type", "state_event")
        if key in sent
    }
    for name, key in (("labels", "label_ids"), ("add_labels", "add_label_ids"), ("remove_labels", "remove_label_ids")):
        if sent.get(name) is not None:
            asked[key] = labels.ids_of_titles(
                session, project, sent[name], create=may_create and name != "remove_labels"
            )
    if "assignee_ids" in sent:
        asked["assignee_ids"] = _assignable(session, project, sent["assignee_ids"])
    if "milestone_id" in sent:
        usable = {row["id"] for row in milestones.usable_by(session, project)}
        if not sent["milestone_id"] or sent["milestone_id"] in usable:
            asked["milestone_id"] = sent["milestone_id"] or None
    if "due_date" in sent:
        asked["due_date"] = parse_date(sent["due_date"], session.today()) if sent["due_date"] else None
    if "weight" in sent and session.premium:
        asked["weight"] = sent["weight"]
    if sent.get("updated_at"):
        asked["updated_at"] = parse_moment(sent["updated_at"])
    return asked


def _assignable(session, project, user_ids):
    """The wanted assignees who exist and may read the project: one at most on Free."""
    rows = [session.store.get("users", user_id) for user_id in user_ids or [] if user_id]
    ids = [row["id"] for row in rows if row and row["state"] == "active" and can_read_project(session, project, row)]
    return ids if session.premium else ids[:1]


def _final_labels(session, issue, changes):
    current = session.store.column("SELECT label_id FROM issue_labels WHERE issue_id = ?", issue["id"]) if issue else []
    base = changes.get("label_ids", current)
    gone = set(changes.get("remove_label_ids", ()))
    added = changes.get("add_label_ids", [])
    kept = [one for one in dict.fromkeys([*base, *added]) if one not in gone]
    return labels.exclusive(session, kept, [one for one in [*base, *added] if one not in current])


def _checked_title(title):
    title = (title or "").strip()
    if not title:
        raise message(400, {"title": ["can't be blank"]})
    if len(title) > MAX_TITLE:
        raise message(400, {"title": [f"is too long (maximum is {MAX_TITLE} characters)"]})
    return title


def _check_text(sent):
    if len(sent.get("description") or "") > MAX_DESCRIPTION:
        raise message(400, {"description": [f"is too long (maximum is {MAX_DESCRIPTION} characters)"]})


def _relate(session, issue, changes):
    for other_id, kind in changes.get("link_to", ()):
        if other_id != issue["id"]:
            links.relate(session, issue, session.store.get("issues", other_id), kind)


def _personal(session, issue, names):
    for name in names:
        if name in ("subscribe", "unsubscribe"):
            subscribe(session, issue, name == "subscribe")
        elif name == "todo":
            mentions.notify(session, issue, session.user_id, "marked", action="marked")
        else:
            session.store.run(
                "UPDATE todos SET state = 'done', updated_at = ? WHERE issue_id = ? AND user_id = ?",
                session.now(),
                issue["id"],
                session.user_id,
            )


def subscribe(session, issue, wanted):
    session.store.run(
        "INSERT INTO subscriptions (user_id, issue_id, subscribed) VALUES (?, ?, ?) "
        "ON CONFLICT (user_id, issue_id) DO UPDATE SET subscribed = excluded.subscribed",
        need_user(session)["id"],
        issue["id"],
        int(wanted),
    )
