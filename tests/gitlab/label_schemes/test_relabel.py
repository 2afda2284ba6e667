"""Changing the label scheme: what it foresees is what it does, nothing more, and the way back is the same act."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import accept, file_request, request_at
from tests.gitlab.label_schemes.changing import (
    begin_change,
    carry_out,
    change_to,
    forecast,
    label_changes,
    labels,
    pushed,
    put_on,
    scheme,
)
from tests.gitlab.pushing import push_later
from workflow.actions import set_priority
from workflow.catalogue.kinds import Kind
from workflow.gitlab.forecast import token_of
from workflow.gitlab.models import GitLabLink, LabelSchemeChange, PendingRelabel
from workflow.gitlab.models.connection import Budget, Connection, LabelScheme
from workflow.gitlab.push import numbers_with_work, push_issue
from workflow.gitlab.reconcile import reconcile
from workflow.gitlab.relabel import LookedAway, begin, go_on
from workflow.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def feature(cast, mirrored):
    """A feature in design, which the schemes write differently."""
    return pushed(accept(file_request(cast, Kind.FEATURE), cast))[0]


@pytest.fixture
def plain(cast, mirrored):
    """A closed request of a kind both schemes write alike: nothing on it changes."""
    made = LabelScheme.objects.get(name="2026").labels.filter(family="type", key="administrative")
    made.update(name="administrative")
    return pushed(request_at(State.CLOSED, Kind.ADMINISTRATIVE, cast=cast))[0]


# What happens ---------------------------------------------------------------------------------------------------------


def test_what_is_foreseen_is_what_happens(cast, mirrored, feature, plain):
    three = [feature, plain, *pushed(request_at(State.COMPLETED, Kind.BUG, cast=cast))]
    seen, before = forecast("2026"), [label_changes(mirrored, issue) for issue in three]
    mirrored.forget()
    change = change_to("2026", by=cast.lead)
    puts = len(mirrored.calls("PUT"))
    done = Counter()
    for issue, earlier in zip(three, before, strict=True):
        done.update(label_changes(mirrored, issue)[len(earlier) :])
    foreseen = {("add", row.name): row.added for row in seen.labels} | {
        ("remove", row.name): row.removed for row in seen.labels
    }
    assert done == +Counter(foreseen)
    assert (seen.added, seen.removed) == (5, 5)
    assert (puts, change.requests, change.running) == (seen.changing, 2, False)


def test_a_request_that_needs_no_change_costs_no_call(cast, mirrored, plain):
    mirrored.forget()
    change_to("2026", by=cast.lead)
    assert mirrored.calls() == []
    assert GitLabLink.objects.get(pk=plain.pk).status == GitLabLink.Status.IN_STEP


def test_going_back_gives_the_labels_as_they_were(cast, mirrored, feature):
    put_on(mirrored, feature, "mine", "roadmap_item")
    before = labels(mirrored, feature)
    change_to("2026", by=cast.lead)
    between = labels(mirrored, feature)
    assert {"Stage::Planning", "RequestType::Feature", "Priority::2", "mine", "roadmap_item"} <= between
    assert not {"Stage::Design", "feature", "p2"} & between
    change_to("2025", by=cast.lead)
    assert labels(mirrored, feature) == before


def test_the_scheme_is_another_at_once_and_requests_follow(cast, mirrored, feature):
    begin_change("2026", by=cast.lead)
    assert LabelScheme.objects.get(is_active=True).name == "2026"
    assert "Stage::Design" in labels(mirrored, feature)


def test_labels_are_made_with_the_colours_of_the_scheme(cast, mirrored, feature):
    scheme("2026").labels.exclude(family="state", key="design").delete()
    begin_change("2026", by=cast.lead, making_labels=True)
    assert forecast("2026").created == 0
    carry_out()
    project = GitLabLink.objects.get(pk=feature.pk).project_id
    made = mirrored.api("GET", f"/projects/{project}/labels/Stage::Planning")
    assert made["color"].lower() == scheme("2026").labels.get().color


def test_a_token_that_gitlab_does_not_know_pauses_and_the_labels_are_made_later(cast, mirrored, feature):
    begin_change("2026", by=cast.lead, making_labels=True)
    mirrored.fail("unauthorized", method="GET", path="/labels")
    assert go_on() is False
    change = LabelSchemeChange.objects.get()
    assert (change.labels_made_at, change.last_error, Connection.load().paused) == (None, "", True)
    mirrored.forget()
    assert (go_on(), mirrored.calls()) == (False, [])


def test_what_one_tracker_forbids_holds_nothing_up(cast, mirrored, feature):
    scheme("2026").labels.exclude(family="state", key="design").delete()
    begin_change("2026", by=cast.lead, making_labels=True)
    mirrored.fail(
        "forbidden", method="GET", path=f"/projects/{GitLabLink.objects.get(pk=feature.pk).project_id}/labels"
    )
    carry_out()
    change = LabelSchemeChange.objects.get()
    assert (change.running, Connection.load().paused) == (False, False)
    assert change.last_error.startswith(f"{feature.tracker}: ")
    assert "Stage::Planning" in labels(mirrored, feature)


# What is already so ---------------------------------------------------------------------------------------------------


def test_who_is_pushed_meanwhile_anyway_is_not_pushed_again(cast, mirrored, feature):
    begin_change("2026", by=cast.lead)
    set_priority(feature.pk, 1, by=cast.ops)
    push_issue(feature.pk)
    mirrored.forget()
    carry_out()
    assert mirrored.calls("PUT") == []
    assert LabelSchemeChange.objects.get().running is False


def test_what_waits_for_a_person_is_set_aside_and_follows_later(cast, mirrored, feature):
    begin_change("2026", by=cast.lead)
    go_on(seconds=0)
    GitLabLink.objects.filter(pk=feature.pk).update(status="parked", parked=True, due_at=None)
    carry_out()
    change = LabelSchemeChange.objects.get()
    assert (change.set_aside, change.running) == (1, False)
    GitLabLink.objects.get(pk=feature.pk).wake()
    push_issue(feature.pk)
    assert "Stage::Planning" in labels(mirrored, feature)


def test_going_back_half_way_ends_the_change_that_runs(cast, mirrored, feature):
    other = pushed(request_at(State.DESIGN, Kind.BUG, cast=cast))[0]
    before = labels(mirrored, other)
    first = begin_change("2026", by=cast.lead)
    go_on(seconds=0)
    mirrored.forget()
    change_to("2025", by=cast.lead)
    push_later(feature)
    push_later(other)
    first.refresh_from_db()
    assert (first.running, first.replaced) == (False, True)
    assert labels(mirrored, other) == before
    assert mirrored.calls("PUT") == []
    assert set(GitLabLink.objects.values_list("status", flat=True)) == {"in-step"}


def test_going_back_half_way_lets_people_go_first(cast, mirrored, feature):
    others = pushed(request_at(State.DESIGN, Kind.BUG, cast=cast), request_at(State.DESIGN, Kind.FEATURE, cast=cast))
    begin_change("2026", by=cast.lead)
    go_on(seconds=0)
    begin_change("2025", by=cast.lead)
    go_on(seconds=0)
    assert set(PendingRelabel.objects.values_list("pk", flat=True)) == {feature.pk, *(issue.pk for issue in others)}
    assert numbers_with_work() == []
    mirrored.forget()
    carry_out()
    assert mirrored.calls("PUT") == []
    assert set(GitLabLink.objects.values_list("status", flat=True)) == {"in-step"}


def test_a_push_that_began_before_is_followed_by_one_with_the_new_labels(cast, mirrored, plain):
    """A worker may hold the old labels in its hands while the scheme changes under it, though all seems well yet."""
    GitLabLink.objects.get(pk=plain.pk).want_push()
    held = GitLabLink.objects.claim(plain.pk)
    begin_change("2026", by=cast.lead)
    go_on(seconds=0)
    now = GitLabLink.objects.get(pk=plain.pk)
    assert now.wanted_version > held.wanted_version


# In which order -------------------------------------------------------------------------------------------------------


def test_what_a_person_does_overtakes_the_rest(cast, mirrored, feature):
    change = begin_change("2026", by=cast.lead)
    go_on(seconds=0)
    acted_on = pushed(file_request(cast))[0]
    set_priority(acted_on.pk, 1, by=cast.ops)
    mirrored.forget()
    assert go_on() is False
    assert mirrored.calls() == []
    push_issue(acted_on.pk)
    carry_out()
    places = [path for method, path in mirrored.calls("PUT")]
    assert [path.rpartition("/")[2] for path in places] == [
        str(GitLabLink.objects.get(pk=issue.pk).iid) for issue in (acted_on, feature)
    ]
    change.refresh_from_db()
    assert not change.running


def test_open_requests_come_before_ended_ones(cast, mirrored):
    ended, opened = pushed(request_at(State.COMPLETED, Kind.BUG, cast=cast), file_request(cast))
    begin_change("2026", by=cast.lead)
    mirrored.forget()
    carry_out()
    asked = [path.rpartition("/")[2] for _, path in mirrored.calls("PUT")]
    assert asked == [str(GitLabLink.objects.get(pk=issue.pk).iid) for issue in (opened, ended)]


def test_half_of_what_gitlab_allows_is_left_to_people(cast, mirrored, feature):
    begin_change("2026", by=cast.lead)
    ends_late = timezone.now() + timedelta(minutes=10)
    half = Connection.load().requests_per_minute // 2
    Budget.objects.update_or_create(name=Budget.REQUESTS, defaults={"count": half, "window_start": ends_late})
    mirrored.forget()
    assert go_on() is False
    assert mirrored.calls() == []
    assert PendingRelabel.objects.count() == 1


def test_nothing_is_sent_while_gitlab_is_away_or_paused(cast, mirrored, feature):
    begin_change("2026", by=cast.lead)
    Connection.load().pause("Maintenance.")
    mirrored.forget()
    assert go_on() is False
    Connection.load().resume()
    Connection.load().mark_away()
    assert go_on() is False
    assert mirrored.calls() == []


def test_gitlab_that_fails_half_way_is_tried_again(cast, mirrored, feature):
    begin_change("2026", by=cast.lead)
    mirrored.fail("server_error", method="PUT", path="/issues/", status=502)
    carry_out()
    assert PendingRelabel.objects.count() == 1
    push_later(feature)
    carry_out()
    assert "Stage::Planning" in labels(mirrored, feature)
    assert LabelSchemeChange.objects.get().running is False


# What others make of it -----------------------------------------------------------------------------------------------


def test_a_comparison_meanwhile_finds_no_drift(cast, mirrored, feature):
    begin_change("2026", by=cast.lead)
    assert reconcile("all").finished_at is None
    go_on(seconds=0)
    row = reconcile("all")
    assert (row.checked, row.drifted) == (1, 0)


def test_whoever_looked_before_the_scheme_was_edited_looks_again(cast, db):
    seen = token_of(scheme("2026"))
    scheme("2026").labels.filter(key="design").update(name="Stage::Sketching")
    with pytest.raises(LookedAway):
        begin(scheme("2026"), by=cast.lead, token=seen)
    assert LabelScheme.objects.get(is_active=True).name == "2025"
