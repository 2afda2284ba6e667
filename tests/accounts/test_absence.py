"""Who is away, and where a chain of stand-ins ends: dates in the person's own time zone, circles, entry."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from supportops.accounts.absence import decider_for, is_away, links, stands_in_for
from supportops.accounts.models import User
from tests.factories import person


def someone(pk=1, begins=None, ends=None, zone="UTC", stand_in=None):
    return SimpleNamespace(pk=pk, away_from=begins, away_until=ends, time_zone=zone, stand_in_id=stand_in)


def at(*moment):
    return datetime(*moment, tzinfo=UTC)


SUMMER, WINTER = date(2026, 3, 29), date(2026, 10, 25)
"""The days on which Berlin's clocks change in 2026: 23 and 25 hours long."""


@pytest.mark.parametrize(
    ("zone", "begins", "ends", "moment", "away"),
    [
        ("UTC", date(2026, 5, 4), date(2026, 5, 8), at(2026, 5, 3, 23, 59, 59), False),
        ("UTC", date(2026, 5, 4), date(2026, 5, 8), at(2026, 5, 4), True),
        ("UTC", date(2026, 5, 4), date(2026, 5, 8), at(2026, 5, 8, 23, 59, 59), True),
        ("UTC", date(2026, 5, 4), date(2026, 5, 8), at(2026, 5, 9), False),
        ("UTC", date(2026, 5, 4), None, at(2036, 1, 1), True),
        ("UTC", None, date(2026, 5, 8), at(2026, 5, 5), False),
        ("Pacific/Auckland", date(2026, 5, 4), date(2026, 5, 4), at(2026, 5, 3, 12), True),
        ("Pacific/Auckland", date(2026, 5, 4), date(2026, 5, 4), at(2026, 5, 4, 12), False),
        ("America/Los_Angeles", date(2026, 5, 4), date(2026, 5, 4), at(2026, 5, 4, 6, 59), False),
        ("America/Los_Angeles", date(2026, 5, 4), date(2026, 5, 4), at(2026, 5, 5, 6, 59), True),
        ("Europe/Berlin", SUMMER, SUMMER, at(2026, 3, 28, 22, 59, 59), False),
        ("Europe/Berlin", SUMMER, SUMMER, at(2026, 3, 28, 23), True),
        ("Europe/Berlin", SUMMER, SUMMER, at(2026, 3, 29, 21, 59, 59), True),
        ("Europe/Berlin", SUMMER, SUMMER, at(2026, 3, 29, 22), False),
        ("Europe/Berlin", WINTER, WINTER, at(2026, 10, 24, 22), True),
        ("Europe/Berlin", WINTER, WINTER, at(2026, 10, 25, 22, 59, 59), True),
        ("Europe/Berlin", WINTER, WINTER, at(2026, 10, 25, 23), False),
        ("Nowhere/Nothing", date(2026, 5, 4), date(2026, 5, 4), at(2026, 5, 4, 12), True),
    ],
)
def test_both_days_count_whole_where_the_person_is(zone, begins, ends, moment, away):
    assert is_away(someone(begins=begins, ends=ends, zone=zone), moment) is away


@pytest.mark.parametrize(
    ("chain", "decides"),
    [
        ({}, 1),
        ({1: 2}, 2),
        ({1: 2, 2: 3}, 3),
        ({1: 2, 2: 3, 3: 4, 4: 5}, 5),
        ({1: None}, None),
        ({1: 2, 2: None}, None),
        ({1: 2, 2: 1}, None),
        ({1: 1}, None),
        ({1: 2, 2: 3, 3: 2}, None),
        ({2: 3}, 1),
    ],
)
def test_a_chain_ends_with_somebody_who_is_here(chain, decides):
    assert decider_for(1, chain) == decides


chains = st.dictionaries(st.integers(1, 8), st.none() | st.integers(1, 8), max_size=8)


@given(chain=chains, who=st.integers(1, 8))
def test_both_directions_say_the_same(chain, who):
    assert stands_in_for(who, chain) == {away for away in chain if away != who and decider_for(away, chain) == who}
    assert not stands_in_for(who, chain) or who not in chain, "who is away stands in for nobody"


def test_only_who_is_away_now_is_a_link():
    people = [someone(1, date(2026, 5, 4), date(2026, 5, 4), stand_in=2), someone(2, stand_in=3)]

    assert links(people, at(2026, 5, 4, 9)) == {1: 2}
    assert links(people, at(2026, 5, 5, 9)) == {}


# In the database, and on the person's own page -----------------------------------------------------------------------


TODAY = date(2026, 5, 6)


@pytest.fixture
def today(time_machine):
    time_machine.move_to(datetime(2026, 5, 6, 9, tzinfo=UTC), tick=False)


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_the_query_misses_nobody_wherever_they_are(db, zone, hour):
    now = at(2026, 5, 6, hour)
    for shift in range(-2, 3):
        day = TODAY + timedelta(days=shift)
        person(f"p{shift}", away_from=day, away_until=day, time_zone=zone)
    everybody = User.objects.all()

    assert User.objects.absence_links(now) == links(everybody, now)


def test_who_has_left_passes_nothing_on(cast, today):
    User.objects.filter(pk=cast.manager.pk).update(away_from=TODAY, stand_in=cast.standin, is_active=False)

    assert User.objects.absence_links() == {}


def me(who, **fields):
    client = Client()
    client.force_login(who)
    posted = {
        "first_name": "M",
        "last_name": "",
        "email": "",
        "time_zone": "UTC",
        "away_from": "",
        "away_until": "",
        "stand_in": "",
    }
    return client.post("/people/me/", posted | fields)


def test_a_person_sets_their_own_absence(cast):
    answer = me(cast.manager, away_from="2026-05-06", away_until="2026-05-08", stand_in=cast.standin.pk)

    manager = User.objects.get(pk=cast.manager.pk)
    assert answer.status_code == 302
    assert (manager.away_from, manager.away_until, manager.stand_in) == (TODAY, date(2026, 5, 8), cast.standin)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"away_from": "2026-05-08", "away_until": "2026-05-06"}, "The absence ends before it begins."),
        ({"away_until": "2026-05-06"}, "Say from when."),
        ({"stand_in": "manager"}, "Select a valid choice."),
        ({"stand_in": "gone"}, "Select a valid choice."),
        ({"stand_in": "far"}, "round in a circle: Far, for whom stands in Near, for whom stands in Manager."),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(cast, today, fields, problem):
    cast.gone = person("gone", is_active=False)
    cast.near = person("near", stand_in=cast.manager)
    cast.far = person("far", stand_in=cast.near)
    fields = {name: getattr(cast, value).pk if name == "stand_in" else value for name, value in fields.items()}

    answer = me(cast.manager, **fields)

    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert User.objects.get(pk=cast.manager.pk).stand_in is None


def test_a_stand_in_named_for_an_absence_that_is_over_closes_no_circle(cast, today):
    User.objects.filter(pk=cast.standin.pk).update(
        away_from=TODAY - timedelta(days=9), away_until=TODAY - timedelta(days=2), stand_in=cast.manager
    )

    assert me(cast.manager, away_from="2026-05-06", stand_in=cast.standin.pk).status_code == 302


def test_who_stands_in_reads_for_whom(cast, today):
    User.objects.filter(pk=cast.manager.pk).update(away_from=TODAY, stand_in=cast.standin)
    client = Client()
    client.force_login(cast.standin)

    page = client.get("/people/me/").content.decode()

    assert "You stand in for" in page and "Manager" in page
