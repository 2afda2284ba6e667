"""The ledger of one request in words: what the components of its page draw."""

from supportops.ui.marks import mirror_words
from workflow.models import Mirror
from workflow.permissions import sees_internal
from workflow.views.mirror_panel import mark_of

EVENTS = {
    "Issue Hook": "The issue changed",
    "Confidential Issue Hook": "The issue changed",
    "Note Hook": "A comment",
    "Confidential Note Hook": "An internal comment",
}
OF_INTERNAL = "confidential note"
FROZEN = "The two sides changed the same thing back and forth, so neither is followed."


def ledger_words(ledger, person):
    """What the page shows of a Ledger to this person: internal comments only to whom they are for."""
    insider = sees_internal(person)
    return {
        "warning": _warning(ledger),
        "facts": list(_facts(ledger)),
        "fields": [_field(row) for row in ledger.fields],
        "hanging": [_hanging(row) for row in ledger.hanging if insider or not row.internal],
        "deliveries": [_delivery(row) for row in ledger.deliveries if insider or OF_INTERNAL not in row.event.lower()],
    }


def _warning(ledger):
    """Why it waits for a person, or an empty text."""
    if not ledger.needs_a_person:
        return ""
    mirror, look = ledger.mirror, ledger.look
    if mirror.parked and mirror.status in Mirror.NEEDS_A_PERSON:
        return mirror.last_error or mirror_words(mark_of(mirror))
    if look is not None and look.frozen_at:
        return look.last_error or FROZEN
    if look is not None and look.last_error and look.due_at is None:
        return look.last_error
    return "Something that belongs to it could not be sent. It stands below."


def _facts(ledger):
    """How it stands, as the facts component draws it."""
    mirror, look = ledger.mirror, ledger.look
    yield {"label": "Status", "value": mirror_words(mark_of(mirror))}
    if mirror.exists:
        yield {"label": "GitLab issue", "value": f"#{mirror.iid}", "url": mirror.link}
    unsent = mirror.wanted_version - mirror.pushed_version
    yield {"label": "Changes not sent yet", "value": str(unsent) if unsent else "", "none": "None"}
    yield {"label": "Last sent", "value": mirror.pushed_at, "kind": "time", "none": "Never"}
    yield {"label": "Attempts since", "value": str(mirror.attempts)}
    waits = mirror.status == Mirror.Status.BEHIND
    none = "When its turn comes in the change of the label scheme" if waits else "None is due"
    yield {"label": "Next try", "value": mirror.due_at, "kind": "time", "none": none}
    yield {"label": "Last error", "value": mirror.last_error, "none": "None"}
    if look is None:
        return
    yield {"label": "GitLab last read in full", "value": look.seen_at, "kind": "time", "none": "Never"}
    yield {"label": "Next reading", "value": look.due_at, "kind": "time", "none": "When something changes there"}
    if look.last_error:
        yield {"label": "Attempts at reading", "value": str(look.attempts)}
        yield {"label": "Last error at reading", "value": look.last_error}


def _field(row):
    """A FieldRow with how the two sides compare, in words."""
    words = "Same" if row.agrees else "Differs"
    return {
        "row": row,
        "compared": "GitLab did not take it" if row.dropped else words,
        "tone": "danger" if row.dropped else "" if row.agrees else "warning",
    }


def _hanging(row):
    return {"row": row, "next": "Waits for a person" if row.parked else ""}


def _delivery(row):
    """A webhook with what it led to, in words."""
    led_to = row.outcome or "Not read yet"
    if row.issue_id is not None and row.due_at is None and row.outcome == f"Look at SO-{row.issue_id}":
        led_to = "GitLab was read again"
    return {"at": row.received_at, "event": EVENTS.get(row.event, row.event or "Unknown"), "led_to": led_to}
