"""Quick actions: found in text the way GitLab finds them, taken out of it, and turned into changes.

GitLab deletes carriage returns first, and trailing white space in any case. Then a known command at column 0, alone or
followed by a space, counts unless it stands in a fenced block, an inline code span over several lines, an HTML block or
a `>>>` quote. An HTML comment protects nothing.
"""

import re
from dataclasses import dataclass, field

from workflow.gitlab_sandbox import quick_commands

_PROTECTED = r"""
    ^```.+?\n```$
  | ^.*`\n*.+?\n*`$
  | ^<[^>]+?>\n.+?\n</[^>]+?>$
  | ^>>>.+?\n>>>$
"""
_FLAGS = re.MULTILINE | re.DOTALL | re.IGNORECASE | re.VERBOSE


@dataclass
class Outcome:
    """What the commands in a text ask for. `text` is what is left; `changes` what to do."""

    text: str | None
    found: list = field(default_factory=list)  # (name, argument)
    changes: dict = field(default_factory=dict)
    summary: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    shown: dict = field(default_factory=dict)  # commands_changes, as the 202 reply names them

    @property
    def commands_only(self):
        return bool(self.found) and not (self.text or "").strip()


def extract(text, names=None):
    """(text without commands, [(name, argument)]) of `text`."""
    names = names or quick_commands.NAMES
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?P<kept>{_PROTECTED}) | (?:^/(?P<name>{known})(?:[ ](?P<arg>[^\n]*))?(?:\s*\n|$))", _FLAGS)
    found = []

    def take(match):
        if match["kept"] is not None:
            return match[0]
        name, argument = match["name"].lower(), (match["arg"] or "").strip()
        found.append((name, argument))
        if name in quick_commands.SUBSTITUTES:
            return f"{argument} {quick_commands.SUBSTITUTES[name]}".strip() + ("\n" if match[0].endswith("\n") else "")
        return ""

    kept = pattern.sub(take, (text or "").replace("\r", ""))
    return kept.rstrip(), found


def interpret(session, project, issue, text, *, before=None):
    """Read the commands of `text` as the person asking; those already in `before` do not run again.

    `issue` is None while a new issue is being written. Nothing is changed yet: see `Outcome`.
    """
    if text is None:
        return Outcome(text)
    kept, found = extract(text)
    old = set(extract(before)[1]) if before else set()
    outcome = Outcome(kept, found)
    for name, argument in found:
        if (name, argument) not in old:
            quick_commands.apply(session, project, issue, outcome, name, argument)
    return outcome
