"""A request carries on in another one: continued, or spun off."""

from typing import Any

from supportops.accounts.models import User
from workflow.actions import approvals
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.history import Effect, record
from workflow.actions.locking import again_after_a_clash, locked
from workflow.actions.requirements import Given, barred_way
from workflow.actions.signals import draft_wanted
from workflow.actions.submission import create, link, watch_too
from workflow.catalogue.answers import AnswerRow, fields_fed_by, merged, missing_answers, system_of
from workflow.catalogue.kinds import Kind
from workflow.models import Issue, IssueLink
from workflow.permissions import refusal
from workflow.states import State
from workflow.verbs import Act


def continue_in(issue: Issue, by: User, given: Given) -> Effect:
    """The verb continue in: a new request in the right tracker takes over requester, watchers, text and approval.

    One continued from a proposal opens in triage and its requester must validate it (handbook: "Support Operations
    will ask the original requester to review everything"). One from a question or hand-over starts at its kind's first
    state; where required answers are missing it is left as the requester's draft until they are in.
    """
    decided = issue.kind == Kind.PROPOSAL
    answers = _answers(issue, given)
    if not decided and missing_answers(given["route"].key, "requester", answers):
        [(_, address)] = draft_wanted.send(
            sender=None,
            entry=given["route"].key,
            owner=issue.requester,
            title=given.get("title") or issue.title,
            description=given.get("description") or issue.description,
            rows=answers,
            continues=issue,
        )
        return {"data": {"draft": address, "route": given["route"].key}}
    new = _carry_on(
        issue,
        by,
        given,
        state=State.TRIAGE if decided else None,
        validation_mandatory=decided,
        verb_data={"continues": issue.pk},
    )
    if decided:
        approvals.carry_over(new, issue)
    link(issue, new, IssueLink.Type.CONTINUED_IN)
    return {"data": {"continued_in": new.pk}}


@again_after_a_clash
def spin_off(number: int, *, by: User, given: Given, version: int | None = None) -> Issue:
    """Open a full request of its own out of an open one; the parent neither waits nor closes. Returns the new request.

    Raises the parent's version, so that a second press of the same form is stale and opens nothing.
    """
    with locked(number, version=version) as issue:
        if reason := refusal(by, Act.SPIN_OFF, issue):
            raise Refused(reason)
        if sentence := barred_way(issue, given["route"]):
            raise Incomplete({"route": sentence})
        new = _carry_on(issue, by, given, verb_data={"spun_off_from": issue.pk})
        link(issue, new, IssueLink.Type.SPUN_OFF)
        issue.version += 1
        issue.save()
        record(issue, Act.SPIN_OFF, by=by, from_state=issue.state, data={"spun_off": new.pk})
        return new


def _answers(issue: Issue, given: Given) -> list[AnswerRow]:
    """The answers of the new request: with its own text only its own, otherwise everything that was said so far."""
    new = given.get("answers", [])
    return merged(issue.answers, new) if given.get("description") is None else new


def _carry_on(issue: Issue, by: User, given: Given, **fields: Any) -> Issue:
    route, answers = given["route"], _answers(issue, given)
    if problems := missing_answers(route.key, "requester", answers):
        raise Incomplete(problems)
    known: dict[str, Any] = {"customer": issue.customer, "system": system_of(route.key) or issue.system}
    new = create(
        by=by,
        route=route,
        requester=issue.requester,
        title=given.get("title") or issue.title,
        description=given.get("description") or issue.description,
        answers=answers,
        restricted_to=route.restricted_to or issue.restricted_to,
        priority=issue.priority,
        approver=given.get("approver"),
        **{**known, **fields_fed_by(given.get("answers", [])), **fields},
    )
    watch_too(new, issue)
    return new
