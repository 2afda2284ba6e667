"""The only door: every change of state goes through ``take_step``, whoever asks and from wherever.

Lock, check, step, history, commit: all of it or nothing (domain.md §3, "Rules that hold everywhere").

What each verb does to the rows around the state, inside the door's transaction.

BEFORE runs before the transition and may return what else it changed (``history.Effect``). AFTER runs on the saved
request, before the event is written, THEN after it. None of them does any I/O but the database's.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions import approvals, validation
from workflow.actions.checklist import words_failed
from workflow.actions.editing import apply_edit
from workflow.actions.errors import Refused
from workflow.actions.fields import tell_people_needed
from workflow.actions.follow_ups import continue_in
from workflow.actions.history import Effect, record
from workflow.actions.locking import again_after_a_clash, locked
from workflow.actions.participation import take_part
from workflow.actions.requirements import Given, check_given
from workflow.actions.signals import tracker_given
from workflow.actions.submission import link
from workflow.catalogue.answers import fields_fed_by, merged, system_of
from workflow.models import ApprovalRound, Decision, Event, Issue, IssueLink, ValidationRound
from workflow.permissions import refusal
from workflow.states import Outcome, Source, State
from workflow.verbs import Verb

Before = Callable[[Issue, User, Given], Effect | None]
_CONFIRMED: tuple[Literal["customer", "system", "priority"], ...] = ("customer", "system", "priority")
_FOR_ABSENT = frozenset(verb for verb in Verb if verb.row.for_absent)


@again_after_a_clash
def take_step(
    number: int,
    verb: str,
    *,
    by: User | None,
    given: Given | None = None,
    version: int | None = None,
    source: Source = Source.PORTAL,
) -> Issue:
    """Take one step of a request's life and return the request as it is afterwards.

    ``by``: the person (None only for the calendar). ``given``: what the verb must be given, by name (``required`` in
    its row). ``version``: the one the person looked at. Who decides for somebody away is recorded as “B for A”. Raises
    Stale, Refused or Incomplete, in this order, and then nothing changed.
    """
    given = given or {}
    with locked(number, version=version) as issue:
        if reason := refusal(by, verb, issue, source=source):
            raise Refused(reason)
        check_given(verb, issue, given, source=source)
        on_behalf_of = issue.behalf_of(by) if verb in _FOR_ABSENT else None
        return _step(issue, verb, by=by, given=given, source=source, on_behalf_of=on_behalf_of)


def _step(
    issue: Issue, verb: str, *, by: User | None, given: Given, source: Source, on_behalf_of: User | None
) -> Issue:
    before, asked = issue.state, set(issue.approver_ids)
    change = BEFORE[verb](issue, _person(by, verb), given) if verb in BEFORE else None
    change = change or {}
    if not change.get("stays"):
        getattr(issue, verb.replace("-", "_"))(**change.get("transition", {}))
    issue.version += 1
    if issue.state != before:
        issue.state_since = timezone.now()
        freeze_gates(issue)
    issue.save()
    if verb in AFTER:
        AFTER[verb](issue, _person(by, verb), given)
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


def _person(by: User | None, verb: str) -> User:
    """Who takes a step that has effects; the calendar takes none of those."""
    if by is None:
        raise TypeError(f"Only a person takes the step “{verb}”.")
    return by


def _tell_who_is_next(issue: Issue, event: Event, asked: Collection[int]) -> None:
    """A decision that completes nothing yet may bring others' turn; ``asked``: the ids of those whose turn it was."""
    for person in User.objects.filter(pk__in=issue.approver_ids - asked):
        tell_people_needed(issue, event, person)


def _decide(verdict: Decision.Verdict) -> Before:
    def before(issue: Issue, by: User, given: Given) -> Effect:
        answers = given.get("answers", [])
        goes_on, data = approvals.decide(issue, verdict, by=by, text=given.get("text") or "", answers=answers)
        issue.answers = merged(issue.answers, answers)
        return {"stays": goes_on, "data": data}

    return before


def _waive(issue: Issue, by: User, given: Given) -> None:
    approvals.end_round(issue, ApprovalRound.Outcome.WAIVED)


def _reclassify(issue: Issue, by: User, given: Given) -> Effect:
    old, new = issue.route, given["route"]
    issue.answers = merged(issue.answers, given.get("answers", []))
    issue.restricted_to = new.restricted_to or issue.restricted_to
    issue.milestone = None
    issue.system = system_of(new.key) or issue.system
    for name, value in fields_fed_by(given.get("answers", [])).items():
        setattr(issue, name, value)
    freeze_gates(issue)
    return {"transition": {"route": new}, "data": {"route": [old.key, new.key]}}


def _open_round_if_waiting(issue: Issue, by: User, given: Given) -> None:
    if issue.state in {State.APPROVAL, State.DISCUSSION} and issue.open_round is None:
        chosen = given.get("approver") or approvals.last_asked(issue)
        issue.forget_people()
        approvals.open_round(issue, approvals.approver_for(issue.route, issue.requester, chosen))
        issue.forget_people()


