"""Putting changes to one issue into effect: fields, history, system notes, and the hooks that tell of them.

Changes are a dictionary: the plain fields by name, `label_ids`, `add_label_ids`, `remove_label_ids`, `assignee_ids`,
`milestone_id`, `state_event`, `updated_at`; and what only quick actions ask for: `link_to`, `duplicate_of`, `move_to`.
"""

from typing import Any

from workflow.gitlab_sandbox import history, hook_events, labels, mentions, people
from workflow.gitlab_sandbox.clock import hook_stamp
from workflow.gitlab_sandbox.issue_fields import FIELDS
from workflow.gitlab_sandbox.issue_presentation import assignees
from workflow.gitlab_sandbox.reply import message
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

Changes = dict[str, Any]
LABELS = {"labels": "label_ids", "add_labels": "add_label_ids", "remove_labels": "remove_label_ids"}
"""The parameters that name labels, and the change each asks for."""


def take_iid(session: Session, project: Row, wanted: int | None = None) -> int:
    """The next number of the project, never given out twice; `wanted` if it is free. Raises 409 when it is taken."""
    last = session.store.value("SELECT last_iid FROM issue_iids WHERE project_id = ?", project["id"]) or 0
    iid = wanted or last + 1
    if session.store.value("SELECT 1 FROM issues WHERE project_id = ? AND iid = ?", project["id"], iid):
        raise message(409, "Duplicated issue")
    kept = "INSERT OR REPLACE INTO issue_iids (project_id, last_iid) VALUES (?, ?)"
    session.store.run(kept, project["id"], max(last, iid))
    return iid


def apply(session: Session, issue: Row, changes: Changes, *, quiet: bool = False) -> Row:
    """Change the fields of a stored issue and tell the hooks once; nothing happens when nothing differs.

    With `quiet` (a new issue being filled) there is no hook and no note of what changed. Returns the issue.
    """
    columns: Row = {}
    told: Row = {}
    for field in FIELDS:
        before, after = issue[field.name], changes.get(field.name, issue[field.name])
        if before == after or (isinstance(after, str) and not before and not after):
            continue
        columns[field.name] = int(bool(after)) if field.truth else after
        told[field.name] = hook_events.change(field.shown(issue), field.shown(changes))
        if field.note and not quiet:
            history.say(session, issue, field.note(before, after))
    if changes.get("milestone_id", issue["milestone_id"]) != issue["milestone_id"]:
        before, after = issue["milestone_id"], changes["milestone_id"]
        columns["milestone_id"] = after
        told["milestone_id"] = hook_events.change(before, after)
        for milestone_id, action in ((before, "remove"), (after, "add")):
            if milestone_id:
                history.record(session, issue, "milestone", action, milestone_id=milestone_id)
    told |= _set_labels(session, issue, changes)
    if "assignee_ids" in changes:
        told |= _set_assignees(session, issue, changes["assignee_ids"], quiet)
    if not told and "updated_at" not in changes:
        return issue
    now = session.now()
    columns["updated_at"] = changes.get("updated_at") or now
    if not quiet:
        columns["updated_by_id"] = session.user_id
        if {"title", "description"} & told.keys():
            columns |= {"last_edited_at": now, "last_edited_by_id": session.user_id}
    changed = session.store.update("issues", issue["id"], **columns)
    if "description" in told and not quiet:
        project = session.store.get("projects", issue["project_id"])
        mentions.announce(session, project, changed, changed["description"], before=issue["description"])
    if told and not quiet:
        told["updated_at"] = hook_events.change(hook_stamp(issue["updated_at"]), hook_stamp(changed["updated_at"]))
        hook_events.issue_changed(session, changed, "update", told)
    return changed


def set_state(session: Session, issue: Row, state: str) -> Row:
    """Close or reopen (`state` closed, opened): the state, its event, its hook. Nothing when it is so already."""
    if issue["state"] == state:
        return issue
    closing, now = state == "closed", session.now()
    by = {"closed_at": now, "closed_by_id": session.user_id} if closing else {"closed_at": None, "closed_by_id": None}
    columns = {"state": state, "updated_at": now, "updated_by_id": session.user_id, **by}
    changed = session.store.update("issues", issue["id"], **columns)
    history.record(session, issue, "state", "closed" if closing else "reopened")
    told = {
        key: hook_events.change(hook_stamp(issue[key]), hook_stamp(changed[key])) for key in ("closed_at", "updated_at")
    }
    told["state_id"] = hook_events.change(1, 2) if closing else hook_events.change(2, 1)
    hook_events.issue_changed(session, changed, "close" if closing else "reopen", told)
    return changed


def _set_labels(session: Session, issue: Row, changes: Changes) -> Row:
    if not changes.keys() & set(LABELS.values()):
        return {}
    before = labels.of_issue(session, issue["id"])
    old = [row["id"] for row in before]
    asked_for = [*changes.get("label_ids", old), *changes.get("add_label_ids", ())]
    kept = [one for one in dict.fromkeys(asked_for) if one not in changes.get("remove_label_ids", ())]
    wanted = labels.exclusive(session, kept, [one for one in asked_for if one not in old])
    if set(old) == set(wanted):
        return {}
    for label_id in [one for one in old if one not in wanted]:
        session.store.run("DELETE FROM issue_labels WHERE issue_id = ? AND label_id = ?", issue["id"], label_id)
        history.record(session, issue, "label", "remove", label_id=label_id)
    for label_id in [one for one in wanted if one not in old]:
        session.store.run("INSERT INTO issue_labels (issue_id, label_id) VALUES (?, ?)", issue["id"], label_id)
        history.record(session, issue, "label", "add", label_id=label_id)
    after = labels.of_issue(session, issue["id"])
    return {
        "labels": hook_events.change(
            [labels.for_hooks(row) for row in before], [labels.for_hooks(row) for row in after]
        )
    }


def _set_assignees(session: Session, issue: Row, wanted: list[int], quiet: bool) -> Row:
    before = assignees(session, issue["id"])
    old = [row["id"] for row in before]
    if set(old) == set(wanted):
        return {}
    session.store.run("DELETE FROM issue_assignees WHERE issue_id = ?", issue["id"])
    for user_id in dict.fromkeys(wanted):
        session.store.run("INSERT INTO issue_assignees (issue_id, user_id) VALUES (?, ?)", issue["id"], user_id)
        if user_id not in old and user_id != session.user_id:
            mentions.notify(session, issue, user_id, "assigned")
    after = assignees(session, issue["id"])
    if not quiet:
        new, gone = [row for row in after if row not in before], [row for row in before if row not in after]
        said = [
            f"{verb} {' and '.join('@' + row['username'] for row in rows)}"
            for verb, rows in (("assigned to", new), ("unassigned", gone))
            if rows
        ]
        history.say(session, issue, " and ".join(said))
    return {
        "assignees": hook_events.change(
            [people.for_hooks(row) for row in before], [people.for_hooks(row) for row in after]
        )
    }
