"""The numbers of the menu: bounded, and one statement that is written once per kind of person."""

import pytest

from supportops.ui.marks import MOST_SHOWN, bounded
from tests.factories import file_request, person
from tests.workflow.lists.population import many
from workflow.models import Issue
from workflow.numbers import HowMany, Numbers
from workflow.queues import counted


def test_it_is_written_once_for_all_people_of_a_kind_and_asked_with_their_own_ids(cast):
    asked = []

    def ask(anybody):
        asked.append(anybody)
        return {"mine": HowMany(Issue.objects.filter(requester=anybody))}

    numbers = Numbers(ask)
    for _ in range(2):
        file_request(cast)

    assert [numbers.of(one)["mine"] for one in (cast.requester, cast.colleague, cast.admin)] == [2, 0, 0]
    assert len(asked) == 1


def test_people_in_other_groups_are_another_kind(cast):
    numbers = Numbers(counted)
    found = [set(numbers.of(one)) for one in (cast.requester, cast.ops, cast.colleague)]
    assert found[0] == found[2] < found[1]


def test_somebody_who_stands_in_finds_what_waits_for_whoever_is_away(cast):
    numbers = Numbers(counted)
    file_request(cast, "administrative", route="calendly")
    assert (numbers.of(cast.manager)["approvals"], numbers.of(cast.standin)["approvals"]) == (1, 0)

    cast.standin.stood_in_ids = frozenset({cast.manager.pk})

    assert numbers.of(cast.standin)["approvals"] == 1


def test_nothing_is_asked_of_the_database_where_there_is_nothing_to_ask(cast, django_assert_num_queries):
    numbers = Numbers(lambda anybody: {})
    assert cast.ops.groups_by_id and cast.ops.stood_in_ids == frozenset()
    with django_assert_num_queries(0):
        assert numbers.of(cast.ops) == {}


def test_no_count_looks_further_than_it_shows(cast):
    many(MOST_SHOWN + 20, cast.requester)
    assert Numbers(counted).of(cast.ops)["triage"] == MOST_SHOWN


def test_counting_stops_in_the_database(cast):
    sql = str(Issue.objects.filter(pk=0).annotate(n=HowMany(Issue.objects.all())).query)
    assert f"LIMIT {MOST_SHOWN}" in sql


@pytest.mark.parametrize(("count", "shown"), [(None, ""), (0, "0"), (99, "99"), (100, "99+"), (5000, "99+")])
def test_a_count_reads(count, shown):
    assert bounded(count) == shown


def test_a_person_without_groups_is_read_like_anybody(db):
    assert Numbers(counted).of(person("newcomer")) == {"approvals": 0, "waiting": 0, "validation": 0}
