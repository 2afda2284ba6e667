"""The one table of who may: read by the door, the buttons, the queues and their counts.

``refusal`` returns the sentence a person reads, or None when they may. It knows models by their attributes only, so
a test
can run it over plain objects. Who may do what: domain.md §1 and §3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from supportops.accounts.roles import is_lead, is_ops
from workflow.catalogue.kinds import WORKED_ON
from workflow.gates import GateOutcome, gate_at
from workflow.states import ENDED, OPEN, Outcome, Source, State, standing
from workflow.verbs import ROWS, Act, Verb, require_each

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from supportops.accounts.models import User
    from workflow.models import Issue

Rule = Callable[["User", "Issue"], str | None]
REOPEN_WINDOW = timedelta(days=14)
_HIDDEN = "There is no such request."


def may_see(person: User, issue: Issue) -> bool:
    """Whether this request exists for the person. Open ones exist for everybody who signed in (domain.md §1)."""
    if not person.is_active:
        return False
    return (
        issue.restricted_to_id is None
        or person.pk == issue.requester_id
        or person.pk in issue.approver_ids
        or person.pk in issue.delegate_ids
        or issue.restricted_to_id in person.group_ids
    )


def sees_internal(person: User | AnonymousUser) -> bool:
    """Whether internal notes are for this person's eyes."""
    return is_ops(person)


def refusal(person: User | None, verb: str, issue: Issue, *, source: str = Source.PORTAL) -> str | None:
    """Why this person may not do this to this request now, or None if they may.

    ``person``: None only for the calendar. ``verb`` is a Verb or an Act. The sentence names the fact and, where it
    helps, who may.
    """
    if source == Source.CALENDAR:
        return None if verb in _CALENDAR and issue.can(verb) else "The calendar does not take this step."
    if person is None or not may_see(person, issue):
        return _HIDDEN
    if verb in Verb and not issue.can(verb):
        return _not_from_here(verb, issue)
    return _RULES[verb](person, issue)


def refusal_to_take_back(person: User, issue: Issue) -> str | None:
    """Why this person may not end a delegation, or None: who may delegate may, after the end of the request too."""
    return _delegate(person, issue) if may_see(person, issue) else _HIDDEN


def _not_from_here(verb: str, issue: Issue) -> str:
    label = ROWS[verb].label
    kind = issue.get_kind_display().lower()
    article = "an" if kind[0] in "aeiou" else "a"
    if issue.state in ENDED and verb == Verb.REOPEN:
        return f"This ended as “{issue.get_outcome_display().lower()}”, which is final. File a new request instead."
    return f"“{label}” is not a step of {article} {kind} request that is {standing(issue.state)}."


def _names(people: Iterable[User], otherwise: str) -> str:
    return " or ".join(str(person) for person in people) or otherwise


# Who -----------------------------------------------------------------------------------------------------------------


def _anyone(person: User, issue: Issue) -> None:
    return None


def _ops(person: User, issue: Issue) -> str | None:
    return None if is_ops(person) else "Only Support Operations may do this."


def _requester(person: User, issue: Issue) -> str | None:
    return None if person.pk == issue.requester_id else f"Only the requester, {issue.requester}, may do this."


def _requester_or_ops(person: User, issue: Issue) -> str | None:
    if person.pk == issue.requester_id or is_ops(person):
        return None
    return f"Only the requester, {issue.requester}, or Support Operations may do this."


def _lead(person: User, issue: Issue) -> str | None:
    """A lead; where there is none, any ops person but the one who escalated."""
    if is_lead(person):
        return None
    if issue.active_lead_exists:
        return "Only the lead of Support Operations may do this."
    if not is_ops(person):
        return "Only Support Operations may do this."
    return "You escalated this, so somebody else must decide." if person.pk == issue.escalated_by_id else None


def _approver(person: User, issue: Issue) -> str | None:
    if person.pk == issue.requester_id:
        return "You asked for this, so somebody else must decide."
    if person.pk in issue.approver_ids:
        return None
    if person.pk in issue.decided_ids:
        return "You have decided already in this round, so somebody else must."
    if not issue.approver_ids:
        return "Nobody can decide this yet: a lead must name an approver."
    return f"Only the approver, {_names([*issue.approvers, *issue.stand_ins.values()], 'nobody')}, may decide this."


# When ----------------------------------------------------------------------------------------------------------------


def _waive(person: User, issue: Issue) -> str | None:
    if reason := _ops(person, issue):
        return reason
    if person.pk == issue.requester_id:
        return "You asked for this, so you cannot waive its approval."
    return None if issue.route.waivable else "The approval of this kind of request cannot be waived."


def _ask(person: User, issue: Issue) -> str | None:
    return _approver(person, issue) if issue.state in {State.APPROVAL, State.DISCUSSION} else _ops(person, issue)


def _gated(outcomes: Collection[GateOutcome], missing: str) -> Rule:
    """Ops, and for a feature a finished gate path that leads to one of ``outcomes``."""

    def rule(person: User, issue: Issue) -> str | None:
        if reason := _ops(person, issue):
            return reason
        if gate_at(issue.kind, issue.state) is None or issue.gate_outcome in outcomes:
            return None
        return (
            missing
            if issue.gate_outcome is None
            else (f"The gate ended in “{GateOutcome(issue.gate_outcome).label.lower()}”, which does not lead here.")
        )

    return rule


