"""A path through a gate counts for the visit it was walked on: coming back to triage or design starts a new one."""

import pytest

from tests.factories import pass_gameplan_gate, request_at, step
from workflow.actions import Refused, answer_gate
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db


def test_a_question_to_the_requester_ends_the_path_of_triage(cast):
    issue = request_at(State.TRIAGE, Kind.FEATURE, cast=cast)
    answer_gate(issue.pk, by=cast.ops, question="roadmap", answer=True)
    step(issue, Verb.ASK, cast.ops, text="Which roadmap item?")

    step(issue, Verb.ANSWER, cast.requester, text="None, in fact.")

    with pytest.raises(Refused, match="gate"):
        step(issue, Verb.ACCEPT, cast.ops, kind=Kind.FEATURE, customer="Support", system="Zendesk", priority=2)


def test_a_block_ends_the_path_of_design(cast):
    issue = request_at(State.DESIGN, Kind.FEATURE, cast=cast)
    pass_gameplan_gate(issue, cast.ops)
    step(issue, Verb.BLOCK, cast.ops, text="No access.", blocked_by="Vendor", unblock_when="They answer.")

    step(issue, Verb.UNBLOCK, cast.ops)

    assert Issue.objects.get(pk=issue.pk).gate_outcome is None


def test_an_unfinished_path_is_kept_frozen_when_the_request_leaves(cast):
    issue = request_at(State.TRIAGE, Kind.FEATURE, cast=cast)
    answer_gate(issue.pk, by=cast.ops, question="roadmap", answer=False)

    step(issue, Verb.WITHDRAW, cast.requester)

    assert issue.gate_paths.get().frozen_at is not None
