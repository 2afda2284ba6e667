"""The only door: every change of state goes through ``take_step``, whoever asks and from wherever.

Lock, check, step, history, commit: all of it or nothing (domain.md §3, "Rules that hold everywhere").
"""

from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.clashes import again_after_a_clash
from workflow.actions.effects import AFTER, BEFORE, THEN, freeze_gates
from workflow.actions.errors import Refused
from workflow.actions.given import check_given
from workflow.actions.history import record
from workflow.actions.lock import locked
from workflow.actions.siblings import tell_people_needed
from workflow.permissions import refusal
from workflow.states import Source, Verb

DECIDED_FOR_OTHERS = frozenset({Verb.APPROVE, Verb.DECLINE, Verb.ASK})
"""The steps somebody takes for an approver who is away."""


@again_after_a_clash
def take_step(number, verb, *, by, given=None, version=None, source=Source.PORTAL):
    """Take one step of a request's life and return the request as it is afterwards.

    ``by``: the person (None only for the calendar). ``given``: what the verb must be given, by name (given.REQUIRED).
    ``version``: the one the person looked at. Who decides for somebody away is recorded as “B for A”. Raises Stale,
    Refused
    or Incomplete, in this order, and then nothing changed.
    """
    given = given or {}
    with locked(number, version=version) as issue:
        if reason := refusal(by, verb, issue, source=source):
            raise Refused(reason)
        check_given(verb, issue, given, source=source)
        on_behalf_of = issue.behalf_of(by) if verb in DECIDED_FOR_OTHERS else None
        return _step(issue, verb, by=by, given=given, source=source, on_behalf_of=on_behalf_of)


def _step(issue, verb, *, by, given, source, on_behalf_of):
    before, asked = issue.state, set(issue.approver_ids)
    change = BEFORE[verb](issue, by, given) if verb in BEFORE else None
    change = change or {}
    if not change.get("stays"):
        getattr(issue, verb.replace("-", "_"))(**change.get("transition", {}))
    issue.version += 1
    if issue.state != before:
        issue.state_since = timezone.now()
        freeze_gates(issue)
    issue.save()
    if verb in AFTER:
        AFTER[verb](issue, by, given)
    event = record(
        issue,
        verb,
        by=by,
        from_state=before,
        source=source,
        on_behalf_of=on_behalf_of,
        text=change.get("text", given.get("text") or ""),
        data=change.get("data", {}),
    )
    if verb in THEN:
        THEN[verb](issue)
    if change.get("stays"):
        _tell_who_is_next(issue, event, asked)
    return issue


def _tell_who_is_next(issue, event, asked):
    """A decision that completes nothing yet may bring others' turn; ``asked``: the ids of those whose turn it was."""
    for person in User.objects.filter(pk__in=issue.approver_ids - asked):
        tell_people_needed(issue, event, person)
