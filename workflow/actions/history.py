"""Writes what happened, and tells the apps around in the same transaction, always."""

from collections.abc import Mapping
from typing import Any, TypedDict

from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.participation import mention
from workflow.actions.signals import announce, event_recorded
from workflow.models import Event, Issue
from workflow.models.event import SUBMIT
from workflow.states import Source


class Effect(TypedDict, total=False):
    """What a step changed besides the state.

    ``transition``: the transition's keyword arguments; ``data``: what the event keeps; ``stays``: no transition is
    made, because what was done is only a part of it; ``text``: what the event says in place of the words given.
    """

    transition: Mapping[str, Any]
    data: Mapping[str, Any]
    stays: bool
    text: str


def record(
    issue: Issue,
    verb: str,
    *,
    by: User | None,
    from_state: str,
    source: Source = Source.PORTAL,
    on_behalf_of: User | None = None,
    text: str = "",
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Append an event for what was just done and saved, and set off all that follows from it. Returns the event."""
    event = Event.objects.create(
        issue=issue,
        verb=verb,
        actor=by,
        on_behalf_of=on_behalf_of,
        source=source,
        from_state=from_state or "",
        to_state=issue.state,
        text=text,
        data=data or {},
        version=issue.version,
        at=timezone.now() if from_state == issue.state else issue.state_since,  # so the clock of courts is exact
    )
    mentioned = mention(issue, f"{issue.description}\n\n{text}" if verb == SUBMIT else text)
    event_recorded.send(sender=None, issue=issue, event=event, mentioned=mentioned)
    announce(issue.pk)
    return event
