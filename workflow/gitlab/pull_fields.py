"""Takes shared fields that people changed in GitLab, each through the door that pages use, as that person."""

from datetime import date

from django.db.models import Q
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions import Incomplete, Refused, assign, set_due_date, set_priority, take_step
from workflow.actions.from_gitlab import set_customer, set_system
from workflow.gitlab.escaping import without_breaks
from workflow.gitlab.identities import known_as, stranger
from workflow.gitlab.intent_steps import Undone, open_words
from workflow.gitlab.merge import OURS, THEIRS
from workflow.gitlab.models.connection import SchemeLabel
from workflow.models import Issue
from workflow.states import Source
from workflow.verbs import Verb

Family = SchemeLabel.Family
IN_WORDS = {
    "title": "The title",
    "due_date": "The due date",
    "assignee": "The assignee",
    "labels.customer": "The customer label",
    "labels.priority": "The priority label",
    "labels.system": "The system label",
}
_DATA = {"labels.customer": "customer", "labels.priority": "priority", "labels.system": "system"}


def take(run, name, value, somebody):
    """Give the request GitLab's value of a shared field. Returns None (taken, or nothing to do) or Undone."""
    person, issue = known_as(somebody), Issue.objects.get(pk=run.mirror.pk)
    if person is None:
        return Undone(somebody, IN_WORDS[name], stranger(somebody))
    try:
        _TAKE[name](run, issue, value, person)
    except Refused as refused:
        return Undone(somebody, IN_WORDS[name], open_words(refused, person, issue))
    except Incomplete as incomplete:
        return Undone(somebody, IN_WORDS[name], str(incomplete))
    return None


def _title(run, issue, value, person):
    title = without_breaks(value).strip()
    if title and title != issue.title:
        take_step(issue.pk, Verb.EDIT, by=person, given={"title": title}, source=Source.GITLAB)


def _due_date(run, issue, value, person):
    set_due_date(issue.pk, date.fromisoformat(value) if value else None, by=person, source=Source.GITLAB)


def _assignee(run, issue, value, person):
    assignee = None
    if value is not None:
        assignee = User.objects.filter(gitlab_id=value).first() or known_as(run.person(value))
        if assignee is None:
            raise Incomplete({"assignee": stranger(run.person(value))})
    assign(issue.pk, assignee, by=person, source=Source.GITLAB)


def _priority(run, issue, value, person):
    key = _key(run, Family.PRIORITY, value)
    set_priority(issue.pk, int(key) if key else None, by=person, source=Source.GITLAB)


def _customer(run, issue, value, person):
    set_customer(issue.pk, _key(run, Family.CUSTOMER, value), by=person, source=Source.GITLAB)


def _system(run, issue, value, person):
    set_system(issue.pk, _key(run, Family.SYSTEM, value), by=person, source=Source.GITLAB)


def _key(run, family, names):
    """What the family's one label stands for; "" for none."""
    meaning = run.spelling.meaning(family, names[0]) if names else ()
    return min(meaning, default="")


_TAKE = {
    "title": _title,
    "due_date": _due_date,
    "assignee": _assignee,
    "labels.priority": _priority,
    "labels.customer": _customer,
    "labels.system": _system,
}


def who_changed(history, owned, name):
    """(who changed a field in GitLab last, when), as far as GitLab tells."""
    if name.startswith("labels."):
        return history.who_labelled(owned[name.partition(".")[2]])
    return history.who(name)


def newer_side(run, history, owned, name):
    """OURS or THEIRS: whichever changed the field later, by one clock; what GitLab does not date is as old as the
    request."""
    _, theirs = who_changed(history, owned, name)
    ours = changed_here(run.issue, name)
    skew = run.now - timezone.now()
    return THEIRS if theirs and (ours is None or theirs > ours.at + skew) else OURS


def changed_here(issue, name):
    """The last event of the portal's side that changed the field, or None."""
    field = _DATA.get(name, name)
    about = Q(data__has_key=field) | (Q(verb=Verb.ACCEPT) if field == "assignee" else Q())
    return issue.events.exclude(source=Source.GITLAB).filter(about).order_by("-at", "-pk").first()
