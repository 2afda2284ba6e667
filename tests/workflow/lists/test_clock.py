"""Working time: Monday to Friday, without holidays."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportops.accounts.models import Holiday
from workflow.clock import working_days_before, working_time

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def at(days, hours=0):
    """So long after a Monday's midnight."""
    return MONDAY + timedelta(days=days, hours=hours)


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (at(0, 9), at(0, 17), 8),
        (at(0, 9), at(1, 9), 24),
        (at(4, 9), at(7, 9), 24),
        (at(4, 12), at(5, 20), 12),
        (at(5, 1), at(6, 23), 0),
        (at(5, 1), at(7, 3), 3),
        (at(0), at(7), 120),
        (at(0), at(21, 6), 366),
        (at(2), at(1), 0),
    ],
)
def test_weekends_do_not_count(since, until, hours):
    assert working_time(since, until) == timedelta(hours=hours)


@pytest.mark.parametrize("now", [at(0, 10), at(2, 3), at(4, 23), at(5, 12), at(6, 1), at(7)])
@pytest.mark.parametrize("days", [0, 1, 2, 5, 15])
def test_the_limit_lies_exactly_so_many_working_days_back(now, days):
    assert working_time(working_days_before(now, days), now) == timedelta(days=days)


@pytest.mark.parametrize("now", [at(0, 10), at(5, 12), at(6, 1)])
def test_nothing_later_than_the_limit_is_over_it(now):
    later = working_days_before(now, 3) + timedelta(minutes=1)
    assert working_time(later, now) <= timedelta(days=3)


def test_working_time_is_the_portals_not_the_readers(settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    friday_evening_here_saturday_there = at(4, 20)
    assert working_time(friday_evening_here_saturday_there, at(5, 5)) == timedelta()


def holidays(*days, region=""):
    for day in days:
        Holiday.objects.create(date=at(day).date(), name="A day off", region=region)


@pytest.mark.parametrize(
    ("off", "since", "until", "hours"),
    [
        ([1], at(0, 9), at(2, 9), 24),
        ([1], at(1, 3), at(1, 9), 0),
        ([1], at(0, 12), at(1, 12), 12),
        ([1], at(1, 12), at(2, 6), 6),
        ([4], at(3, 9), at(7, 9), 24),
        ([5, 6], at(4, 9), at(7, 9), 24),
        ([0, 1, 2, 3, 4], at(0), at(7), 0),
        ([3], at(0), at(1), 24),
    ],
)
def test_holidays_do_not_count_and_weekends_not_twice(off, since, until, hours):
    holidays(*off)

    assert working_time(since, until) == timedelta(hours=hours)


def test_a_regions_holiday_counts_only_for_the_region():
    holidays(1, region="EMEA")

    assert working_time(at(0), at(2)) == timedelta(days=2)
    assert working_time(at(0), at(2), Holiday.objects.days("EMEA")) == timedelta(days=1)


days_off = st.frozensets(st.integers(-20, 20).map(lambda days: at(days).date()), max_size=12)
moments = st.integers(-10 * 24 * 60, 10 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@given(now=moments, days=st.integers(0, 6), off=days_off)
def test_the_limit_and_the_time_since_agree_whatever_days_are_off(now, days, off):
    assert working_time(working_days_before(now, days, off), now, off) == timedelta(days=days)


@given(first=moments, second=moments, third=moments, off=days_off)
def test_working_time_adds_up(first, second, third, off):
    first, second, third = sorted([first, second, third])

    parts = working_time(first, second, off) + working_time(second, third, off)

    assert parts == working_time(first, third, off) <= third - first


@pytest.mark.parametrize(("spring_or_autumn", "monday"), [(29, (2026, 3, 23)), (25, (2026, 10, 19))])
def test_a_week_in_which_the_clocks_change_has_five_whole_working_days(settings, spring_or_autumn, monday):
    settings.TIME_ZONE = "Europe/Berlin"
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(*monday, tzinfo=berlin)

    assert working_time(begin, begin + timedelta(days=7)) == timedelta(days=5)
    assert (begin + timedelta(days=6)).day == spring_or_autumn
