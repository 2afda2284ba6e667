"""Statements of a fixed shape: what is written once gives what the queryset itself gives, whoever asks next."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from supportops.accounts.models import User
from supportops.statements import Statement, days, ids
from tests.factories import person

pytestmark = pytest.mark.django_db


def test_the_values_of_the_moment_stand_in_the_places_that_were_left_open():
    first, second = person("first"), person("second")
    (anybody,) = ids(1)
    names = Statement("names", lambda: User.objects.filter(pk=anybody).values_list("username"), [anybody])

    assert [names.rows(one.pk) for one in (first, second, first)] == [[("first",)], [("second",)], [("first",)]]


def test_a_day_is_left_open_and_comes_back_as_a_day():
    today = date(2026, 11, 27)
    person("away", away_from=today)
    (day,) = days(1)
    since = Statement("since", lambda: User.objects.filter(away_from__lte=day).values_list("away_from"), [day])

    assert since.rows(today) == [(today,)]
    assert since.rows(today - timedelta(days=1)) == []


def test_it_is_written_once():
    written = []

    def build():
        written.append(1)
        return User.objects.values_list("username")

    everybody = Statement("everybody", build)
    everybody.rows()
    person("newcomer")

    assert ("newcomer",) in everybody.rows()
    assert len(written) == 1


def test_values_that_a_statement_does_not_use_are_borne():
    one, other = ids(2)
    for open_to in ([one], [one, other]):
        names = Statement("names", lambda: User.objects.filter(pk=one).values_list("username"), open_to)
        assert names.rows(*[0] * len(open_to)) == []


def test_what_can_find_nothing_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Statement("nobody", lambda: User.objects.none().values_list("pk")).rows() == []


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_plans_it_anew():
    everybody = Statement("everybody", lambda: User.objects.values_list("username"))
    before = everybody.rows()
    connection.close()

    assert everybody.rows() == before


def test_behind_a_pooler_nothing_is_planned_on_a_connection_that_is_not_ours(settings, django_assert_num_queries):
    settings.DATABASE_POOLED = True
    with django_assert_num_queries(1) as asked:
        Statement("everybody", lambda: User.objects.values_list("username")).rows()

    assert asked.captured_queries[0]["sql"].startswith("SELECT")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans anew by itself")
@pytest.mark.django_db(transaction=True)
def test_a_plan_that_a_migration_spoilt_is_made_anew():
    person("somebody")
    titles = Statement("titles", lambda: User.objects.values_list("title"))
    titles.rows()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user ALTER COLUMN title TYPE text")
    try:
        assert titles.rows() == [("",)] * User.objects.count()
        assert titles.rows()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_user ALTER COLUMN title TYPE varchar(120)")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans nothing ahead")
def test_inside_a_transaction_a_spoilt_connection_is_given_up_afterwards():
    broken = Statement("broken", lambda: User.objects.values_list("title"))
    broken.rows()
    name = broken._written.planned[0]
    with connection.cursor() as cursor:
        cursor.execute(f"DEALLOCATE {name}")
    with pytest.raises(DatabaseError), transaction.atomic():
        broken.rows()
    assert connection.close_at == 0
