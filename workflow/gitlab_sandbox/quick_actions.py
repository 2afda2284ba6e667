"""Quick actions: found in text the way GitLab finds them, taken out of it, and turned into changes.

GitLab deletes carriage returns first, and trailing white space in any case. Then a known command at column 0, alone or
followed by a space, counts unless it stands in a fenced block, an inline code span over several lines, an HTML block or
a `>>>` quote. An HTML comment protects nothing. A command whose conditions are not met is taken out all the same.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workflow.gitlab_sandbox import access, labels, milestones
from workflow.gitlab_sandbox.clock import parse_date
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

SUBSTITUTES = {"shrug": "¯\\\\_(ツ)\\_/¯", "tableflip": "(╯°□°)╯︵ ┻━┻"}
WITHOUT_EFFECT = re.findall(
    r"\w+",
    """
    add_child add_contacts add_email approve award blocked_by blocks board_move cc checkin_reminder clear_health_status
    clear_weight clone convert_to_ticket copy_metadata create_merge_request done draft epic estimate estimate_time
    health_status invite_email iteration link merge page promote promote_to promote_to_incident publish react ready
    rebase remove_child remove_contacts remove_email remove_epic remove_estimate remove_iteration remove_parent
    remove_time_estimate remove_time_spent remove_zoom set_parent severity spend spend_time spent status submit_review
    subscribe tag timeline todo type unsubscribe weight zoom
    """,
)
"""GitLab's other commands: it takes them out of a text too, and so does the sandbox, which cannot do them."""
_PROTECTED = r"""
    ^```.+?\n```$
  | ^.*`\n*.+?\n*`$
  | ^<[^>]+?>\n.+?\n</[^>]+?>$
  | ^>>>.+?\n>>>$
"""
_FLAGS = re.MULTILINE | re.DOTALL | re.IGNORECASE | re.VERBOSE


@dataclass
class Outcome:
    """What the commands in a text ask for. `text` is what is left; `changes` as in issue_changes."""

    text: str | None
    found: list[tuple[str, str]] = field(default_factory=list)  # (name, argument)
    changes: dict[str, Any] = field(default_factory=dict)
    summary: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def commands_only(self) -> bool:
        """Whether nothing is left to store."""
        return bool(self.found) and not (self.text or "").strip()


def extract(text: str) -> tuple[str, list[tuple[str, str]]]:
    """(text without commands, [(name, argument)]) of `text`."""
    known = "|".join(re.escape(name) for name in sorted(NAMES, key=len, reverse=True))
    pattern = re.compile(rf"(?P<kept>{_PROTECTED}) | (?:^/(?P<name>{known})(?:[ ](?P<arg>[^\n]*))?(?:\s*\n|$))", _FLAGS)
    found = []

    def take(match: re.Match[str]) -> str:
        if match["kept"] is not None:
            return match[0]
        name, argument = match["name"].lower(), (match["arg"] or "").strip()
        found.append((name, argument))
        if name in SUBSTITUTES:
            return f"{argument} {SUBSTITUTES[name]}".strip() + ("\n" if match[0].endswith("\n") else "")
        return ""

    kept = pattern.sub(take, (text or "").replace("\r", ""))
    return kept.rstrip(), found


def interpret(
    session: Session, project: Row, issue: Row | None, text: str | None, *, before: str | None = None
) -> Outcome:
    """Read the commands of `text` as the person asking; those already in `before` do not run again.

    `issue` is None while a new issue is being written. Nothing is changed yet: see `Outcome`.
    """
    if text is None:
        return Outcome(text)
    kept, found = extract(text)
    old = set(extract(before)[1]) if before else set()
    outcome = Outcome(kept, found)
    scene = _Scene(session, project, issue, outcome.changes)
    for name, argument in found:
        if (name, argument) in old or name not in _COMMANDS:
            continue
        command = _COMMANDS[name]
        allowed = scene.may(command.needs) and not (command.stored and issue is None)
        said = command.act(scene, argument) if allowed else None
        if said:
            outcome.summary.append(said)
        else:
            outcome.failed.append(f"Could not apply {name} command.")
    return outcome


