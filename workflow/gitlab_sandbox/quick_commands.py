"""What each quick action does. One whose conditions are not met is taken out of the text all the same."""

import re

from workflow.gitlab_sandbox import labels, milestones
from workflow.gitlab_sandbox.access import (
    GUEST,
    can_read_issue,
    can_set_metadata,
    can_update_issue,
    find_user,
    project_by,
    project_level,
)
from workflow.gitlab_sandbox.clock import parse_date
from workflow.gitlab_sandbox.present_issue import human_time

SUBSTITUTES = {"shrug": "¯\\\\_(ツ)\\_/¯", "tableflip": "(╯°□°)╯︵ ┻━┻"}
WITHOUT_EFFECT = (
    "cc",
    "tag",
    "zoom",
    "remove_zoom",
    "create_merge_request",
    "publish",
    "epic",
    "remove_epic",
    "iteration",
    "remove_iteration",
    "health_status",
    "clear_health_status",
    "severity",
    "page",
    "link",
    "timeline",
    "add_contacts",
    "remove_contacts",
    "add_email",
    "remove_email",
    "convert_to_ticket",
    "add_child",
    "remove_child",
    "set_parent",
    "remove_parent",
    "checkin_reminder",
    "status",
    "submit_review",
    "draft",
    "ready",
    "approve",
    "merge",
    "rebase",
    "copy_metadata",
    "board_move",
    "react",
    "award",
    "invite_email",
)
_COMMANDS = {}
_UNITS = {"mo": 4 * 5 * 8 * 3600, "w": 5 * 8 * 3600, "d": 8 * 3600, "h": 3600, "m": 60, "s": 1}


def command(*names, needs="metadata", stored=False):
    """Register a command. `needs` is the right it takes (metadata, update, read); `stored`: not on a new issue."""

    def register(act):
        for name in names:
            _COMMANDS[name] = (act, needs, stored)
        return act

    return register


def apply(session, project, issue, outcome, name, argument):
    """Put what the command asks for into `outcome`, if the person may."""
    if name not in _COMMANDS:
        return
    act, needs, stored = _COMMANDS[name]
    if (stored and issue is None) or not _may(session, project, issue, needs):
        outcome.failed.append(f"Could not apply {name} command.")
        return
    said = act(_Scene(session, project, issue, outcome, name), argument)
    (outcome.summary if said else outcome.failed).append(said or f"Could not apply {name} command.")


def _may(session, project, issue, needs):
    if needs == "read":
        return session.user is not None
    if needs == "update":
        return issue is None or can_update_issue(session, issue, project)
    return can_set_metadata(session, project) or (issue is None and project_level(session, project) >= GUEST)


class _Scene:
    """What a command acts on, with the few readings of arguments they share."""

    def __init__(self, session, project, issue, outcome, name):
        self.session, self.project, self.issue, self.outcome, self.name = session, project, issue, outcome, name

    def set(self, key, value, shown=None):
        self.outcome.changes[key] = value
        self.outcome.shown[shown or key] = value

    def people(self, text):
        """The ids of the `@users` (or `me`) named in `text`."""
        words = re.findall(r"@?([\w.-]+)", text)
        rows = [self.session.user if word == "me" else find_user(self.session.store, word) for word in words]
        return [row["id"] for row in rows if row]

    def label_ids(self, text):
        """The ids of the existing labels named in `text`: ~plain, ~"quoted name", or bare words."""
        titles = [quoted or plain for quoted, plain in re.findall(r'~(?:"([^"]+)"|([^\s,]+))', text)]
        titles = titles or [text.strip(), *text.split()]
        return labels.ids_of_titles(self.session, self.project, titles, create=False)

    def issues(self, text):
        """The issues `#1`, `group/project#2` or an address names, as far as the person may see them."""
        pairs = re.findall(r"(?:(\w[\w./-]*))?#(\d+)", text)
        pairs += re.findall(re.escape(self.session.base_url) + r"/([\w./-]+?)/-/issues/(\d+)", text)
        for path, iid in pairs:
            project = project_by(self.session.store, path) if path else self.project
            row = project and self.session.store.one(
                "SELECT * FROM issues WHERE project_id = ? AND iid = ?", project["id"], iid
            )
            if row and can_read_issue(self.session, row, project):
                yield row

    def assigned(self):
        if "assignee_ids" in self.outcome.changes:
            return self.outcome.changes["assignee_ids"]
        rows = self.issue and self.session.store.column(
            "SELECT user_id FROM issue_assignees WHERE issue_id = ? ORDER BY user_id", self.issue["id"]
        )
        return rows or []


@command("close", needs="update", stored=True)
def _close(scene, argument):
    if scene.issue["state"] == "opened":
        scene.set("state_event", "close")
        return "Closed this issue."


@command("reopen", needs="update", stored=True)
def _reopen(scene, argument):
    if scene.issue["state"] == "closed":
        scene.set("state_event", "reopen")
        return "Reopened this issue."


@command("title", needs="update")
def _title(scene, argument):
    if argument:
        scene.set("title", argument)
        return f'Changed the title to "{argument}".'


@command("label", "labels")
def _label(scene, argument):
    if ids := scene.label_ids(argument):
        scene.set("add_label_ids", scene.outcome.changes.get("add_label_ids", []) + ids)
        return f"Added {argument} labels."


@command("unlabel", "remove_label")
def _unlabel(scene, argument):
    current = (
        scene.session.store.column("SELECT label_id FROM issue_labels WHERE issue_id = ?", scene.issue["id"])
        if scene.issue
        else []
    )
    ids = scene.label_ids(argument) if argument else current
    if ids:
        scene.set("remove_label_ids", scene.outcome.changes.get("remove_label_ids", []) + ids)
        return f"Removed {argument or 'all'} labels."


