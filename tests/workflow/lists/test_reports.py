"""Reports: right figures, over what the reader may see."""

import csv
import io
import json
from copy import copy
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import available_timezones

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supportops.accounts.models import Holiday, User
from tests.factories import file_request, person, request_at, restrict, step
from tests.workflow.lists.population import many
from workflow.catalogue.kinds import Kind
from workflow.clock import calendar_of, counted_for
from workflow.models import CountedReport, Issue
from workflow.reports import (
    Report,
    ages,
    approval_latency,
    count,
    count_reports,
    lead_times,
    most_overdue,
    open_by_court,
    open_by_state,
    over_target,
    spread,
)
from workflow.states import Court, State
from workflow.verbs import Verb


def seen_by(who):
    return Issue.objects.visible_to(who)


def hours(*numbers):
    return [timedelta(hours=number) for number in numbers]


@pytest.mark.parametrize(
    ("lengths", "median", "ninetieth"),
    [
        (hours(5), 5, 5),
        (hours(1, 2), 1, 2),
        (hours(3, 1, 2), 2, 3),
        (hours(*range(1, 11)), 5, 9),
        (hours(*range(1, 101)), 50, 90),
    ],
)
def test_median_and_ninetieth_are_values_that_occurred(lengths, median, ninetieth):
    found = spread("x", lengths)
    assert (found.median, found.ninetieth) == (timedelta(hours=median), timedelta(hours=ninetieth))


def test_nothing_has_no_median():
    assert spread("x", []).median is None


def test_open_requests_by_state_and_court_hold_only_what_the_reader_may_see(cast):
    file_request(cast)
    restrict(file_request(cast))
    request_at(State.VALIDATION, cast=cast)
    request_at(State.CLOSED, cast=cast)
    states = open_by_state(seen_by(cast.ops))
    assert {state: number for state, _, number in states if number} == {State.TRIAGE: 1, State.VALIDATION: 1}
    assert {court: number for court, number in open_by_court(states) if number} == {Court.OPS: 1, Court.REQUESTER: 1}


def test_lead_time_runs_from_filing_to_completion(cast):
    issue = request_at(State.COMPLETED, Kind.QUESTION, cast=cast)
    ended = Issue.objects.get(pk=issue.pk).state_since
    Issue.objects.filter(pk=issue.pk).update(created_at=ended - timedelta(days=4))
    found = {lead.name: lead for lead in lead_times(seen_by(cast.ops))}
    assert (found["Question"].number, found["Question"].median) == (1, timedelta(days=4))
    assert found["Bug"].number == 0


def test_the_time_a_reopened_request_was_closed_is_left_out(cast, time_machine):
    start = timezone.now().replace(microsecond=0)
    time_machine.move_to(start, tick=False)
    issue = file_request(cast, Kind.QUESTION)
    for day, verb in ((1, Verb.COMPLETE), (6, Verb.REOPEN), (8, Verb.COMPLETE)):
        time_machine.move_to(start + timedelta(days=day), tick=False)
        step(issue, verb, cast.ops, text="So.")
    lead = {lead.name: lead for lead in lead_times(seen_by(cast.ops))}["Question"]
    assert lead.median == timedelta(days=3)


def test_what_was_completed_long_ago_does_not_count(cast):
    many(2, cast.requester, state=State.COMPLETED)
    Issue.objects.update(state_since=timezone.now() - timedelta(days=91))
    assert {lead.number for lead in lead_times(seen_by(cast.ops))} == {0}


def test_ages_count_what_is_over_the_target(cast):
    old, _ = many(2, cast.requester)
    Issue.objects.filter(pk=old.pk).update(state_since=timezone.now() - timedelta(days=5))
    (triage,) = ages(seen_by(cast.ops), {State.TRIAGE: 2})
    assert (triage.number, triage.over) == (2, 1)
    assert most_overdue(seen_by(cast.ops), {State.TRIAGE: 2}) == [old.pk]


