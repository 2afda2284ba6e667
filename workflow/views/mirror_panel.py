"""The mirror on the request page: the link to GitLab, how far behind it is, and where intended and observed differ."""

from django.urls import reverse

from workflow.gitlab.fields import CLOSED, IN_WORDS, OPENED, in_words
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import SchemeLabel
from workflow.gitlab.render import title_of
from workflow.models import Mirror
from workflow.states import ENDED

MOVING = frozenset({Mirror.Status.BEHIND, Mirror.Status.CREATING, Mirror.Status.UNKNOWN})
"""Statuses that change by themselves, so that the page looks again."""
LET_GO = "let_go"


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
    mirror = getattr(issue, "mirror", None)
    if mirror is None:
        return None
    in_step = mirror.status == Mirror.Status.IN_STEP and not mirror.shadow.get("dropped")
    compared = [] if in_step or not mirror.exists else differences(issue, mirror.shadow, labels or Labels(issue))
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
    gone = mirror.status == Mirror.Status.ORPHANED and not mirror.parked
    return LET_GO if gone else mirror.status.replace("-", "_")


def _words(mirror):
    """The last error in words; empty where the component's own sentence says it all."""
    error = mirror.last_error.strip()
    if mirror.status == Mirror.Status.BEHIND and not mirror.exists and not error:
        return "The GitLab issue is about to be created"
    if not error or mark_of(mirror) == LET_GO:
        return ""
    if mirror.status in Mirror.NEEDS_A_PERSON:
        return f"Needs a person: {error}"
    return f"In step, except for one thing: {error}" if mirror.status == Mirror.Status.IN_STEP else f"Behind: {error}"


def polls(issue):
    """The address to ask for the panel again, or an empty text when nothing moves by itself."""
    mirror = getattr(issue, "mirror", None)
    return reverse("mirror", args=[issue.pk]) if mirror and mirror.status in MOVING else ""


def differences(issue, shadow, labels):
    """Rows of what the portal wants and GitLab was last seen with, where they are not the same."""
    seen = shadow.get("fields", {})
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
    dropped = in_words(name for name in shadow.get("dropped", []) if name in IN_WORDS)
    return [*rows, *([{"field": "Not taken over", "intended": dropped, "observed": "As it was"}] if dropped else [])]


def _names(families):
    return sorted({name for names in families.values() for name in names})


def _yes_no(value):
    return "Yes" if value else "No"