def _begin_anew(issue: Issue, by: User, given: Given) -> None:
    _open_round_if_waiting(issue, by, given)
    tracker_given.send(sender=None, issue=issue)


def _accept(issue: Issue, by: User, given: Given) -> Effect:
    data: dict[str, Any] = {
        name: [getattr(issue, name), given[name]] for name in _CONFIRMED if getattr(issue, name) != given[name]
    }
    issue.customer, issue.system, issue.priority = given["customer"], given["system"], given["priority"]
    issue.assignee = given.get("assignee") or issue.assignee or by
    take_part(issue, [issue.assignee])
    return {"data": data}


def _escalate(issue: Issue, by: User, given: Given) -> None:
    issue.escalated_by = by


def _submit_gameplan(issue: Issue, by: User, given: Given) -> Effect:
    issue.gameplan = given["text"]
    outcome = issue.gate_outcome
    return {"transition": {"outcome": outcome}, "data": {"gate": outcome} if outcome else {}}


def _schedule(issue: Issue, by: User, given: Given) -> Effect:
    old = issue.milestone
    return {
        "transition": {"milestone": given["milestone"]},
        "data": {"milestone": [old and old.title, given["milestone"].title]},
    }


def _request_validation(issue: Issue, by: User, given: Given) -> Effect:
    asked = validation.open_validation(issue, by=by, text=given["text"], items=given.get("items"))
    issue.validation_brief, issue.implemented_by = asked, issue.assignee or by
    return {"text": asked}


def _validate(issue: Issue, by: User, given: Given) -> Effect:
    ticked = validation.tick_the_rest(issue, by=by, ticked=given.get("ticked") or ())
    validation.end_validation(issue, ValidationRound.Outcome.VALIDATED)
    return {"data": {"ticked": ticked} if ticked[1] else {}}


def _send_back(issue: Issue, by: User, given: Given) -> Effect:
    failed, asked = validation.fail_the_rest(issue, by=by, failed=given.get("failed") or {}), len(issue.checklist)
    validation.end_validation(issue, ValidationRound.Outcome.SENT_BACK)
    text = words_failed(failed, given.get("text") or "")
    return {"text": text, "data": {"failed": [len(failed), asked]} if failed else {}}


def _block(issue: Issue, by: User, given: Given) -> Effect:
    issue.blocked_by, issue.unblock_when = given["blocked_by"], given["unblock_when"]
    return {"data": {"blocked_by": given["blocked_by"], "unblock_when": given["unblock_when"]}}


def _close(issue: Issue, by: User, given: Given) -> Effect:
    outcome = Outcome(given["outcome"])
    data: dict[str, Any] = {"outcome": outcome}
    if outcome == Outcome.DUPLICATE and (original := given.get("duplicate_of")):
        data["duplicate_of"] = original.pk
        link(issue, original, IssueLink.Type.DUPLICATE_OF)
    return {"transition": {"outcome": outcome}, "data": data}


def _end_round(issue: Issue, by: User, given: Given) -> None:
    approvals.end_round(issue, ApprovalRound.Outcome.ENDED)
    validation.end_validation(issue, ValidationRound.Outcome.ENDED)


def _reopen(issue: Issue, by: User, given: Given) -> Effect:
    if issue.outcome == Outcome.WITHDRAWN:
        issue.answers = approvals.without_approvers_part(issue.answers)
    return {"data": {"outcome": issue.outcome}}


def freeze_gates(issue: Issue) -> None:
    """Freeze every open path: it was used, or the request left the place it was walked for."""
    issue.gate_paths.filter(frozen_at__isnull=True).update(frozen_at=timezone.now())


BEFORE: Mapping[str, Before] = {
    Verb.APPROVE: _decide(Decision.Verdict.APPROVED),
    Verb.DECLINE: _decide(Decision.Verdict.DECLINED),
    Verb.WAIVE_APPROVAL: _waive,
    Verb.EDIT: apply_edit,
    Verb.RECLASSIFY: _reclassify,
    Verb.ACCEPT: _accept,
    Verb.ESCALATE: _escalate,
    Verb.SUBMIT_GAMEPLAN: _submit_gameplan,
    Verb.SCHEDULE: _schedule,
    Verb.REQUEST_VALIDATION: _request_validation,
    Verb.VALIDATE: _validate,
    Verb.SEND_BACK: _send_back,
    Verb.CONTINUE_IN: continue_in,
    Verb.BLOCK: _block,
    Verb.CLOSE: _close,
    Verb.REOPEN: _reopen,
}
AFTER: Mapping[str, Callable[[Issue, User, Given], None]] = {
    Verb.RECLASSIFY: _begin_anew,
    Verb.REOPEN: _open_round_if_waiting,
    Verb.CLOSE: _end_round,
    Verb.WITHDRAW: _end_round,
}
THEN: Mapping[str, Callable[[Issue], None]] = {Verb.SEND_BACK: validation.raise_if_bounced}
