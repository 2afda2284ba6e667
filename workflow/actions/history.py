"""Writes what happened: the event, GitLab's wanted version and note, and who should hear of it. Same transaction,
always."""

from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.participants import touched_by
from workflow.actions.signals import announce
from workflow.models import Event, Mirror, NoteMirror, Notice
from workflow.permissions import may_see
from workflow.states import Act, Court, Source, State, Verb

NOTED = frozenset(
    {
        Verb.APPROVE,
        Verb.DECLINE,
        Verb.WAIVE_APPROVAL,
        Verb.RECLASSIFY,
        Verb.ASK,
        Verb.ANSWER,
        Verb.ESCALATE,
        Verb.SHELVE,
        Verb.SUBMIT_GAMEPLAN,
        Verb.REQUEST_VALIDATION,
        Verb.VALIDATE,
        Verb.SEND_BACK,
        Verb.COMPLETE,
        Verb.CONTINUE_IN,
        Verb.BLOCK,
        Act.REVIEW,
        Verb.CLOSE,
        Verb.WITHDRAW,
        Verb.REOPEN,
    }
)
"""Steps people on the GitLab side read as a comment; the others show in labels, milestone and text."""


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
    mirror = Mirror.objects.filter(pk=issue.pk).first()
    if mirror:
        mirror.want_push()
        if verb in NOTED:
            NoteMirror.objects.create(issue=issue, event=event, due_at=timezone.now())
    tell_people(issue, event=event, actor=by)
    announce(issue.pk)
    return event


def tell_people(issue, *, actor, event=None, comment=None):
    """Put a notice in the inbox of everybody concerned but the one who did it; each gets one, with the strongest
    reason."""
    touched = touched_by(issue, event) if event else []
    reasons = dict.fromkeys((person.pk for person in touched), Notice.Reason.TOUCHED)
    reasons |= dict.fromkeys(issue.watches.values_list("person_id", flat=True), Notice.Reason.WATCHED)
    reasons[issue.requester_id] = Notice.Reason.FILED
    reasons.update(dict.fromkeys(_whose_turn(issue), Notice.Reason.NEEDS_YOU) if event and event.changed_state else {})
    reasons.pop(actor.pk if actor else None, None)
    if comment is not None and comment.internal:
        ops = set(User.objects.ops().values_list("pk", flat=True))
        reasons = {person: reason for person, reason in reasons.items() if person in ops}
    readers = {person.pk for person in User.objects.filter(pk__in=reasons) if may_see(person, issue)}
    Notice.objects.bulk_create(
        Notice(person_id=person, issue=issue, event=event, comment=comment, reason=reason)
        for person, reason in reasons.items()
        if person in readers
    )


def _whose_turn(issue):
    if issue.court == Court.APPROVER:
        return issue.approver_ids
    if issue.state == State.VALIDATION:
        return {issue.requester_id, *issue.delegate_ids} - issue.implementer_ids
    if issue.court == Court.REQUESTER:
        return {issue.requester_id}
    return {issue.assignee_id} - {None} if issue.is_open else set()
