"""The same request in another tracker, and a part of it as a request of its own."""

import pytest

from tests.factories import answers_for, file_request, milestone_for, request_at, restrict, step
from workflow.actions import Incomplete, Stale, move, spin_off
from workflow.actions.calendar import replan_lost
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.forms.follow_ups import entries_for
from workflow.models import Issue, IssueLink
from workflow.states import State
from workflow.verbs import Act, Verb

pytestmark = pytest.mark.django_db


def tracker(key):
    return Route.objects.get(key=key).tracker


def part_of_it():
    """What a spin-off is given."""
    answers = answers_for("other")
    return {"route": Route.objects.get(key="other"), "title": "Part", "description": "Of it.", "answers": answers}


def test_a_request_moves_to_another_tracker_and_keeps_its_kind(cast):
    issue = request_at(State.DESIGN, Kind.BUG, cast=cast)

    moved = move(issue.pk, tracker("fix"), by=cast.ops)

    assert (moved.tracker, moved.kind, moved.state) == (tracker("fix"), Kind.BUG, State.DESIGN)


def test_the_milestone_goes_along_where_its_title_exists(cast):
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)
    milestone_for(tracker("fix"), title="Deployment January")
    issue = step(issue, Verb.SCHEDULE, cast.ops, milestone=milestone_for(issue.tracker, title="Deployment January"))

    moved = move(issue.pk, tracker("fix"), by=cast.ops)

    assert (moved.milestone.tracker, moved.milestone.title) == (tracker("fix"), "Deployment January")


def test_without_that_milestone_there_it_is_planned_anew(cast):
    issue = request_at(State.SCHEDULED, Kind.FEATURE, cast=cast)

    move(issue.pk, tracker("fix"), by=cast.ops)
    replan_lost()

    after = Issue.objects.get(pk=issue.pk)
    assert (after.state, after.milestone) == (State.PLANNING, None)


def test_a_restricted_tracker_lets_nothing_out(cast):
    federal = Tracker.objects.get(path__contains="us-federal")
    federal.confidential_only = True
    federal.save()
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-us-federal", approver=cast.manager)

    with pytest.raises(Incomplete):
        move(issue.pk, tracker("fix"), by=cast.federal)


def test_a_spin_off_is_a_request_of_its_own_from_the_beginning(cast):
    parent = request_at(State.DEVELOPMENT, Kind.BUG, cast=cast)
    given = {
        "route": Route.objects.get(key="macros-global"),
        "title": "Also change the macro",
        "description": "The wording.",
        "answers": answers_for("macros-global"),
        "approver": cast.manager,
    }

    new = spin_off(parent.pk, by=cast.ops, given=given)

    assert (new.state, new.requester, new.approvers) == (State.APPROVAL, cast.requester, [cast.manager])
    assert IssueLink.objects.get(source=parent).target == new
    assert Issue.objects.get(pk=parent.pk).state == State.DEVELOPMENT


def test_what_comes_out_of_a_restricted_request_is_restricted_too(cast):
    parent = restrict(request_at(State.DEVELOPMENT, Kind.BUG, cast=cast))
    given = part_of_it()

    cast.lead.groups.add(parent.restricted_to)
    cast.lead.__dict__.pop("group_ids", None)
    cast.lead.__dict__.pop("group_names", None)
    new = spin_off(parent.pk, by=cast.lead, given=given)

    assert new.restricted_to == parent.restricted_to


def federal_request(cast):
    return file_request(cast, Kind.ADMINISTRATIVE, route="macros-us-federal", approver=cast.manager)


def test_a_restricted_tracker_lets_no_part_out(cast):
    given = part_of_it()

    with pytest.raises(Incomplete) as refused:
        spin_off(federal_request(cast).pk, by=cast.federal, given=given)

    assert "is restricted" in refused.value.problems["route"]


def test_a_restricted_request_becomes_nothing_in_an_open_tracker(cast):
    issue = step(federal_request(cast), Verb.WAIVE_APPROVAL, cast.federal, text="Reviewed in the merge request.")

    with pytest.raises(Incomplete) as refused:
        step(issue, Verb.RECLASSIFY, cast.federal, route=Route.objects.get(key="other"), text="Not a macro.")

    assert "is restricted" in refused.value.problems["route"]
    assert Issue.objects.get(pk=issue.pk).tracker == tracker("macros-us-federal")


def test_what_a_restricted_tracker_lets_not_out_is_not_offered(cast):
    offered = {key for key, _ in entries_for(Act.SPIN_OFF, federal_request(cast))}

    assert offered == {"macros-us-federal"}


def test_pressed_twice_one_request_is_spun_off(cast):
    parent = request_at(State.DEVELOPMENT, Kind.BUG, cast=cast)
    given = part_of_it()
    spin_off(parent.pk, by=cast.ops, given=given, version=parent.version)

    with pytest.raises(Stale):
        spin_off(parent.pk, by=cast.ops, given=given, version=parent.version)

    assert IssueLink.objects.filter(source=parent).count() == 1


@pytest.mark.django_db
def test_nothing_is_spun_off_into_a_tracker_that_takes_no_more(cast):
    parent = request_at(State.DEVELOPMENT, cast=cast)
    Tracker.objects.filter(pk=tracker("calendly").pk).update(is_active=False)
    given = {"route": Route.objects.get(key="calendly"), "answers": answers_for("calendly"), "title": "A part"}

    with pytest.raises(Incomplete, match="takes no new requests"):
        spin_off(parent.pk, by=cast.ops, given=given)

    assert not IssueLink.objects.filter(source=parent).exists()


@pytest.mark.django_db
def test_a_spin_off_concerns_the_system_of_its_entry(cast):
    parent = request_at(State.DEVELOPMENT, cast=cast, system="Zapier")
    given = {"route": Route.objects.get(key="calendly"), "answers": answers_for("calendly"), "title": "A part"}

    assert spin_off(parent.pk, by=cast.ops, given=given).system == "Calendly"
