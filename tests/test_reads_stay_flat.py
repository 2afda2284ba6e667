"""No page reads more because there are more requests: its statements under EXPLAIN at two sizes, on PostgreSQL.

What a page shows is full at both sizes, so that more rows can only mean more reading, not more to show.
"""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from supportops.portal.load import load
from tests.benchmarks.reading import PAGES, address, blocks_of, people, statements
from workflow.catalogue.models import Entry, Route
from workflow.gitlab.models.connection import Connection
from workflow.models import Event, Issue
from workflow.reports import count_reports
from workflow.states import State

SMALL, MORE = 1_000, 5_000
PEOPLE = 120
MOST, SPARE = 1.3, 250
"""Blocks by which two runs of one statement may differ: an index a level deeper, rows that lie on other pages, and the
two hundred rows that are looked through for 25 of one system."""
ABOUT_ONE = 40
"""By which what is read about one request may."""
NOTHING_YET = 100
"""For a statement that had nothing to read at first, because its list was empty."""
COUNTED = 2_000
"""By which the menu's may, each of whose counts goes up to a hundred rows, and that of My requests: 200 watches."""
BOUNDED = ("EXECUTE numbers_", "EXECUTE my_requests_")
GROWS = {
    "search, a rare word": "the newest 20,000 titles are compared, and never more",
}
postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="EXPLAIN (BUFFERS) is PostgreSQL's")


def read_by(who, client):
    """{(who, page, statement): blocks}."""
    found = {}
    for name, person in who.items():
        client.force_login(person)
        for page in PAGES.keys() - GROWS.keys():
            client.get(address(page))
            with statements() as sent:
                client.get(address(page))
            found |= {(name, page, sql): blocks for sql, blocks in blocks_of(sent).items()}
    return found


def _spare(who, page, statement):
    if statement.startswith(BOUNDED):
        return COUNTED
    return ABOUT_ONE if page.startswith(("request", "feature", "ended", "a step")) else SPARE


@postgres
@pytest.mark.django_db
def test_no_page_reads_more_because_there_are_more_requests(client):
    load(SMALL, PEOPLE, say=lambda line: None)
    who = people()
    count_reports()
    small = read_by(who, client)
    load(MORE, PEOPLE, say=lambda line: None, seed=2)
    count_reports()

    large = read_by(who, client)

    grown = [
        (blocks, small.get(place, 0), *place)
        for place, blocks in large.items()
        if blocks > MOST * small.get(place, NOTHING_YET) + _spare(*place)
    ]
    assert sorted(grown, reverse=True)[:5] == [], "(blocks with more requests, with few, who, page, statement)"


@pytest.mark.django_db
def test_load_data_satisfies_every_constraint_and_reaches_every_state():
    load(800, 60, say=lambda line: None)
    connection.check_constraints()
    assert set(Issue.objects.values_list("state", flat=True)) == set(State)
    assert all(issue.rank == issue.urgency for issue in Issue.objects.select_related("route"))
    assert Connection.load().paused


@pytest.mark.django_db
def test_the_histories_of_load_data_go_only_ways_that_the_state_machine_has():
    load(800, 60, say=lambda line: None)
    moves = list(Issue._meta.get_field("state").get_all_transitions(Issue))
    sources = {(move.name.replace("_", "-"), move.source) for move in moves}
    steps = set(Event.objects.exclude(from_state="").values_list("verb", "from_state"))
    assert steps - sources == set()


@pytest.mark.django_db
def test_load_data_goes_only_where_there_are_no_requests():
    load(3, 60, say=lambda line: None)
    with pytest.raises(CommandError, match="This database holds requests."):
        call_command("seed_load", requests=10, people=60, stdout=io.StringIO())


@pytest.mark.django_db
def test_too_few_people_are_refused_with_the_number_that_is_needed():
    with pytest.raises(CommandError, match="50 people"):
        call_command("seed_load", requests=10, people=3, stdout=io.StringIO())


@pytest.mark.django_db
def test_without_a_catalogue_it_is_said_what_to_do_first():
    Entry.objects.all().delete()
    Route.objects.all().delete()
    with pytest.raises(CommandError, match="manage.py seed_catalogue"):
        call_command("seed_load", requests=10, people=60, stdout=io.StringIO())
