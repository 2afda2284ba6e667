"""The same request in another tracker; never another kind."""

from typing import Any

from supportops.accounts.models import User
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.history import record
from workflow.actions.locking import again_after_a_clash, locked
from workflow.catalogue.models import Tracker
from workflow.catalogue.restriction import lets_out
from workflow.models import Issue, Milestone
from workflow.permissions import refusal
from workflow.verbs import Act


@again_after_a_clash
def move(number: int, tracker: Tracker, *, by: User, version: int | None = None) -> Issue:
    """Move an open request to another tracker. The milestone stays only if one of its title exists there.

    A scheduled one that lost it so goes back to planning at the calendar's next tick.
    """
    with locked(number, version=version) as issue:
        if reason := refusal(by, Act.MOVE, issue):
            raise Refused(reason)
        if sentence := _cannot_move(issue, tracker):
            raise Incomplete({"tracker": sentence})
        old = issue.tracker
        issue.tracker = tracker
        data: dict[str, Any] = {"tracker": [old.name if old else None, tracker.name]}
        if issue.milestone:
            there = Milestone.objects.open().filter(tracker=tracker, title=issue.milestone.title).first()
            if there is None:
                data["milestone"] = [issue.milestone.title, None]
            issue.milestone = there
        issue.version += 1
        issue.save()
        record(issue, Act.MOVE, by=by, from_state=issue.state, data=data)
        return issue


def _cannot_move(issue: Issue, tracker: Tracker) -> str | None:
    if tracker.pk == issue.tracker_id:
        return f"It already is in {tracker}."
    if not tracker.is_active:
        return f"{tracker} takes no requests any more."
    if sentence := lets_out(issue.tracker, tracker):
        return sentence
    if tracker.confidential_only and not issue.confidential:
        return f"{tracker} holds restricted requests only. File a new request of that kind instead."
    return None
