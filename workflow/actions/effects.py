"""What each verb does to the rows around the state, inside the door's transaction.

BEFORE runs before the transition and may return {"transition": keyword arguments of it, "data": what the event keeps,
"stays": whether no step is taken, because what was done is only a part of it, "text": what the event says in place of
the words given}. AFTER runs on the saved request, before the event is written, THEN after it. None of them does any I/O
but the database's.
"""

from django.utils import timezone

from workflow.actions import approvals, validation
from workflow.actions.checklist import words_failed
from workflow.actions.continuing import continue_in
from workflow.actions.editing import apply_edit
from workflow.actions.links import link
from workflow.actions.submission import mirror_from_now_on
from workflow.models import ApprovalRound, Decision, IssueLink, ValidationRound
from workflow.questions import fields_fed_by, merged, provider
from workflow.states import Outcome, State, Verb


def _decide(verdict):
    def before(issue, by, given):
        answers = given.get("answers", [])
        goes_on, data = approvals.decide(issue, verdict, by=by, text=given.get("text") or "", answers=answers)
        issue.answers = merged(issue.answers, answers)
        return {"stays": goes_on, "data": data}

    return before


def _waive(issue, by, given):
    approvals.end_round(issue, ApprovalRound.Outcome.WAIVED)


def _reclassify(issue, by, given):
    old, new = issue.route, given["route"]
    issue.answers = merged(issue.answers, given.get("answers", []))
    issue.restricted_to = new.restricted_to or issue.restricted_to
    issue.milestone = None
    issue.system = provider().system(new.key) or issue.system
    for name, value in fields_fed_by(given.get("answers", [])).items():
        setattr(issue, name, value)
    freeze_gates(issue)
    return {"transition": {"route": new}, "data": {"route": [old.key, new.key]}}


def _open_round_if_waiting(issue, by, given):
    if issue.state in {State.APPROVAL, State.DISCUSSION} and issue.open_round is None:
        chosen = given.get("approver") or approvals.last_asked(issue)
        issue.forget_people()
        approvals.open_round(issue, approvals.approver_for(issue.route, issue.requester, chosen))
        issue.forget_people()


def _begin_anew(issue, by, given):
    _open_round_if_waiting(issue, by, given)
    mirror_from_now_on(issue)


def _accept(issue, by, given):
    data = {
        name: [getattr(issue, name), given[name]]
        for name in ("customer", "system", "priority")
        if getattr(issue, name) != given[name]
    }
    issue.customer, issue.system, issue.priority = given["customer"], given["system"], given["priority"]
    issue.assignee = given.get("assignee") or issue.assignee or by
    return {"data": data}


def _escalate(issue, by, given):
    issue.escalated_by = by


def _submit_gameplan(issue, by, given):
    issue.gameplan = given["text"]
    outcome = issue.gate_outcome
    return {"transition": {"outcome": outcome}, "data": {"gate": outcome} if outcome else {}}


def _schedule(issue, by, given):
    old = issue.milestone
    return {
        "transition": {"milestone": given["milestone"]},
        "data": {"milestone": [old and old.title, given["milestone"].title]},
    }


def _request_validation(issue, by, given):
    asked = validation.open_validation(issue, by=by, text=given["text"], items=given.get("items"))
    issue.validation_brief, issue.implemented_by = asked, issue.assignee or by
    return {"text": asked}


def _validate(issue, by, given):
    ticked = validation.tick_the_rest(issue, by=by, ticked=given.get("ticked") or ())
    validation.end_validation(issue, ValidationRound.Outcome.VALIDATED)
    return {"data": {"ticked": ticked} if ticked[1] else {}}


def _send_back(issue, by, given):
    failed, asked = validation.fail_the_rest(issue, by=by, failed=given.get("failed") or {}), len(issue.checklist)
    validation.end_validation(issue, ValidationRound.Outcome.SENT_BACK)
    text = words_failed(failed, given.get("text") or "")
    return {"text": text, "data": {"failed": [len(failed), asked]} if failed else {}}


def _block(issue, by, given):
    issue.blocked_by, issue.unblock_when = given["blocked_by"], given["unblock_when"]
    return {"data": {"blocked_by": given["blocked_by"], "unblock_when": given["unblock_when"]}}


def _close(issue, by, given):
    outcome = Outcome(given["outcome"])
    data = {"outcome": outcome}
    if outcome == Outcome.DUPLICATE:
        data["duplicate_of"] = given["duplicate_of"].pk
        link(issue, given["duplicate_of"], IssueLink.Type.DUPLICATE_OF)
    return {"transition": {"outcome": outcome}, "data": data}


def _end_round(issue, by, given):
    approvals.end_round(issue, ApprovalRound.Outcome.ENDED)
    validation.end_validation(issue, ValidationRound.Outcome.ENDED)


def _reopen(issue, by, given):
    if issue.outcome == Outcome.WITHDRAWN:
        issue.answers = approvals.without_approvers_part(issue.answers)
    return {"data": {"outcome": issue.outcome}}


def freeze_gates(issue):
    """Freeze every open path: it was used, or the request left the place it was walked for."""
    issue.gate_paths.filter(frozen_at__isnull=True).update(frozen_at=timezone.now())


BEFORE = {
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
AFTER = {
    Verb.RECLASSIFY: _begin_anew,
    Verb.REOPEN: _open_round_if_waiting,
    Verb.CLOSE: _end_round,
    Verb.WITHDRAW: _end_round,
}
THEN = {Verb.SEND_BACK: validation.raise_if_bounced}
