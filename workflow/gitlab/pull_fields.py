"""Takes shared fields that people changed in GitLab, each as its row of ``fields`` says, as the person who did it."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from workflow.actions import Incomplete, Refused
from workflow.gitlab.activity import History
from workflow.gitlab.fields import BY_NAME, Value
from workflow.gitlab.identities import known_as, stranger
from workflow.gitlab.intent_steps import Undone, open_words
from workflow.gitlab.labels import Labelling
from workflow.gitlab.merge import OURS, THEIRS
from workflow.gitlab.schemas import Person
from workflow.models import Event, Issue
from workflow.states import Source
from workflow.verbs import Verb


def said(name: str) -> str:
    """The field as a sentence about it begins."""
    return f"The {BY_NAME[name].label.lower()}"


def take(run, name: str, value: Value, somebody: Person | None) -> Undone | None:
    """Give the request GitLab's value of a shared field. Returns None (taken, or nothing to do) or Undone."""
    person, issue = known_as(somebody), Issue.objects.get(pk=run.mirror.pk)
    if person is None:
        return Undone(somebody, said(name), stranger(somebody))
    try:
        BY_NAME[name].take(run, issue, value, person)
    except Refused as refused:
        return Undone(somebody, said(name), open_words(refused, person, issue))
    except Incomplete as incomplete:
        return Undone(somebody, said(name), str(incomplete))
    return None


def who_changed(history: History, labelling: Labelling, name: str) -> tuple[Person | None, datetime | None]:
    """(who changed a field in GitLab last, when), as far as GitLab tells."""
    field = BY_NAME[name]
    return history.who_labelled(labelling.owned[field.family]) if field.family else history.who(field.noted)


def newer_side(run, history: History, name: str) -> str:
    """OURS or THEIRS: whichever changed the field later, by one clock; what GitLab does not date is as old as the
    request."""
    _, theirs = who_changed(history, run.labelling, name)
    ours = changed_here(run.issue, name)
    skew = run.now - timezone.now()
    return THEIRS if theirs and (ours is None or theirs > ours.at + skew) else OURS


def changed_here(issue: Issue, name: str) -> Event | None:
    """The last event of the portal's side that changed the field, or None."""
    key = BY_NAME[name].event or name
    about = Q(data__has_key=key) | (Q(verb=Verb.ACCEPT) if key == "assignee" else Q())
    return issue.events.exclude(source=Source.GITLAB).filter(about).order_by("-at", "-pk").first()