def test_people_in_every_time_zone_are_counted_at_once(cast):
    """Each stage, place of an owner and place of a requester, thirty times forty of them, make one condition."""
    zones = sorted(available_timezones())
    places = [(zone, region) for region in ("EMEA", "AMER") for zone in zones[::15][:20]]
    people = User.objects.bulk_create(
        User(username=f"{zone} {region}", time_zone=zone, region=region) for zone, region in places
    )
    old = timezone.now() - timedelta(days=30)
    owners = [None, *people[:29]]
    (base,) = many(1, cast.requester)
    rows = [copy(base) for _ in range(len(people) * len(owners))]
    for row, (requester, owner) in zip(rows, product(people, owners), strict=True):
        row.pk, row.requester, row.assignee = None, requester, owner
        row.state_since = old if requester is people[0] else base.state_since
    base.delete()
    Issue.objects.bulk_create(rows)
    (triage,) = ages(seen_by(cast.ops), {State.TRIAGE: 2})
    assert (triage.number, triage.over) == (len(rows), len(owners))


@pytest.mark.parametrize("state", [State.TRIAGE, State.VALIDATION, State.APPROVAL])
def test_each_ones_own_calendar_decides_what_is_over(state, cast, time_machine):
    """On a Tuesday noon UTC: a day ago it was a holiday in one region, and elsewhere it is a day later or earlier."""
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    time_machine.move_to(now, tick=False)
    Holiday.objects.create(date=date(2026, 3, 9), name="There", region="APAC")
    places = [("Pacific/Kiritimati", "EMEA"), ("Pacific/Pago_Pago", "EMEA"), ("Europe/Berlin", "APAC")]
    people = [None, *(person(time_zone=zone, region=region) for zone, region in places)]
    for row, (requester, owner) in zip(
        many(48, cast.requester, state=state), 3 * list(product(people, people)), strict=True
    ):
        row.requester, row.assignee = requester or cast.requester, owner
        row.state_since = now - timedelta(hours=(23, 27, 95)[row.number % 3])
        row.save()
    expected = {
        row.pk
        for row in Issue.objects.all()
        if calendar_of(counted_for(row)).working_time(row.state_since, now) > timedelta(days=1)
    }
    found = set(Issue.objects.filter(over_target(seen_by(cast.ops), {state: 1}, now=now)).values_list("pk", flat=True))
    assert found == expected and 0 < len(found) < 48


