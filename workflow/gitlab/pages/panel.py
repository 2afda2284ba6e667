"""The mirror on the request page: the link to GitLab, how far behind it is, and where intended and observed differ.

The ledger of one request in words: what the components of its page draw.
"""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.ui.marks import mirror_words
from workflow.actions.requirements import LONGEST_TEXT
from workflow.gitlab.escaping import without_breaks
from workflow.gitlab.fields import ON_THE_PAGE, Agreed, Field, PortalSide, Values, differs, in_words, wanted_of
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import GitLabLink, WebhookDelivery
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.status import FieldRow, Hanging, Known, Ledger, Stuck, stuck
from workflow.models import Issue
from workflow.pages import panels
from workflow.pages.access import visible_issue
from workflow.pages.panels import Panel
from workflow.permissions import sees_internal

MOVING = frozenset({GitLabLink.Status.BEHIND, GitLabLink.Status.CREATING, GitLabLink.Status.UNKNOWN})
"""Statuses that change by themselves, so that the page looks again."""
LET_GO = "let_go"


def register() -> None:
    """Show the mirror on the page of every request that has a tracker."""
    panels.register(panel_of, related=("mirror", "look"))


def panel_of(issue: Issue) -> Panel | None:
    """The labels and the GitLab issue among the facts, and the mirror's panel below the story."""
    if not issue.tracker_id:
        return None
    labelling = Labelling.read()
    facts: list[dict[str, Any]] = [
        {"label": "Labels", "kind": "labels", "value": _chips(issue, labelling), "wide": True}
    ]
    mirror = mirror_row(issue)
    if mirror and mirror.link:
        facts.append({"label": "GitLab", "value": f"#{mirror.iid}", "url": mirror.link})
    context = {
        "mirror": mirror_of(issue, labelling),
        "mirror_url": polls(issue),
        "added_in_gitlab": _added_in_gitlab(issue),
    }
    return panels.Panel("gitlab/_mirror.html", context, facts)


def _added_in_gitlab(issue: Issue) -> str:
    """What people wrote in GitLab around the portal's block; every push keeps it there (domain.md §6)."""
    look: PendingPull | None = getattr(issue, "look", None)
    words = without_breaks(look.shared_text) if look else ""
    return words if len(words) <= LONGEST_TEXT else f"{words[:LONGEST_TEXT]}\n\n… shortened; the rest is in GitLab."


