"""Writes what happened, and tells the apps around in the same transaction, always."""

from django.utils import timezone

from workflow.actions.signals import announce, event_recorded
from workflow.models import Event
from workflow.states import Source


def record(issue, verb, *, by, from_state, source=Source.PORTAL, on_behalf_of=None, text="", data=None):
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
    event_recorded.send(sender=None, issue=issue, event=event)
    announce(issue.pk)
    return event
