"""Merging: one owner per field, nothing lost, nothing invented, and it comes to rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.gitlab.merge import OURS, OWNED, SHARED, THEIRS, Conflict, Merge, agreed_after, flat, merge, nested

VALUES = st.sampled_from([None, "a", "b", "c"])
SIDES = st.fixed_dictionaries({name: VALUES for name in (*SHARED, *OWNED)})
NEWER = st.sampled_from([OURS, THEIRS])


def base(**fields):
    """Fields both sides agree on."""
    return {name: "a" for name in (*SHARED, *OWNED)} | fields


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_field_changed_in_gitlab_is_taken(name):
    assert merge(base(), base(), base(**{name: "b"})) == Merge(take={name: "b"})


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_field_changed_here_stays(name):
    assert not merge(base(), base(**{name: "b"}), base())


@pytest.mark.parametrize("name", OWNED)
def test_a_field_of_the_portal_is_never_taken_only_wished_for(name):
    assert merge(base(), base(), base(**{name: "b"})) == Merge(wished={name: "b"})


@pytest.mark.parametrize("name", OWNED)
def test_a_field_of_the_portal_changed_on_both_sides_is_a_wish_too(name):
    assert merge(base(), base(**{name: "c"}), base(**{name: "b"})) == Merge(wished={name: "b"})


@pytest.mark.fault(40)
@pytest.mark.parametrize(("kept", "take"), [(OURS, {}), (THEIRS, {"title": "b"})])
def test_40_when_both_changed_a_shared_field_the_newer_stays_and_the_other_is_told(kept, take):
    found = merge(base(), base(title="c"), base(title="b"), newer=lambda name: kept)
    assert found == Merge(take=take, conflicts={"title": Conflict("c", "b", kept)})


def test_the_same_change_on_both_sides_is_no_conflict():
    assert not merge(base(), base(title="b"), base(title="b"))


def test_what_was_never_agreed_on_stays_as_the_portal_has_it():
    assert not merge({}, base(), base(title="b", state="b"))


def test_what_gitlab_would_not_take_says_nothing():
    assert not merge(base(), base(), base(assignee="b"), ignored={"assignee"})


def test_what_gitlab_would_not_take_stays_agreed():
    assert agreed_after(base(), base(assignee="b", title="b"), ignored={"assignee"}) == base(title="b")


@given(SIDES, SIDES)
def test_an_echo_of_what_was_agreed_does_nothing(ours, theirs):
    assert not merge(theirs, ours, theirs)


@given(SIDES, SIDES, SIDES, NEWER)
def test_merging_converges_and_the_second_time_does_nothing(before, ours, theirs, kept):
    found = merge(before, ours, theirs, newer=lambda name: kept)
    ours_after = ours | found.take
    assert not merge(agreed_after(before, theirs), ours_after, theirs, newer=lambda name: kept)
    theirs_after = ours_after  # the push gives whatever differs
    assert not merge(theirs_after, ours_after, theirs_after)


@given(SIDES, SIDES, SIDES, NEWER)
def test_no_change_of_a_person_is_lost_silently(before, ours, theirs, kept):
    found = merge(before, ours, theirs, newer=lambda name: kept)
    for name in SHARED:
        changed_there = theirs[name] not in (before[name], ours[name])
        assert not changed_there or name in found.take or name in found.conflicts


@given(SIDES)
def test_flattening_and_nesting_are_each_others_opposite(fields):
    fields = fields | {name: ["x"] for name in fields if name.startswith("labels.")}
    assert flat(nested(fields)) == fields