@command("relabel")
def _relabel(scene, argument):
    if ids := scene.label_ids(argument):
        scene.set("label_ids", ids)
        return f"Replaced all labels with {argument} labels."


@command("assign")
def _assign(scene, argument):
    ids = scene.people(argument)
    if ids:
        scene.set("assignee_ids", (scene.assigned() + ids) if scene.session.premium else ids[:1])
        return f"Assigned {argument}."


@command("reassign")
def _reassign(scene, argument):
    if ids := scene.people(argument):
        scene.set("assignee_ids", ids if scene.session.premium else ids[:1])
        return f"Changed assignees to {argument}."


@command("unassign", "remove_assignee")
def _unassign(scene, argument):
    gone = scene.people(argument) if argument else scene.assigned()
    scene.set("assignee_ids", [one for one in scene.assigned() if one not in gone])
    return "Removed assignees."


@command("milestone")
def _milestone(scene, argument):
    title = argument.lstrip("%").strip().strip('"')
    for row in milestones.usable_by(scene.session, scene.project):
        if row["title"] == title and row["state"] == "active":
            scene.set("milestone_id", row["id"])
            return f'Set the milestone to %"{title}".'


@command("remove_milestone")
def _remove_milestone(scene, argument):
    scene.set("milestone_id", None)
    return "Removed milestone."


@command("due")
def _due(scene, argument):
    if day := parse_date(argument, scene.session.today()):
        scene.set("due_date", day)
        return f"Set the due date to {day}."


@command("remove_due_date")
def _remove_due_date(scene, argument):
    scene.set("due_date", None)
    return "Removed the due date."


@command("confidential")
def _confidential(scene, argument):
    scene.set("confidential", True)
    return "Made this issue confidential."


@command("lock", stored=True)
def _lock(scene, argument):
    scene.set("discussion_locked", True)
    return "Locked the discussion."


@command("unlock", stored=True)
def _unlock(scene, argument):
    scene.set("discussion_locked", False)
    return "Unlocked the discussion."


@command("weight")
def _weight(scene, argument):
    if scene.session.premium and argument.isdigit():
        scene.set("weight", int(argument))
        return f"Set weight to {argument}."


@command("clear_weight")
def _clear_weight(scene, argument):
    if scene.session.premium:
        scene.set("weight", None)
        return "Cleared weight."


@command("estimate", "estimate_time")
def _estimate(scene, argument):
    if seconds := duration(argument):
        scene.set("time_estimate", seconds)
        return f"Set time estimate to {human_time(seconds)}."


@command("remove_estimate", "remove_time_estimate")
def _remove_estimate(scene, argument):
    scene.set("time_estimate", 0)
    return "Removed time estimate."


@command("spend", "spent", "spend_time")
def _spend(scene, argument):
    if seconds := duration(argument):
        scene.set("spend", seconds, shown="spend_time")
        return f"Added {human_time(seconds)} spent time."


@command("remove_time_spent")
def _remove_time_spent(scene, argument):
    scene.set("spend", "reset", shown="spend_time")
    return "Removed spent time."


@command("move", needs="update", stored=True)
def _move(scene, argument):
    if target := project_by(scene.session.store, argument.split(" ")[0]):
        scene.set("move_to", target["id"], shown="target_project")
        return f"Moved this issue to {target['full_path']}."


@command("clone", needs="update", stored=True)
def _clone(scene, argument):
    path, _, option = argument.partition(" ")
    path, option = (scene.project["full_path"], path) if path.startswith("--") or not path else (path, option)
    if target := project_by(scene.session.store, path):
        scene.set("clone_to", (target["id"], "--with_notes" in option), shown="target_clone_project")
        return f"Cloned this issue to {target['full_path']}."


@command("duplicate", "duplicate_of", needs="update", stored=True)
def _duplicate(scene, argument):
    for row in scene.issues(argument):
        scene.set("duplicate_of", row["id"], shown="canonical_issue_id")
        return f"Closed this issue. Marked as related to, and a duplicate of, {argument}."


@command("relate", "blocks", "blocked_by")
def _relate(scene, argument):
    kinds = {"relate": "relates_to", "blocks": "blocks", "blocked_by": "is_blocked_by"}
    rows = list(scene.issues(argument)) if scene.session.premium or scene.name == "relate" else []
    for row in rows:
        scene.outcome.changes.setdefault("link_to", []).append((row["id"], kinds[scene.name]))
    return rows and f"Added {argument} as a linked item related to this issue."


@command("promote_to", "promote", "promote_to_incident", "type", needs="update", stored=True)
def _promote(scene, argument):
    kind = "incident" if scene.name == "promote_to_incident" else argument.strip().lower()
    if kind in ("incident", "issue", "task") and kind != scene.issue["issue_type"]:
        scene.set("issue_type", kind)
        return f"Promoted this issue to {kind}."


@command("todo", "done", "subscribe", "unsubscribe", needs="read", stored=True)
def _personal(scene, argument):
    scene.outcome.changes.setdefault("personal", []).append(scene.name)
    return {
        "todo": "Added a to-do item.",
        "done": "Marked to-do item as done.",
        "subscribe": "Subscribed to notifications.",
        "unsubscribe": "Unsubscribed from notifications.",
    }[scene.name]


def duration(text):
    """`1h 30m` in seconds; None when `text` is no duration."""
    parts = re.findall(r"(-?\d+(?:\.\d+)?)\s*(mo|w|d|h|m|s)", text)
    return round(sum(float(count) * _UNITS[unit] for count, unit in parts)) or None


NAMES = (*_COMMANDS, *SUBSTITUTES, *WITHOUT_EFFECT)
