"""Builds a request at every place of the matrix, by its real way."""

from tests.factories import file_request, pass_gameplan_gate, request_at, step
from tests.workflow.matrix import APPROVED_KIND
from workflow.actions import answer_gate, delegate
from workflow.catalogue.kinds import WORKED_ON, Kind
from workflow.catalogue.restriction import confidential_group
from workflow.models import Issue
from workflow.states import Outcome, State
from workflow.verbs import Verb


def request_in(place, kind, cast, *, restricted=False):
    """A request of this kind at this place; validated by Carl for the requester, worked on by ``cast.other_ops``."""
    kwargs = {"cast": cast, "confidential": restricted, "by": cast.worker}
    issue = _SPECIAL[kind, place](kwargs) if (kind, place) in _SPECIAL else request_at(State(place), kind, **kwargs)
    if issue.is_open and issue.kind in WORKED_ON:
        delegate(issue.pk, cast.colleague, by=issue.requester)
    if issue.state in {State.VALIDATION, State.DEVELOPMENT, State.IMPLEMENTATION}:
        Issue.objects.filter(pk=issue.pk).update(assignee=cast.other_ops, implemented_by=cast.other_ops)
    return Issue.objects.get(pk=issue.pk)


def confidential_member(person):
    """Make the person a member of the group that reads confidential requests."""
    person.groups.add(confidential_group())
    return person


def _gate(*answers):
    def build(kwargs):
        issue = request_at(State.TRIAGE, Kind.FEATURE, **kwargs)
        for question, answer in answers:
            answer_gate(issue.pk, by=kwargs["by"], question=question, answer=answer)
        return issue

    return build


def _gameplan_gate(approved):
    def build(kwargs):
        issue = request_at(State.DESIGN, Kind.FEATURE, **kwargs)
        pass_gameplan_gate(issue, kwargs["by"], approved=approved)
        return issue

    return build


def _approval(then=None):
    def build(kwargs):
        cast = kwargs["cast"]
        issue = file_request(
            cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager, confidential=kwargs["confidential"]
        )
        return then(issue, cast) if then else issue

    return build


def _closed(kind, outcome, **extra):
    def build(kwargs):
        issue = request_at(State.TRIAGE, kind, **kwargs)
        given = {name: make(kwargs["cast"]) for name, make in extra.items()}
        return step(issue, Verb.CLOSE, kwargs["by"], text="It ends here.", outcome=outcome, **given)

    return build


_SPECIAL = {
    (Kind.FEATURE, "triage gate approved"): _gate(("roadmap", True)),
    (Kind.FEATURE, "triage gate escalate"): _gate(("roadmap", False), ("small", False)),
    (Kind.FEATURE, "design gate approved"): _gameplan_gate(True),
    (Kind.FEATURE, "design gate backlog"): _gameplan_gate(False),
    (APPROVED_KIND, "approval"): _approval(),
    (APPROVED_KIND, "needs_info from approval"): _approval(
        lambda issue, cast: step(issue, Verb.ASK, cast.manager, text="Which event?")
    ),
    (APPROVED_KIND, "closed declined"): _approval(
        lambda issue, cast: step(issue, Verb.DECLINE, cast.manager, text="Not now.")
    ),
    (APPROVED_KIND, "closed withdrawn"): _approval(lambda issue, cast: step(issue, Verb.WITHDRAW, issue.requester)),
    (Kind.FEATURE, "closed"): _closed(Kind.FEATURE, Outcome.INVALID),
    (Kind.PROPOSAL, "closed discuss-first"): _closed(Kind.PROPOSAL, Outcome.DISCUSS_FIRST),
    (Kind.HAND_OVER, "closed duplicate"): _closed(
        Kind.HAND_OVER, Outcome.DUPLICATE, duplicate_of=lambda cast: file_request(cast, Kind.QUESTION)
    ),
}
