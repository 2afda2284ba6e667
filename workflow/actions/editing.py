"""The verb edit: what changed, whether it voids the approval, and where it is too late for that."""

from collections.abc import Sequence
from typing import Any, Literal

from supportops.accounts.models import User
from workflow.actions import approvals
from workflow.actions.discussion import check_end
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.history import Effect
from workflow.actions.requirements import Given
from workflow.catalogue.answers import AnswerRow, fields_fed_by
from workflow.models import Issue
from workflow.states import State

NOT_ACCEPTED = frozenset({State.DISCUSSION, State.APPROVAL, State.TRIAGE})
"""Where nobody of Support Operations has confirmed yet what it is about."""
_TEXTS: tuple[Literal["title", "description"], ...] = ("title", "description")


def apply_edit(issue: Issue, by: User, given: Given) -> Effect:
    """Write the new title, description and answers to the (unsaved) request."""
    changes = edits(issue, given)
    if not changes:
        raise Incomplete({"title": "Nothing was changed. Change something, or go back."})
    material = bool(changes.keys() & set(issue.route.voiding_fields))
    if material and not issue.material_edits_allowed:
        raise Refused(
            f"In {issue.get_state_display().lower()} what was asked for can no longer change. "
            "Support Operations can spin the change off as a request of its own."
        )
    issue.title = given.get("title", issue.title)
    issue.description = given.get("description", issue.description)
    _feed(issue, [row for row in given.get("answers", []) if row["key"] in changes])
    issue.answers = given.get("answers", issue.answers)
    if material and issue.route.needs_approval:
        issue.answers = approvals.without_approvers_part(issue.answers)
        approvals.ask_again(issue)
        issue.forget_people()
    return {"transition": {"material": material}, "data": changes}


def _feed(issue: Issue, changed: Sequence[AnswerRow]) -> None:
    """Let the fields of the request follow the ``changed`` rows that fill them.

    What Support Operations confirmed when they accepted it (system, customer) is theirs from then on.
    """
    fed: dict[str, Any] = {
        row["feeds"]: None if row["feeds"] == "due_date" else "" for row in changed if row.get("feeds")
    }
    fed |= fields_fed_by(changed)
    if problems := check_end(issue.kind, fed):
        raise Incomplete(problems)
    confirmed = {} if {issue.state, issue.return_to} & NOT_ACCEPTED else {"system", "customer"}
    for name in fed.keys() - confirmed:
        setattr(issue, name, fed[name])


def edits(issue: Issue, given: Given) -> dict[str, list[Any]]:
    """{field or question key: [old, new]} of all that ``given`` would change."""
    changes: dict[str, list[Any]] = {
        name: [getattr(issue, name), given[name]]
        for name in _TEXTS
        if name in given and given[name] != getattr(issue, name)
    }
    if "answers" in given:
        old = {row["key"]: row.get("answer") for row in issue.answers}
        new = {row["key"]: row.get("answer") for row in given["answers"]}
        changes |= {key: [old.get(key), new.get(key)] for key in {**old, **new} if old.get(key) != new.get(key)}
    return changes
