"""The mirror on the request page: the link to GitLab, how far behind it is, and where intended and observed differ.

The ledger of one request in words: what the components of its page draw.
"""

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supportops.ui.marks import mirror_words
from workflow.gitlab.fields import CLOSED, IN_WORDS, OPENED, in_words
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import SchemeLabel
from workflow.gitlab.render import title_of
from workflow.pages import panels
from workflow.pages.access import visible_issue
from workflow.permissions import sees_internal
from workflow.states import ENDED

MOVING = frozenset({GitLabLink.Status.BEHIND, GitLabLink.Status.CREATING, GitLabLink.Status.UNKNOWN})
"""Statuses that change by themselves, so that the page looks again."""
LET_GO = "let_go"


def register():
    """Show the mirror on the page of every request that has a tracker."""
    panels.register(panel_of, related=("mirror",))


def panel_of(issue):
    """The labels and the GitLab issue among the facts, and the mirror's panel below the story."""
    if not issue.tracker_id:
        return None
    labels = Labels(issue)
    facts = [{"label": "Labels", "kind": "labels", "value": labels.chips(), "wide": True}]
    mirror = mirror_row(issue)
    if mirror and mirror.link:
        facts.append({"label": "GitLab", "value": f"#{mirror.iid}", "url": mirror.link})
    return panels.Panel("gitlab/_mirror.html", {"mirror": mirror_of(issue, labels), "mirror_url": polls(issue)}, facts)


@require_safe
@never_cache
def mirror(request, number):
    """The mirror's panel alone, for the page to put in place of its own."""
    issue = visible_issue(request, number)
    context = {"issue": issue, "mirror": mirror_of(issue), "mirror_url": polls(issue)}
    return render(request, "gitlab/_mirror.html", context)


def mirror_row(issue):
    """The request's mirror row, or None; read once per request object."""
    return getattr(issue, "mirror", None)


class Labels:
    """The labels a request carries in GitLab, with their colours, by the active scheme; read once."""

    def __init__(self, issue):
        active = SchemeLabel.objects.filter(scheme__is_active=True, alias=False)
        written, self.colours = {}, {}
        for family, key, name, colour in active.values_list("family", "key", "name", "color"):
            written.setdefault((family, key), []).append(name)
            self.colours[name] = colour
        families = Labelling(written, {}).wanted(issue).values()
        self.wanted = sorted({name for names in families for name in names})

    def chips(self):
        """The labels as a fact shows them."""
        return [{"name": name, "color": self.colours[name]} for name in self.wanted]


def mirror_of(issue, labels=None):
    """What the mirror_panel component draws, or None without a tracker. Reads the labels if not handed in."""
    mirror = mirror_row(issue)
    if mirror is None:
        return None
    in_step = mirror.status == GitLabLink.Status.IN_STEP and not mirror.last_synced.get("dropped")
    compared = [] if in_step or not mirror.exists else differences(issue, mirror.last_synced, labels or Labels(issue))
    return {
        "status": mark_of(mirror),
        "words": _words(mirror),
        "url": mirror.link,
        "reference": f"{issue.tracker} #{mirror.iid}" if mirror.exists else "",
        "at": mirror.pushed_at,
        "differences": compared,
        "action": {
            "label": "Details",
            "url": reverse("sync", args=[issue.pk]),
            "variant": "quiet",
            "size": "small",
        },
    }


def mark_of(mirror):
    """The name of how a mirror stands, for its icon and words: its status, or that somebody let the issue go."""
    gone = mirror.status == GitLabLink.Status.ORPHANED and not mirror.parked
    return LET_GO if gone else mirror.status.replace("-", "_")


def _words(mirror):
    """The last error in words; empty where the component's own sentence says it all."""
    error = mirror.last_error.strip()
    if mirror.status == GitLabLink.Status.BEHIND and not mirror.exists and not error:
        return "The GitLab issue is about to be created"
    if not error or mark_of(mirror) == LET_GO:
        return ""
    if mirror.status in GitLabLink.NEEDS_A_PERSON:
        return f"Needs a person: {error}"
    return (
        f"In step, except for one thing: {error}" if mirror.status == GitLabLink.Status.IN_STEP else f"Behind: {error}"
    )


def polls(issue):
    """The address to ask for the panel again, or an empty text when nothing moves by itself."""
    mirror = mirror_row(issue)
    return reverse("mirror", args=[issue.pk]) if mirror and mirror.status in MOVING else ""


def differences(issue, last_synced, labels):
    """Rows of what the portal wants and GitLab was last seen with, where they are not the same."""
    seen = last_synced.get("fields", {})
    pairs = {
        "Title": (title_of(issue), seen.get("title")),
        "Labels": (", ".join(labels.wanted), ", ".join(_names(seen.get("labels", {})))),
        "State": (CLOSED if issue.state in ENDED else OPENED, seen.get("state")),
        "Due date": (issue.due_date.isoformat() if issue.due_date else None, seen.get("due_date")),
        "Confidential": (_yes_no(issue.confidential), _yes_no(seen.get("confidential"))),
    }
    rows = [
        {"field": field, "intended": wanted or "None", "observed": shown or "None"}
        for field, (wanted, shown) in pairs.items()
        if (wanted or "") != (shown or "")
    ]
    dropped = in_words(name for name in last_synced.get("dropped", []) if name in IN_WORDS)
    return [*rows, *([{"field": "Not taken over", "intended": dropped, "observed": "As it was"}] if dropped else [])]


def _names(families):
    return sorted({name for names in families.values() for name in names})


def _yes_no(value):
    return "Yes" if value else "No"


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
    if mirror.parked and mirror.status in GitLabLink.NEEDS_A_PERSON:
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
    waits = mirror.status == GitLabLink.Status.BEHIND
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