@dataclass
class _Scene:
    """What a command acts on, with the few readings of arguments they share."""

    session: Session
    project: Row
    issue: Row | None
    changes: dict[str, Any]

    def may(self, needs: str) -> bool:
        new = self.issue is None and access.level(self.session, self.project) >= access.GUEST
        if needs == "update":
            return self.issue is None or access.can_update_issue(self.session, self.issue, self.project)
        return new or access.can_set_metadata(self.session, self.project)

    def people(self, text: str) -> list[int]:
        """The ids of the `@users` (or `me`) named in `text`; one at most on Free."""
        words = re.findall(r"@?([\w.-]+)", text)
        rows = [self.session.user if word == "me" else access.find_user(self.session.store, word) for word in words]
        ids = [row["id"] for row in rows if row]
        return ids if self.session.premium else ids[:1]

    def label_ids(self, text: str) -> list[int]:
        """The ids of the existing labels named in `text`: ~plain, ~"quoted name", or bare words."""
        titles = [quoted or plain for quoted, plain in re.findall(r'~(?:"([^"]+)"|([^\s,]+))', text)]
        titles = titles or [text.strip(), *text.split()]
        return labels.ids_of_titles(self.session, self.project, titles, create=False)

    def issues(self, text: str) -> Iterator[Row]:
        """The issues `#1`, `group/project#2` or an address names, as far as the person may see them."""
        pairs = re.findall(r"(?:(\w[\w./-]*))?#(\d+)", text)
        pairs += re.findall(re.escape(self.session.base_url) + r"/([\w./-]+?)/-/issues/(\d+)", text)
        for path, iid in pairs:
            project = access.project_by(self.session.store, path) if path else self.project
            sql = "SELECT * FROM issues WHERE project_id = ? AND iid = ?"
            row = project and self.session.store.one(sql, project["id"], iid)
            if row and access.can_read_issue(self.session, row, project):
                yield row

    def assigned(self) -> list[int]:
        """Who would be assigned so far."""
        if "assignee_ids" in self.changes or self.issue is None:
            return self.changes.get("assignee_ids", [])
        sql = "SELECT user_id FROM issue_assignees WHERE issue_id = ? ORDER BY user_id"
        return self.session.store.column(sql, self.issue["id"])

    def carried(self) -> list[int]:
        """The labels the issue carries."""
        sql = "SELECT label_id FROM issue_labels WHERE issue_id = ?"
        return self.session.store.column(sql, self.issue["id"]) if self.issue else []


@dataclass(frozen=True)
class _Command:
    act: Callable[[_Scene, str], str | None]
    needs: str  # the right it takes: metadata or update
    stored: bool  # not on a new issue


_COMMANDS: dict[str, _Command] = {}


def _command(*names: str, needs: str = "metadata", stored: bool = False) -> Callable[..., Any]:
    """Register a command: it puts what it asks for into the scene's changes, and says so; None if it cannot."""

    def register(act: Callable[[_Scene, str], str | None]) -> Callable[[_Scene, str], str | None]:
        _COMMANDS.update(dict.fromkeys(names, _Command(act, needs, stored)))
        return act

    return register


def _sets(name: str, key: str, value: Any, said: str, **how: Any) -> None:
    """Register a command without an argument that sets one thing."""

    @_command(name, **how)
    def act(scene: _Scene, argument: str) -> str:
        scene.changes[key] = value
        return said


_sets("remove_milestone", "milestone_id", None, "Removed milestone.")
_sets("remove_due_date", "due_date", None, "Removed the due date.")
_sets("confidential", "confidential", True, "Made this issue confidential.")
_sets("lock", "discussion_locked", True, "Locked the discussion.", stored=True)
_sets("unlock", "discussion_locked", False, "Unlocked the discussion.", stored=True)