def test_approvals_tell_how_long_deciding_took(cast, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    issue = file_request(cast, Kind.PROPOSAL, approver=cast.manager)
    time_machine.move_to(start + timedelta(days=2), tick=False)
    step(issue, Verb.APPROVE, cast.manager, text="Agreed.")
    found = approval_latency(seen_by(cast.ops))
    assert (found.number, found.median) == (1, timedelta(days=2))


@pytest.mark.parametrize(("who", "status"), [("ops", 200), ("lead", 200), ("requester", 403), ("admin", 403)])
def test_reports_are_for_support_operations(client, cast, who, status):
    client.force_login(getattr(cast, who))
    assert client.get("/reports/").status_code == status


def test_the_file_holds_the_same_figures(client, cast):
    file_request(cast)
    client.force_login(cast.ops)
    lines = list(
        csv.reader(io.StringIO(b"".join(client.get("/reports/?format=csv").streaming_content).decode("utf-8-sig")))
    )
    assert ["Open by state", "Triage", "1"] in lines


def test_the_page_takes_as_many_queries_with_many_rows_as_with_few(client, cast):
    client.force_login(cast.ops)
    numbers = []
    for title, number in (("Few", 10), ("Many", 500)):
        many(number, cast.requester, title=title)
        many(number, cast.requester, state=State.COMPLETED, title=f"Done {title}")
        count_reports()
        client.get("/reports/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/reports/").status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 8 + 2 + 1  # two of the session's, and the stays of those overdue


# What is kept -------------------------------------------------------------------------------------------------------


def triage_on(page):
    """How many requests in triage the page counts."""
    return next(row["number"] for row in page.context["states"] if row["state"] == State.TRIAGE)


def test_a_page_shows_what_was_counted_last_and_says_when(client, cast):
    file_request(cast)
    count_reports()
    client.force_login(cast.ops)
    first = client.get("/reports/")
    file_request(cast)

    again = client.get("/reports/")
    count_reports()
    later = client.get("/reports/")

    assert [triage_on(page) for page in (first, again, later)] == [1, 1, 2]
    assert first.context["counted_at"] == again.context["counted_at"] < later.context["counted_at"]


def test_what_is_restricted_is_counted_for_its_group_alone(client, cast):
    hidden = restrict(file_request(cast))
    member = person("member", groups=["ops", hidden.restricted_to.name])
    count_reports()

    found = {}
    for who in (cast.ops, cast.lead, member):
        client.force_login(who)
        found[who.username] = triage_on(client.get("/reports/"))

    assert found == {"ops": 0, "lead": 0, "member": 1}


def test_a_group_that_no_route_names_any_more_still_sees_its_requests_counted(client, cast):
    group = Group.objects.create(name="of an earlier route")
    Issue.objects.filter(pk=file_request(cast).pk).update(restricted_to=group)
    client.force_login(person("member", groups=["ops", group.name]))
    count_reports()
    assert triage_on(client.get("/reports/")) == 1


def test_who_has_just_joined_a_group_is_shown_its_figures_at_once(client, cast):
    hidden = restrict(file_request(cast))
    count_reports()
    cast.ops.groups.add(hidden.restricted_to)
    client.force_login(cast.ops)
    assert triage_on(client.get("/reports/")) == 1


def test_an_overdue_request_that_has_gone_on_is_shown_no_longer(client, cast):
    late = file_request(cast)
    Issue.objects.update(state_since=timezone.now() - timedelta(days=60))
    count_reports()
    client.force_login(cast.ops)
    shown = [row["number"] for row in client.get("/reports/").context["overdue"]]
    restrict(late)

    assert shown == [late.reference]
    assert client.get("/reports/").context["overdue"] == []


def test_figures_that_are_for_nobody_any_more_are_dropped(cast):
    hidden = restrict(file_request(cast))
    member = person("member", groups=["ops", hidden.restricted_to.name])
    count_reports()
    before = CountedReport.objects.count()
    member.groups.clear()

    count_reports()

    assert CountedReport.objects.count() == before - 1
    assert not CountedReport.objects.filter(groups=[hidden.restricted_to_id]).exists()


def test_whose_turn_was_longest_ago_comes_first_when_time_is_short(cast):
    hidden = restrict(file_request(cast))
    person("member", groups=["ops", hidden.restricted_to.name])
    count_reports()
    first, *others = CountedReport.objects.order_by("counted_at")

    assert count_reports(most=timedelta()) == 1

    first.refresh_from_db()
    assert others and all(first.counted_at > other.counted_at for other in others)


def test_a_report_is_kept_whole(cast):
    file_request(cast)
    request_at(State.COMPLETED, Kind.BUG, cast=cast)
    Issue.objects.filter(state=State.TRIAGE).update(state_since=timezone.now() - timedelta(days=60))
    report = count([])
    kept = json.loads(json.dumps(report.as_json()))
    assert Report.from_json(kept, report.counted_at) == report
    assert report.overdue and any(lead.number for lead in report.leads)


def test_the_command_says_what_differs_from_a_new_count(cast):
    file_request(cast)
    said = io.StringIO()
    call_command("count_reports", stdout=said)
    call_command("count_reports", check=True, stdout=said)
    number = CountedReport.objects.count()
    assert f"Counted for {number} sets of groups." in said.getvalue()
    assert f"{number} counts are as a new one would be." in said.getvalue()

    file_request(cast)

    with pytest.raises(CommandError, match="count_reports"):
        call_command("count_reports", check=True, stdout=said)
    assert "Differs from a new count: Reports for groups none" in said.getvalue()
