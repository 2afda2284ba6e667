"""The story of a request: steps as one-line rows, comments as cards, in time order."""

from itertools import groupby

from django.urls import reverse
from django.utils import timezone

from supportops.ui.marks import STATE_ICONS
from workflow.models.event import SUBMIT
from workflow.stages import COURT
from workflow.states import Source, State
from workflow.views.words import ICONS, labels_of, line_of


def entries_of(found):
    """What the timeline component draws, from a Reading, with a line for each new day."""
    files = {}
    for file in found.files:
        files.setdefault(file["facts"]["comment"], []).append(file)
    labels = labels_of(found.issue)
    rows = [
        _comment(found, row, files) if row["what"] == "comment" else _event(found, row, labels) for row in found.story
    ]
    entries = []
    for day, of_the_day in groupby(rows, key=lambda row: timezone.localtime(row["at"]).date()):
        entries += [{"type": "day", "day": day}, *of_the_day]
    return entries


def _event(found, row, labels):
    return {
        "type": "event",
        "id": f"event-{row['number']}",
        "person": _who(found, row),
        "on_behalf_of": found.person(row["behalf_id"]),
        "text": line_of(row, labels),
        "at": row["when"],
        "icon": ICONS.get(row["did"]) or STATE_ICONS.get(row["after"]),
        "court": court_of(row["after"]) if row["before"] != row["after"] or row["did"] == SUBMIT else "",
        "source": _source(row),
        "words": row["words"],
    }


def _comment(found, row, files):
    deleted = bool(row["facts"]["deleted"])
    given = [] if deleted else files.get(row["number"], [])
    return {
        "type": "comment",
        "id": f"comment-{row['number']}",
        "person": _who(found, row),
        "note": "Requester" if row["person_id"] == found.issue.requester_id else "",
        "at": row["when"],
        "body": "*This comment was deleted in GitLab.*" if deleted else row["words"],
        "internal": bool(row["facts"]["internal"]),
        "source": _source(row),
        "attachments": [file_row(found, file) for file in given],
    }


def file_row(found, row):
    """A file as the attachments component draws it."""
    return {
        "name": row["facts"]["name"],
        "url": reverse("attachment", args=[found.issue.pk, row["number"]]),
        "size": row["facts"]["size"],
        "by": found.person(row["person_id"]),
        "note": "Only Support Operations" if row["facts"]["internal"] else "",
    }


def court_of(state):
    """The colour a state has: its court, or how it ended."""
    return {State.COMPLETED: "done", State.CLOSED: "closed"}.get(state) or COURT[state]


def _who(found, row):
    if row["came_from"] == Source.CALENDAR:
        return "The calendar"
    nobody = "GitLab" if row["came_from"] == Source.GITLAB else "The portal"
    return found.person(row["person_id"]) or row["facts"].get("author") or nobody


def _source(row):
    return "GitLab" if row["came_from"] == Source.GITLAB else ""
