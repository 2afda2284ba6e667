"""The clock of courts: whatever people do and however long they take, its parts sum to the lead time, to the second."""

import csv
import io
import os
from datetime import UTC, datetime, timedelta

import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories import file_request, request_at, step
from tests.workflow.test_life_properties import PEOPLE, press
from workflow.catalogue.kinds import Kind
from workflow.clock import clock_of, stays_of
from workflow.models import Issue
from workflow.pages.csv_export import COLUMNS, _row
from workflow.pages.rows import drawn_clock, targets
from workflow.reports import lead_times
from workflow.states import CLOSE_OUTCOMES, COURT, Court, State
from workflow.verbs import Verb

EXAMPLES = int(os.environ.get("EXAMPLES", "20"))
BEGIN = datetime(2026, 3, 25, 9, tzinfo=UTC)
"""Four days before Europe's clocks go forward: a length of time is one all the same."""
pauses = st.timedeltas(timedelta(0), timedelta(days=40))
verbs = st.sampled_from([*Verb, Verb.APPROVE, Verb.ACCEPT, Verb.REOPEN, "gate-yes", "gate-no"])
steps = st.tuples(verbs, st.sampled_from(PEOPLE), st.sampled_from(CLOSE_OUTCOMES), pauses)


def clock(issue):
    """The request's clock as lists and files read it."""
    [read] = Issue.objects.filter(pk=issue.pk).with_people().with_moves()
    return read, clock_of(stays_of(read), datetime.now(tz=UTC))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(Kind.values), walk=st.lists(steps, min_size=4, max_size=20))
@example(
    Kind.QUESTION,
    [
        (Verb.ASK, "ops", None, timedelta(microseconds=999_999)),
        (Verb.ANSWER, "requester", None, timedelta(seconds=1)),
        (Verb.COMPLETE, "ops", None, timedelta(days=3)),
        (Verb.REOPEN, "ops", None, timedelta(microseconds=500_001)),
    ],
)
def test_the_parts_sum_to_the_time_it_was_open(cast, kind, walk):
    with time_machine.travel(BEGIN, tick=False) as now:
        issue = file_request(cast, kind)
        lived = {}
        for verb, username, outcome, pause in walk:
            court = Issue.objects.get(pk=issue.pk).court
            now.shift(pause)
            if court:
                lived[court] = lived.get(court, timedelta()) + pause
            press(issue, verb, getattr(cast, username), outcome)

        read, told = clock(issue)

        assert {court: time for court, time in told.spent.items() if time} == {c: t for c, t in lived.items() if t}
        assert told.lead_time == sum(lived.values(), timedelta())
        assert sum(told.seconds.values()) == told.lead_time // timedelta(seconds=1)
        assert told.court == read.court and (told.since is None) == (read.court is None)
        assert_file_and_bar_agree(read, told)


def assert_file_and_bar_agree(read, told):
    """The CSV's seconds are the clock's, and what is drawn fills the bar."""
    cells = dict(zip(COLUMNS, _row(read, targets(), datetime.now(tz=UTC), ""), strict=True))
    per_court = [cells[f"With {court.label} in seconds"] for court in Court]
    assert sum(per_court) == cells["Lead time in seconds"] == told.lead_time // timedelta(seconds=1)
    if drawn := drawn_clock(told, datetime.now(tz=UTC)):
        assert abs(sum(part["width"] for part in drawn["parts"]) - 100) < 0.1


def test_it_is_with_somebody_since_it_came_to_their_court_not_since_its_last_step(cast):
    with time_machine.travel(BEGIN, tick=False) as now:
        issue = request_at(State.DESIGN, Kind.BUG, cast=cast)
        now.shift(timedelta(days=2))
        step(issue, Verb.SUBMIT_GAMEPLAN, cast.ops, text="So.")
        now.shift(timedelta(days=1))
        read, told = clock(issue)
        assert (read.state_since, told.since) == (BEGIN + timedelta(days=2), BEGIN)
        step(issue, Verb.ASK, cast.ops, text="Which one?")
        assert clock(issue)[1].since == BEGIN + timedelta(days=3)


def test_the_page_says_how_long_it_has_been_with_them_not_how_long_in_its_stage(cast, client):
    with time_machine.travel(BEGIN, tick=False) as now:
        issue = request_at(State.DESIGN, Kind.BUG, cast=cast)
        now.shift(timedelta(days=3))
        step(issue, Verb.SUBMIT_GAMEPLAN, cast.ops, text="So.")
        now.shift(timedelta(days=1))
        client.force_login(cast.requester)

        page = client.get(issue.get_absolute_url())

        assert page.context["header"]["since"] == BEGIN
        assert ">for <time" in page.text and ">4 days</time>" in page.text
        assert 'title="4 days 0 hours 0 minutes 0 seconds"' in page.text, "the clock is drawn, and exact"


def test_a_row_of_a_list_says_with_whom_and_how_long(cast, client):
    with time_machine.travel(BEGIN, tick=False) as now:
        issue = request_at(State.NEEDS_INFO, Kind.BUG, cast=cast)
        now.shift(timedelta(days=9))
        client.force_login(cast.requester)
        [row] = client.get("/issues/").context["rows"]
        file = b"".join(client.get("/issues/?format=csv").streaming_content).decode("utf-8-sig")
    assert (row["clock"]["now"], row["clock"]["words"]) == ("9d", "Requester 9 days")
    [cells] = csv.DictReader(io.StringIO(file))
    assert cells["With Requester"] == "9 days 0 hours 0 minutes 0 seconds"
    assert cells["With Requester in seconds"] == cells["Lead time in seconds"] == str(9 * 86_400)
    assert (cells["With Approver"], cells["With Approver in seconds"]) == ("", "0")
    assert cells["With them since"] == "2026-03-25T09:00:00Z" and cells["Number"] == issue.reference


def test_a_reopened_request_takes_as_long_as_the_reports_say(cast):
    with time_machine.travel(BEGIN, tick=False) as now:
        issue = request_at(State.TRIAGE, Kind.QUESTION, cast=cast)
        for verb, pause in ((Verb.COMPLETE, 2), (Verb.REOPEN, 5), (Verb.COMPLETE, 1)):
            now.shift(timedelta(days=pause, microseconds=7))
            step(issue, verb, cast.ops, text="Well.")

        _, told = clock(issue)

        [reported] = [one for one in lead_times(Issue.objects.visible_to(cast.ops)) if one.number]
        assert told.lead_time == reported.median == timedelta(days=3, microseconds=14)
        assert told.spent == {Court.OPS: told.lead_time} and told.court is None


def test_history_keeps_the_very_moments_at_which_the_request_came_and_moved(cast):
    read, _ = clock(request_at(State.DESIGN, Kind.BUG, cast=cast))
    stays = stays_of(read)
    assert (stays[0][0], stays[-1][0]) == (read.created_at, read.state_since)


def test_every_open_state_is_in_a_court_that_the_file_has_a_column_for():
    assert {f"With {court.label}" for court in COURT.values()} <= set(COLUMNS)