def _shelve(person: User, issue: Issue) -> str | None:
    return _lead(person, issue) if issue.state == State.ESCALATED else _ops(person, issue)


def _close(person: User, issue: Issue) -> str | None:
    leads = issue.state in {State.ESCALATED, State.APPROVAL, State.DISCUSSION}
    return _lead(person, issue) if leads else _ops(person, issue)


def _validator(person: User, issue: Issue) -> str | None:
    if person.pk in issue.implementer_ids:
        return "You implemented this, so somebody else must validate it."
    if person.pk == issue.requester_id or person.pk in issue.delegate_ids:
        return None
    return f"Only {_names([issue.requester, *issue.delegates], 'the requester')} may validate this."


def _reopen(person: User, issue: Issue) -> str | None:
    if is_ops(person):
        return None
    own = issue.outcome == Outcome.COMPLETED or issue.outcome == Outcome.WITHDRAWN
    if person.pk != issue.requester_id or not own:
        return "Only Support Operations may reopen this."
    if timezone.now() - issue.state_since > REOPEN_WINDOW:
        return "It ended more than 14 days ago. Ask Support Operations to reopen it, or file a new request."
    return None


def _while_open(rule: Rule) -> Rule:
    def checked(person: User, issue: Issue) -> str | None:
        if issue.state not in OPEN:
            return f"This is {standing(issue.state)}. Reopen it first."
        return rule(person, issue)

    return checked


def _delegate(person: User, issue: Issue) -> str | None:
    """The requester; the lead when the requester has left or has been silent for five working days."""
    if issue.kind not in WORKED_ON:
        return f"{issue.get_kind_display()} requests are not validated, so there is nothing to delegate."
    if person.pk == issue.requester_id:
        return None
    if is_lead(person) and (not issue.requester.is_active or issue.requester_is_silent):
        return None
    return f"Only the requester, {issue.requester}, may delegate the validation."


def _move(person: User, issue: Issue) -> str | None:
    if issue.tracker_id is None:
        return f"{issue.get_kind_display()} requests have no tracker. Continue it in a request that has one."
    return _ops(person, issue)


def _gate(person: User, issue: Issue) -> str | None:
    if gate_at(issue.kind, issue.state) is None:
        return f"There is no gate to answer while this is {standing(issue.state)}."
    return _ops(person, issue)


def _name_approver(person: User, issue: Issue) -> str | None:
    """A lead, or the late approver's manager; never the requester, and so any of ops where no other lead is left."""
    if issue.state not in {State.APPROVAL, State.DISCUSSION}:
        return "No approval is waiting here."
    if person.pk in issue.overseer_ids:
        return None
    if person.pk == issue.requester_id:
        return "You asked for this, so somebody else must name who decides."
    return None if is_ops(person) and not issue.lead_besides_requester_exists else _lead(person, issue)


def _check(person: User, issue: Issue) -> str | None:
    if issue.state != State.VALIDATION:
        return f"The list is checked in validation; this is {standing(issue.state)}."
    return _validator(person, issue)


def _review(person: User, issue: Issue) -> str | None:
    if issue.state != State.BLOCKED:
        return f"Nothing blocks this: it is {standing(issue.state)}."
    return _ops(person, issue)


_CALENDAR: frozenset[str] = frozenset({Verb.START, "replan"})
_RULES: dict[str, Rule] = {
    Verb.APPROVE: _approver,
    Verb.DECLINE: _approver,
    Verb.WAIVE_APPROVAL: _waive,
    Verb.EDIT: _requester_or_ops,
    Verb.RECLASSIFY: _ops,
    Verb.ASK: _ask,
    Verb.ANSWER: _requester,
    Verb.ACCEPT: _gated({GateOutcome.APPROVED}, "Answer the triage gate first."),
    Verb.ESCALATE: _gated({GateOutcome.ESCALATE}, "Answer the triage gate first."),
    Verb.SHELVE: _shelve,
    Verb.RESUME: _ops,
    Verb.SUBMIT_GAMEPLAN: _gated({GateOutcome.APPROVED, GateOutcome.BACKLOG}, "Answer the gameplan gate first."),
    Verb.SCHEDULE: _ops,
    Verb.START: _ops,
    Verb.REQUEST_VALIDATION: _ops,
    Verb.VALIDATE: _validator,
    Verb.SEND_BACK: _validator,
    Verb.COMPLETE: _ops,
    Verb.CONTINUE_IN: _ops,
    Verb.BLOCK: _ops,
    Verb.UNBLOCK: _ops,
    Verb.CLOSE: _close,
    Verb.WITHDRAW: _requester,
    Verb.REOPEN: _reopen,
    Act.ASSIGN: _while_open(_ops),
    Act.PRIORITY: _while_open(_ops),
    Act.COMMENT: _anyone,
    Act.ATTACH: _requester_or_ops,
    Act.WATCH: _anyone,
    Act.DELEGATE: _while_open(_delegate),
    Act.DUE_DATE: _while_open(_requester_or_ops),
    Act.MOVE: _while_open(_move),
    Act.SPIN_OFF: _while_open(_ops),
    Act.GATE: _gate,
    Act.NAME_APPROVER: _name_approver,
    Act.CHECK: _while_open(_check),
    Act.REVIEW: _while_open(_review),
}
require_each((*Verb, *Act), _RULES, "rule of who may", "_RULES in workflow/permissions.py")
