"""Whatever people press, in whatever order, these hold."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import answers_for, file_request, milestone_for
from workflow.actions import Incomplete, Refused, Stale, answer_gate, take_step
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.models import ApprovalRound, Decision, Event, Issue
from workflow.states import CLOSE_OUTCOMES, ENDED, WAITS_TO_RETURN, State
from workflow.verbs import Verb

PEOPLE = ("requester", "colleague", "manager", "standin", "ops", "other_ops", "lead", "admin")
presses = st.lists(
    st.tuples(
        st.sampled_from([*Verb, "gate-yes", "gate-no"]), st.sampled_from(PEOPLE), st.sampled_from(CLOSE_OUTCOMES)
    ),
    min_size=8,
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(Kind.values), presses=presses)
def test_a_request_stays_whole_whatever_people_press(cast, kind, presses):
    issue = file_request(cast, kind)
    for verb, username, outcome in presses:
        press(issue, verb, getattr(cast, username), outcome)

    after = Issue.objects.get(pk=issue.pk)
    events = list(Event.objects.filter(issue=issue))
    assert (after.return_to != "") == (after.state in WAITS_TO_RETURN)
    assert (after.outcome != "") == (after.state in ENDED)
    assert [event.to_state for event in events[:-1]] == [event.from_state for event in events[1:]], "an unbroken path"
    assert [event.version for event in events] == sorted(event.version for event in events)
    assert not Decision.objects.filter(round__issue=issue, decided_by=after.requester).exists()
    assert ApprovalRound.objects.filter(issue=issue, ended_at__isnull=True).count() == (
        1 if after.state in {State.APPROVAL, State.DISCUSSION} or returns_to_approval(after) else 0
    )
    assert not [event for event in events if event.verb == Verb.VALIDATE and event.actor_id != after.requester_id]


def returns_to_approval(issue):
    return issue.return_to in {State.APPROVAL, State.DISCUSSION}


def press(issue, verb, by, outcome):
    """Press a button with plausible words; being refused is fine, an error of another kind is not."""
    try:
        if verb.startswith("gate"):
            path = Issue.objects.get(pk=issue.pk).gate_path
            question = path.chart.walk(dict(path.answers.values_list("question", "answer")))[0] if path else None
            first = {State.TRIAGE: "roadmap", State.DESIGN: "possible"}.get(
                Issue.objects.get(pk=issue.pk).state, "roadmap"
            )
            answer_gate(issue.pk, by=by, question=question.key if question else first, answer=verb == "gate-yes")
        else:
            take_step(issue.pk, verb, by=by, given=words_for(issue, verb, outcome))
    except (Refused, Incomplete, Stale):
        return


def words_for(issue, verb, outcome):
    now = Issue.objects.get(pk=issue.pk)
    given = {
        "text": "Because.",
        "outcome": outcome,
        "kind": now.kind,
        "customer": "Support",
        "system": "Zendesk",
        "priority": 3,
        "confirmed_valid": True,
        "blocked_by": "A vendor",
        "unblock_when": "They answer",
    }
    if verb == Verb.SCHEDULE and now.tracker:
        given["milestone"] = milestone_for(now.tracker)
    if verb in {Verb.CONTINUE_IN, Verb.RECLASSIFY}:
        given |= {"route": Route.objects.get(key="macros-global"), "answers": answers_for("macros-global")}
    if verb == Verb.APPROVE:
        given["answers"] = answers_for(now.route.key, "approver")
    if verb == Verb.EDIT:
        given = {"title": now.title + ".", "description": now.description + " More."}
    return given
