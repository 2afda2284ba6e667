"""Putting changes to one issue into effect: fields, history, system notes, to-dos, and the hooks that tell of them."""

from workflow.gitlab_sandbox import hook_bodies, hooks, labels, mentions, notes
from workflow.gitlab_sandbox.clock import hook_stamp
from workflow.gitlab_sandbox.present_issue import assignees, human_time

PLAIN = (
    "title",
    "description",
    "due_date",
    "confidential",
    "discussion_locked",
    "weight",
    "issue_type",
    "time_estimate",
    "milestone_id",
)
TRUTHS = ("confidential", "discussion_locked")


def apply(session, issue, project, changes, *, quiet=False):
    """Apply `changes` to a stored issue and tell the hooks once; nothing happens when nothing differs.

    `changes` may hold the names in PLAIN, label_ids, assignee_ids, spend (seconds or "reset"), updated_at.
    With `quiet` (a new issue being filled) there is no hook and no note of what changed. Returns the issue.
    """
    told = {}
    columns = _plain_columns(session, issue, project, changes, told, quiet)
    if "spend" in changes:
        columns["time_spent"] = _spend(session, issue, changes["spend"])
        told["total_time_spent"] = _pair(issue["time_spent"], columns["time_spent"])
    if "label_ids" in changes:
        told |= _set_labels(session, issue, changes["label_ids"])
    if "assignee_ids" in changes:
        told |= _set_assignees(session, issue, changes["assignee_ids"], quiet)
    if not told and "updated_at" not in changes:
        return issue
    now = session.now()
    columns |= {"updated_at": changes.get("updated_at") or now}
    if not quiet:
        columns["updated_by_id"] = session.user_id
    if {"title", "description"} & told.keys() and not quiet:
        columns |= {"last_edited_at": now, "last_edited_by_id": session.user_id}
    session.store.update("issues", issue["id"], **columns)
    changed = session.store.get("issues", issue["id"])
    if "description" in told and not quiet:
        mentions.announce(session, project, changed, changed["description"], before=issue["description"])
    if told and not quiet:
        told["updated_at"] = _pair(hook_stamp(issue["updated_at"]), hook_stamp(changed["updated_at"]))
        hooks.issue_changed(session, changed, "update", told)
    return changed


def set_state(session, issue, state):
    """Close or reopen (`state` closed/opened): the state, its event, its hook. Nothing when it is so already."""
    if issue["state"] == state:
        return issue
    now = session.now()
    closing = state == "closed"
    session.store.update(
        "issues",
        issue["id"],
        state=state,
        updated_at=now,
        closed_at=now if closing else None,
        closed_by_id=session.user_id if closing else None,
        updated_by_id=session.user_id,
    )
    record_event(session, issue, "state", "closed" if closing else "reopened")
    changed = session.store.get("issues", issue["id"])
    if closing:
        session.store.run(
            "UPDATE todos SET state = 'done', updated_at = ? WHERE issue_id = ? AND user_id = ?",
            now,
            issue["id"],
            session.user_id,
        )
    hooks.issue_changed(
        session,
        changed,
        "close" if closing else "reopen",
        {
            "state_id": _pair(*((1, 2) if closing else (2, 1))),
            "closed_at": _pair(hook_stamp(issue["closed_at"]), hook_stamp(changed["closed_at"])),
            "updated_at": _pair(hook_stamp(issue["updated_at"]), hook_stamp(changed["updated_at"])),
        },
    )
    return changed


def record_event(session, issue, kind, action=None, **fields):
    """One line of the issue's resource history."""
    session.store.insert(
        "resource_events",
        kind=kind,
        issue_id=issue["id"],
        user_id=session.user_id,
        action=action,
        created_at=session.now(),
        **fields,
    )


def _pair(before, after):
    return {"previous": before, "current": after}


def _plain_columns(session, issue, project, changes, told, quiet):
    columns = {}
    for name in PLAIN:
        if name not in changes:
            continue
        before, after = issue[name], changes[name]
        if name in TRUTHS:
            before, after = None if before is None else bool(before), None if after is None else bool(after)
        if before == after or (name == "description" and (before or "") == (after or "")):
            continue
        columns[name] = int(after) if isinstance(after, bool) else after
        told[name] = _pair(before, after)
        _note_change(session, issue, name, before, after, quiet)
    return columns


def _note_change(session, issue, name, before, after, quiet):
    if name == "milestone_id":
        for milestone_id, action in ((before, "remove"), (after, "add")):
            if milestone_id:
                record_event(session, issue, "milestone", action, milestone_id=milestone_id)
    elif name == "weight":
        record_event(session, issue, "weight", value=after)
    elif not quiet and (text := _sentence(session, name, before, after)):
        notes.record(session, issue, text)


def _sentence(session, name, before, after):
    if name == "title":
        return f"changed title from **{before}** to **{after}**"
    if name == "description":
        return "changed the description"
    if name == "due_date":
        return f"changed due date to {after}" if after else "removed due date"
    if name == "confidential":
        return f"made the issue {'confidential' if after else 'visible to everyone'}"
    if name == "discussion_locked":
        return f"{'locked' if after else 'unlocked'} the discussion in this issue"
    if name == "issue_type":
        return f"changed type from {before} to {after}"
    if name == "time_estimate":
        return f"changed time estimate to {human_time(after)}" if after else "removed time estimate"
    return None


def _spend(session, issue, seconds):
    total = 0 if seconds == "reset" else max(0, issue["time_spent"] + seconds)
    notes.record(
        session, issue, "removed time spent" if seconds == "reset" else f"added {human_time(seconds)} of time spent"
    )
    return total


def _set_labels(session, issue, wanted):
    before = labels.of_issue(session, issue["id"])
    old = [row["id"] for row in before]
    for label_id in old:
        if label_id not in wanted:
            session.store.run("DELETE FROM issue_labels WHERE issue_id = ? AND label_id = ?", issue["id"], label_id)
            record_event(session, issue, "label", "remove", label_id=label_id)
    for label_id in wanted:
        if label_id not in old:
            session.store.insert("issue_labels", issue_id=issue["id"], label_id=label_id)
            record_event(session, issue, "label", "add", label_id=label_id)
    if set(old) == set(wanted):
        return {}
    return {"labels": hook_bodies.change_of_labels(before, labels.of_issue(session, issue["id"]))}


def _set_assignees(session, issue, wanted, quiet):
    before = assignees(session, issue["id"])
    old = [row["id"] for row in before]
    wanted = list(dict.fromkeys(wanted))
    if set(old) == set(wanted):
        return {}
    session.store.run("DELETE FROM issue_assignees WHERE issue_id = ?", issue["id"])
    for user_id in wanted:
        session.store.insert("issue_assignees", issue_id=issue["id"], user_id=user_id)
        if user_id not in old and user_id != session.user_id:
            mentions.notify(session, issue, user_id, "assigned", action="assigned")
    after = assignees(session, issue["id"])
    if not quiet:
        names = {row["id"]: f"@{row['username']}" for row in [*before, *after]}
        said = [
            f"{verb} {' and '.join(names[one] for one in ids)}"
            for verb, ids in (
                ("assigned to", [one for one in wanted if one not in old]),
                ("unassigned", [one for one in old if one not in wanted]),
            )
            if ids
        ]
        notes.record(session, issue, " and ".join(said))
    return {
        "assignees": _pair(
            [hook_bodies.assignee_body(row) for row in before], [hook_bodies.assignee_body(row) for row in after]
        )
    }