@require_safe
@never_cache
def mirror(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """The mirror's panel alone, for the page to put in place of its own."""
    issue = visible_issue(request, number)
    context = {"issue": issue, "mirror": mirror_of(issue), "mirror_url": polls(issue)}
    return render(request, "gitlab/_mirror.html", context)


def mirror_row(issue: Issue) -> GitLabLink | None:
    """The request's mirror row, or None; read once per request object."""
    return getattr(issue, "mirror", None)


def _chips(issue: Issue, labelling: Labelling) -> list[dict[str, str]]:
    """The labels it carries in GitLab, as a fact shows them."""
    names = sorted({name for names in labelling.wanted(issue).values() for name in names})
    return [{"name": name, "color": labelling.colours[name]} for name in names]


def mirror_of(issue: Issue, labelling: Labelling | None = None) -> dict[str, Any] | None:
    """What the mirror_panel component draws, or None without a tracker. Reads the labels if not handed in."""
    mirror = mirror_row(issue)
    if mirror is None:
        return None
    same = not mirror.exists or mirror.in_step and not mirror.dropped
    return {
        "status": mark_of(mirror),
        "words": _words(mirror),
        "url": mirror.link,
        "reference": f"{issue.tracker} #{mirror.iid}" if mirror.exists else "",
        "at": mirror.pushed_at,
        "differences": [] if same else differences(issue, mirror, labelling or Labelling.read()),
        "action": {
            "label": "Details",
            "url": reverse("sync", args=[issue.pk]),
            "variant": "quiet",
            "size": "small",
        },
    }


def mark_of(mirror: GitLabLink) -> str:
    """The name of how a mirror stands, for its icon and words: its status, or that somebody let the issue go."""
    gone = mirror.status == GitLabLink.Status.ORPHANED and not mirror.parked
    return LET_GO if gone else mirror.status.replace("-", "_")


def _words(mirror: GitLabLink) -> str:
    """The last error in words; empty where the component's own sentence says it all."""
    error = mirror.last_error.strip()
    if mirror.status == GitLabLink.Status.BEHIND and not mirror.exists and not error:
        return "The GitLab issue is about to be created"
    if not error or mark_of(mirror) == LET_GO:
        return ""
    if stuck(mirror, None, piece=False):
        return f"Needs a person: {error}"
    return (
        f"In step, except for one thing: {error}" if mirror.status == GitLabLink.Status.IN_STEP else f"Behind: {error}"
    )


def polls(issue: Issue) -> str:
    """The address to ask for the panel again, or an empty text when nothing moves by itself."""
    mirror = mirror_row(issue)
    return reverse("mirror", args=[issue.pk]) if mirror and mirror.status in MOVING else ""


def differences(issue: Issue, mirror: GitLabLink, labelling: Labelling) -> list[dict[str, str]]:
    """Rows of what the portal wants and GitLab was last seen with, where they are not the same."""
    seen, names = Agreed.of(mirror).values, Known(issue)
    compared = [field for row in ON_THE_PAGE for field in row]
    wanted = wanted_of(PortalSide(issue, labelling), compared).kept
    unlike = differs(wanted, seen)
    rows = [
        {"field": _heading(row), "intended": _together(row, wanted, names), "observed": _together(row, seen, names)}
        for row in ON_THE_PAGE
        if any(field in unlike for field in row)
    ]
    dropped = in_words(mirror.dropped)
    return [*rows, *([{"field": "Not taken over", "intended": dropped, "observed": "As it was"}] if dropped else [])]


def _heading(row: tuple[Field, ...]) -> str:
    return row[0].label if len(row) == 1 else row[0].words.capitalize()


def _together(row: tuple[Field, ...], values: Values, names: Known) -> str:
    if len(row) == 1:
        return row[0].show(values.get(row[0].name), names)
    return ", ".join(sorted({name for field in row for name in values.get(field.name, ())})) or "None"


EVENTS = {
    "Issue Hook": "The issue changed",
    "Confidential Issue Hook": "The issue changed",
    "Note Hook": "A comment",
    "Confidential Note Hook": "An internal comment",
}
FROZEN = "The two sides changed the same thing back and forth, so neither is followed."


def ledger_words(ledger: Ledger, person: User) -> dict[str, Any]:
    """What the page shows of a Ledger to this person: internal comments only to whom they are for."""
    insider = sees_internal(person)
    return {
        "warning": _warning(ledger),
        "facts": list(_facts(ledger)),
        "fields": [_field(row) for row in ledger.fields],
        "hanging": [_hanging(row) for row in ledger.hanging if insider or not row.internal],
        "deliveries": [_delivery(row) for row in ledger.deliveries if insider or not row.internal],
    }


def _warning(ledger: Ledger) -> str:
    """Why it waits for a person, or an empty text."""
    match ledger.stuck:
        case Stuck.LINK:
            return ledger.mirror.last_error or mirror_words(mark_of(ledger.mirror))
        case Stuck.FIGHT if ledger.look:
            return ledger.look.last_error or FROZEN
        case Stuck.UNREAD if ledger.look:
            return ledger.look.last_error
        case Stuck.PIECE:
            return "Something that belongs to it could not be sent. It stands below."
    return ""


def _facts(ledger: Ledger) -> Iterator[dict[str, Any]]:
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


def _field(row: FieldRow) -> dict[str, Any]:
    """A FieldRow with how the two sides compare, in words."""
    words = "Same" if row.agrees else "Differs"
    return {
        "row": row,
        "compared": "GitLab did not take it" if row.dropped else words,
        "tone": "danger" if row.dropped else "" if row.agrees else "warning",
    }


def _hanging(row: Hanging) -> dict[str, Any]:
    return {"row": row, "next": "Waits for a person" if row.parked else ""}


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    """A webhook with what it led to, in words."""
    led_to = row.outcome or "Not read yet"
    if row.issue_id is not None and row.due_at is None and row.outcome == f"Look at SO-{row.issue_id}":
        led_to = "GitLab was read again"
    return {"at": row.received_at, "event": EVENTS.get(row.event, row.event or "Unknown"), "led_to": led_to}
