"""The plain fields of an issue: each a column of its own, set by the parameter of its name and shown under it.

A row here and a column in `schema.sql` are all that one more field takes: creating, editing, moving, the API, the hooks
and the system notes read this table. Labels, assignees, the milestone and the state are more than a field: `issues.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflow.gitlab_sandbox.clock import parse_date
from workflow.gitlab_sandbox.reply import message
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

MAX_TITLE, MAX_DESCRIPTION = 255, 1_048_576
TYPES = {"issue", "incident", "test_case", "task"}


@dataclass(frozen=True)
class Field:
    """One plain field.

    `read` takes it from a request as the column holds it, and raises 400 for what it cannot be. `note` is what the
    system note says when it changes, or None for no note; `metadata`: it takes a Reporter to change it. `truth`: a yes
    or no, which the column holds as a number. `premium`: unknown to the free plan.
    """

    name: str
    read: Callable[[Request, Session], Any]
    note: Callable[[Any, Any], str] | None
    metadata: bool
    truth: bool = False
    premium: bool = False

    def shown(self, row: Row) -> Any:
        """The value as the API and the hooks show it."""
        value = row[self.name]
        return bool(value) if self.truth and value is not None else value


def checked_title(text: str | None) -> str:
    """A title without the space around it; raises 400 for one that is empty or too long."""
    title = (text or "").strip()
    if not title:
        raise message(400, {"title": ["can't be blank"]})
    if len(title) > MAX_TITLE:
        raise message(400, {"title": [f"is too long (maximum is {MAX_TITLE} characters)"]})
    return title


def _description(request: Request, session: Session) -> str | None:
    text = request.text("description")
    if len(text or "") > MAX_DESCRIPTION:
        raise message(400, {"description": [f"is too long (maximum is {MAX_DESCRIPTION} characters)"]})
    return text


FIELDS = (
    Field(
        "title",
        read=lambda request, session: request.text("title"),
        note=lambda before, after: f"changed title from **{before}** to **{after}**",
        metadata=False,
    ),
    Field("description", _description, note=lambda before, after: "changed the description", metadata=False),
    Field(
        "due_date",
        read=lambda request, session: parse_date(request.text("due_date"), session.today()),
        note=lambda before, after: f"changed due date to {after}" if after else "removed due date",
        metadata=True,
    ),
    Field(
        "confidential",
        read=lambda request, session: int(request.flag("confidential", False) or 0),
        note=lambda before, after: f"made the issue {'confidential' if after else 'visible to everyone'}",
        metadata=True,
        truth=True,
    ),
    Field(
        "discussion_locked",
        read=lambda request, session: int(request.flag("discussion_locked", False) or 0),
        note=lambda before, after: f"{'locked' if after else 'unlocked'} the discussion in this issue",
        metadata=True,
        truth=True,
    ),
    Field(
        "issue_type",
        read=lambda request, session: request.text("issue_type", choices=TYPES),
        note=lambda before, after: f"changed type from {before} to {after}",
        metadata=False,
    ),
    Field("weight", read=lambda request, session: request.number("weight"), note=None, metadata=True, premium=True),
)
BY_NAME = {field.name: field for field in FIELDS}


def on_plan(session: Session) -> list[Field]:
    """The fields that the sandbox's plan knows."""
    return [field for field in FIELDS if session.premium or not field.premium]
