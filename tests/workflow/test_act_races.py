"""The changes that are no steps, pressed twice at once: each is done or refused, none is done twice, none breaks."""

import uuid

import pytest
from django.core.files.base import ContentFile

from tests.factories import Cast, answers_for, milestone_for, request_at
from tests.workflow.test_races import press_at_once
from workflow.actions import (
    Refused,
    Stale,
    answer_gate,
    assign,
    attach,
    delegate,
    move,
    name_approver,
    set_priority,
    spin_off,
    stored,
    take_step,
    watch,
)
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.models import Event, GateAnswer, Issue, IssueLink
from workflow.states import State
from workflow.verbs import Act, Verb

pytestmark = pytest.mark.django_db(transaction=True)


def kinds_of(results):
    return sorted(type(result).__name__ for result in results)


def test_of_two_who_take_it_at_once_one_owns_it():
    cast = Cast()
    issue = request_at(State.TRIAGE, Kind.BUG, cast=cast)

    results = press_at_once(
        lambda: assign(issue.pk, cast.ops, by=cast.ops, version=issue.version),
        lambda: assign(issue.pk, cast.other_ops, by=cast.other_ops, version=issue.version),
    )

    assert kinds_of(results) == ["Issue", "Stale"]
    assert Event.objects.filter(issue=issue, verb=Act.ASSIGN).count() == 1


def test_a_spin_off_pressed_twice_opens_one_request():
    cast = Cast()
    issue = request_at(State.DESIGN, Kind.BUG, cast=cast)
    given = {"route": Route.objects.get(key="other"), "title": "Part", "answers": answers_for("other")}

    def press():
        return spin_off(issue.pk, by=cast.ops, given=given, version=issue.version)

    assert kinds_of(press_at_once(press, press)) == ["Issue", "Stale"]
    assert IssueLink.objects.filter(source=issue).count() == 1


def test_a_colleague_is_asked_to_validate_once_however_often_it_is_pressed():
    cast = Cast()
    issue = request_at(State.VALIDATION, Kind.BUG, cast=cast)

    def press():
        return delegate(issue.pk, cast.colleague, by=cast.requester)

    assert kinds_of(press_at_once(press, press)) == ["Issue", "Issue"]
    assert issue.delegations.count() == Event.objects.filter(issue=issue, verb=Act.DELEGATE).count() == 1


def test_files_are_attached_once_however_often_it_is_pressed(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    cast, mark = Cast(), uuid.uuid4()
    issue = request_at(State.TRIAGE, Kind.BUG, cast=cast)

    def press():
        with stored([ContentFile(b"words", name="a.txt")], by=cast.ops) as files:
            return attach(issue.pk, files, by=cast.ops, submission=mark)

    assert kinds_of(press_at_once(press, press)) == ["Issue", "Issue"]
    assert issue.attachments.count() == Event.objects.filter(issue=issue, verb=Act.ATTACH).count() == 1


def test_a_question_of_the_gate_has_one_answer():
    cast = Cast()
    issue = request_at(State.TRIAGE, Kind.FEATURE, cast=cast)

    results = press_at_once(
        lambda: answer_gate(issue.pk, by=cast.ops, question="roadmap", answer=True),
        lambda: answer_gate(issue.pk, by=cast.other_ops, question="roadmap", answer=False),
    )

    assert kinds_of(results) == ["GatePath", "Stale"]
    assert GateAnswer.objects.filter(path__issue=issue).count() == 1


def test_a_move_and_a_milestone_never_mix():
    cast = Cast()
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)
    there, given = Route.objects.get(key="fix").tracker, {"milestone": milestone_for(issue.tracker)}

    press_at_once(
        lambda: move(issue.pk, there, by=cast.ops, version=issue.version),
        lambda: take_step(issue.pk, Verb.SCHEDULE, by=cast.other_ops, given=given, version=issue.version),
    )

    after = Issue.objects.get(pk=issue.pk)
    assert after.milestone is None or after.milestone.tracker == after.tracker


def test_naming_another_approver_and_approving_leave_one_decision():
    cast = Cast()
    issue = request_at(State.DISCUSSION, Kind.PROPOSAL, cast=cast)

    results = press_at_once(
        lambda: name_approver(issue.pk, cast.standin, by=cast.lead, version=issue.version),
        lambda: take_step(issue.pk, Verb.APPROVE, by=cast.manager, given={"text": "Yes."}, version=issue.version),
    )

    assert sum(isinstance(result, Issue) for result in results) == 1
    assert sum(isinstance(result, (Stale, Refused)) for result in results) == 1


def test_watching_and_priority_at_once_disturb_nobody():
    cast = Cast()
    issue = request_at(State.TRIAGE, Kind.BUG, cast=cast)

    results = press_at_once(
        lambda: watch(issue.pk, True, by=cast.colleague),
        lambda: watch(issue.pk, True, by=cast.colleague),
        lambda: set_priority(issue.pk, 2, by=cast.ops, version=issue.version),
    )

    assert kinds_of(results) == ["Issue"] * 3
    assert issue.watches.filter(person=cast.colleague).count() == 1