@_command("close", needs="update", stored=True)
def _close(scene: _Scene, argument: str) -> str | None:
    if scene.issue is None or scene.issue["state"] != "opened":
        return None
    scene.changes["state_event"] = "close"
    return "Closed this issue."


@_command("reopen", needs="update", stored=True)
def _reopen(scene: _Scene, argument: str) -> str | None:
    if scene.issue is None or scene.issue["state"] != "closed":
        return None
    scene.changes["state_event"] = "reopen"
    return "Reopened this issue."


@_command("title", needs="update")
def _title(scene: _Scene, argument: str) -> str | None:
    if not argument:
        return None
    scene.changes["title"] = argument
    return f'Changed the title to "{argument}".'


@_command("label", "labels")
def _label(scene: _Scene, argument: str) -> str | None:
    if ids := scene.label_ids(argument):
        scene.changes.setdefault("add_label_ids", []).extend(ids)
    return f"Added {argument} labels." if ids else None


@_command("unlabel", "remove_label")
def _unlabel(scene: _Scene, argument: str) -> str | None:
    if ids := scene.label_ids(argument) if argument else scene.carried():
        scene.changes.setdefault("remove_label_ids", []).extend(ids)
    return f"Removed {argument or 'all'} labels." if ids else None


@_command("relabel")
def _relabel(scene: _Scene, argument: str) -> str | None:
    if ids := scene.label_ids(argument):
        scene.changes["label_ids"] = ids
    return f"Replaced all labels with {argument} labels." if ids else None


@_command("assign")
def _assign(scene: _Scene, argument: str) -> str | None:
    if ids := scene.people(argument):
        scene.changes["assignee_ids"] = (scene.assigned() + ids) if scene.session.premium else ids
    return f"Assigned {argument}." if ids else None


@_command("reassign")
def _reassign(scene: _Scene, argument: str) -> str | None:
    if ids := scene.people(argument):
        scene.changes["assignee_ids"] = ids
    return f"Changed assignees to {argument}." if ids else None


@_command("unassign", "remove_assignee")
def _unassign(scene: _Scene, argument: str) -> str:
    gone = scene.people(argument) if argument else scene.assigned()
    scene.changes["assignee_ids"] = [one for one in scene.assigned() if one not in gone]
    return "Removed assignees."


@_command("milestone")
def _milestone(scene: _Scene, argument: str) -> str | None:
    title = argument.lstrip("%").strip().strip('"')
    for row in milestones.usable_by(scene.session, scene.project):
        if row["title"] == title and row["state"] == "active":
            scene.changes["milestone_id"] = row["id"]
            return f'Set the milestone to %"{title}".'
    return None


@_command("due")
def _due(scene: _Scene, argument: str) -> str | None:
    if day := parse_date(argument, scene.session.today()):
        scene.changes["due_date"] = day
    return f"Set the due date to {day}." if day else None


@_command("move", needs="update", stored=True)
def _move(scene: _Scene, argument: str) -> str | None:
    target = access.project_by(scene.session.store, argument.split(" ")[0])
    if target is None:
        return None
    scene.changes["move_to"] = target["id"]
    return f"Moved this issue to {target['full_path']}."


@_command("duplicate", "duplicate_of", needs="update", stored=True)
def _duplicate(scene: _Scene, argument: str) -> str | None:
    original = next(scene.issues(argument), None)
    if original is None:
        return None
    scene.changes["duplicate_of"] = original["id"]
    return f"Closed this issue. Marked as related to, and a duplicate of, {argument}."


@_command("relate")
def _relate(scene: _Scene, argument: str) -> str | None:
    rows = list(scene.issues(argument))
    scene.changes.setdefault("link_to", []).extend((row["id"], "relates_to") for row in rows)
    return f"Added {argument} as a linked item related to this issue." if rows else None


NAMES = (*_COMMANDS, *SUBSTITUTES, *WITHOUT_EFFECT)
