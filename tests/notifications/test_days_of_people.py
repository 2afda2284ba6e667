"""Every reminder and escalation counts the days of whoever is waited for: their midnight, their clocks, their holidays.

What each is due after stands in test_reminders.py; here each travels over the changes of clocks of Europe, America and
Australia, both ways, over a holiday, and to the moment before.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from supportops.accounts.absence import is_away
from supportops.accounts.models import Holiday, User
from supportops.accounts.working_days import calendar_of
from tests.factories import file_request, person, request_at, restrict, step
from tests.notifications.telling import at
from tests.workflow.lists.population import many
from workflow.actions import set_due_date
from workflow.catalogue.kinds import Kind
from workflow.models import Issue, StageTarget
from workflow.notifications.models import Reminder
from workflow.notifications.reminders import remind_people
from workflow.pages.rows import rows_of, targets
from workflow.permissions import refusal
from workflow.reports import ages, most_overdue
from workflow.states import State
from workflow.verbs import Act, Verb

BERLIN, NEW_YORK, SYDNEY = "Europe/Berlin", "America/New_York", "Australia/Sydney"
CHANGES = {
    "Europe, forward": (BERLIN, date(2026, 3, 27)),
    "Europe, back": (BERLIN, date(2026, 10, 23)),
    "America, forward": (NEW_YORK, date(2026, 3, 6)),
    "America, back": (NEW_YORK, date(2026, 10, 30)),
    "Australia, back": (SYDNEY, date(2026, 4, 3)),
}
"""{change: (zone, the Friday before it)}; nobody's clocks but theirs change on that weekend."""


def on(day, hour, minute=0, zone="UTC", days=0):
    """That clock time so many days after ``day``."""
    there = day + timedelta(days=days)
    return at(there.year, there.month, there.day, hour, minute, zone)


def live(who, zone="UTC", region=""):
    User.objects.filter(pk=who.pk).update(time_zone=zone, region=region)


def days_of(kind, who):
    return [one.day for one in Reminder.objects.filter(kind=kind, person=who).order_by("day")]


def approval(cast):
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly")


def validation(cast):
    return request_at(State.VALIDATION, cast=cast)


def new(issue):
    return Issue.objects.get(pk=issue.pk)


def may_name(who):
    return lambda cast, issue: refusal(User.objects.get(pk=who(cast).pk), Act.NAME_APPROVER, new(issue)) is None


def may_delegate(cast, issue):
    return refusal(cast.lead, Act.DELEGATE, new(issue)) is None


def reminded(kind, who):
    def happened(cast, issue):
        remind_people()
        return bool(days_of(kind, who(cast)))

    return happened


def manager(cast):
    return cast.manager


def requester(cast):
    return cast.requester


def boss(cast):
    boss, made = User.objects.get_or_create(username="boss")
    if made:
        User.objects.filter(pk=cast.manager.pk).update(reports_to=boss)
    return boss


AFTER = {
    "an approver is reminded": (approval, manager, reminded(Reminder.Kind.APPROVAL_WAITS, manager), 2),
    "their manager is told": (approval, manager, reminded(Reminder.Kind.APPROVAL_LATE, boss), 5),
    "their manager may ask somebody else": (approval, manager, may_name(boss), 5),
    "a validator is reminded": (validation, requester, reminded(Reminder.Kind.VALIDATION_LATE, requester), 5),
    "the owner hears of a late validation": (
        validation,
        requester,
        reminded(Reminder.Kind.VALIDATION_SILENT, lambda cast: cast.ops),
        5,
    ),
    "a lead may delegate the validation": (validation, requester, may_delegate, 5),
}
"""{what happens: (the request, whose days count, whether it happened, after how many of their working days)}"""


def calendar_days(working):
    """From a Friday: how many days later so many working days have passed."""
    return working + 2 * -(-working // 5) if working % 5 else working // 5 * 7


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("what", AFTER)
def test_clocks_that_change_change_no_day_and_no_hour(what, change, cast, clock):
    make, whose, happened, working = AFTER[what]
    zone, friday = CHANGES[change]
    boss(cast)
    live(whose(cast), zone)
    clock.move_to(on(friday, 9, zone=zone))
    issue = make(cast)

    clock.move_to(on(friday, 8, 59, zone, days=calendar_days(working)))
    before = happened(cast, issue)
    clock.move_to(on(friday, 9, 0, zone, days=calendar_days(working)))

    assert (before, happened(cast, issue)) == (False, True)


HOLIDAYS = {"everybody's": ("", True), "of their region": ("EMEA", True), "of another region": ("APAC", False)}


@pytest.mark.parametrize("where", HOLIDAYS)
@pytest.mark.parametrize("what", AFTER)
def test_a_holiday_where_they_are_is_no_day_of_waiting(what, where, cast, clock):
    make, whose, happened, working = AFTER[what]
    region, counts = HOLIDAYS[where]
    boss(cast)
    live(whose(cast), region="EMEA")
    Holiday.objects.create(date=date(2026, 3, 11), name="A day off", region=region)  # the Wednesday after it was asked
    issue = make(cast)
    tuesday = date(2026, 3, 10)
    days = 2 if working == 2 else 7

    clock.move_to(on(tuesday, 9, days=days))
    in_time = happened(cast, issue)
    clock.move_to(on(tuesday, 9, days=days + 1))

    assert (in_time, happened(cast, issue)) == (not counts, True)


# Discussions go by dates: each is reminded on the day that begins where they are -----------------------------------


@pytest.fixture
def discussion(cast, clock):
    """A proposal under discussion until Sunday 29 March 2026, the day on which Europe's clocks go forward."""
    return file_request(cast, Kind.PROPOSAL, approver=cast.manager, due_date=date(2026, 3, 29))


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("day", [date(2026, 3, 26), date(2026, 3, 29), date(2026, 3, 30)])
def test_a_discussion_is_reminded_of_from_their_own_midnight_on(day, zone, discussion, cast, clock):
    live(cast.manager, zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    clock.move_to(midnight - timedelta(minutes=1))
    remind_people()
    before = days_of(Reminder.Kind.DISCUSSION_DUE, cast.manager)
    clock.move_to(midnight)
    remind_people()

    assert day not in before and days_of(Reminder.Kind.DISCUSSION_DUE, cast.manager) == [*before, day]


def test_the_days_after_its_end_are_working_days_where_they_are(discussion, cast, clock):
    live(cast.manager, region="EMEA")
    live(cast.requester, region="APAC")
    Holiday.objects.create(date=date(2026, 3, 31), name="A day off", region="EMEA")
    for day in (29, 30, 31):
        clock.move_to(at(2026, 3, day, 12))
        remind_people()
    manager_, requester_ = (
        [day.day for day in days_of(Reminder.Kind.DISCUSSION_DUE, who)] for who in (cast.manager, cast.requester)
    )
    assert (manager_, requester_) == ([29, 30], [29, 30, 31])


def test_its_words_fit_the_day_where_they_are(discussion, cast, clock):
    live(cast.manager, "Pacific/Kiritimati")
    clock.move_to(at(2026, 3, 28, 12))
    remind_people()
    told = {one.person: one.text for one in Reminder.objects.filter(day__gte=date(2026, 3, 26))}
    assert "The discussion ends today." in told[cast.manager]
    assert "The discussion ends on Sunday 29 March 2026." in told[cast.requester]


def test_a_stand_in_far_away_is_reminded_by_their_own_days(discussion, cast, clock):
    live(cast.standin, "Pacific/Kiritimati")
    User.objects.filter(pk=cast.manager.pk).update(away_from=date(2026, 3, 20), stand_in=cast.standin)
    clock.move_to(at(2026, 3, 25, 10))
    remind_people()
    assert days_of(Reminder.Kind.DISCUSSION_DUE, cast.standin) == [date(2026, 3, 26)]
    assert days_of(Reminder.Kind.DISCUSSION_DUE, cast.requester) == []


def test_a_new_end_is_reminded_of_again_over_a_change_of_clocks(discussion, cast, clock):
    live(cast.manager, BERLIN)
    set_due_date(discussion.pk, date(2026, 3, 31), by=cast.requester)
    clock.move_to(on(date(2026, 3, 28), 0, 0, BERLIN))
    remind_people()
    assert days_of(Reminder.Kind.DISCUSSION_DUE, cast.manager) == [date(2026, 3, 28)]


# What is blocked goes by whole weeks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_blocked_is_reviewed_once_a_week_over_a_change_of_clocks(change, cast, clock, settings):
    settings.TIME_ZONE, friday = CHANGES[change]
    clock.move_to(on(friday, 9, zone=settings.TIME_ZONE))
    issue = restrict(request_at(State.BLOCKED, cast=cast))
    Issue.objects.filter(pk=issue.pk).update(assignee=cast.requester)
    seen = []
    for days in range(6, 16):
        clock.move_to(on(friday, 11, zone=settings.TIME_ZONE, days=days))
        remind_people()
        seen.append(len(days_of(Reminder.Kind.BLOCKED_REVIEW, cast.requester)))
    assert seen == [0, *[1] * 7, 2, 2]


# Absence, at the edges of days that are not 24 hours long; Europe's stand in tests/accounts/test_absence.py ----------


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        (date(2026, 3, 8), at(2026, 3, 8, 5), at(2026, 3, 9, 4)),
        (date(2026, 11, 1), at(2026, 11, 1, 4), at(2026, 11, 2, 5)),
    ],
    ids=["forward", "back"],
)
def test_an_absence_of_the_day_americas_clocks_change_is_that_day(day, begins, ends, cast):
    one = person("ny", time_zone=NEW_YORK, away_from=day, away_until=day)
    second = timedelta(seconds=1)
    assert [is_away(one, moment) for moment in (begins - second, begins, ends - second, ends)] == [
        False,
        True,
        True,
        False,
    ]


# Stage targets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
def test_a_target_is_passed_after_so_many_days_of_whoever_owns_it(change, cast, clock):
    zone, friday = CHANGES[change]
    live(cast.ops, zone)
    StageTarget.objects.filter(state=State.DESIGN).update(working_days=2)
    clock.move_to(on(friday, 9, zone=zone))
    issue = request_at(State.DESIGN, cast=cast)
    late = []
    for moment in (on(friday, 9, 0, zone, days=4), on(friday, 9, 1, zone, days=4)):
        clock.move_to(moment)
        [row] = rows_of(list(Issue.objects.filter(pk=issue.pk).with_people()))
        late.append(row["over_target"])
    assert late == [False, True]


def test_queues_page_and_reports_mark_the_same(cast, clock, client):
    """Owners and requesters in three places, one with a holiday; requests that came to their stage hour by hour."""
    Holiday.objects.create(date=date(2026, 3, 11), name="A day off", region="EMEA")
    live(cast.ops, BERLIN, "EMEA")
    live(cast.other_ops, NEW_YORK, "AMER")
    live(cast.requester, SYDNEY, "APAC")
    live(cast.colleague, BERLIN, "EMEA")
    clock.move_to(at(2026, 3, 13, 12))
    for owner in (cast.ops, cast.other_ops, None):
        for state, by in ((State.TRIAGE, cast.requester), (State.VALIDATION, cast.colleague)):
            many(12, by, state=state, assignee=owner, title=f"{state} of {owner}")
    for number, issue in enumerate(Issue.objects.order_by("number")):
        hours = 42 + number % 12 * 3 if issue.state == State.TRIAGE else 112 + number % 12 * 6
        Issue.objects.filter(pk=issue.pk).update(state_since=at(2026, 3, 13, 12) - timedelta(hours=hours))
    wanted = targets().by_state

    marked = {row["number"] for row in rows_of(list(Issue.objects.with_people())) if row["over_target"]}

    counted = {age.state: age.over for age in ages(Issue.objects.visible_to(cast.ops), wanted)}
    assert 10 < len(marked) < 50
    assert sum(counted.values()) == len(marked)
    assert {f"SO-{pk}" for pk in most_overdue(Issue.objects.visible_to(cast.ops), wanted)} <= marked
    client.force_login(cast.ops)
    for issue in Issue.objects.order_by("number")[4:9]:
        page = client.get(issue.get_absolute_url())
        assert page.context["header"]["over_target"] == (issue.reference in marked)


def test_a_time_zone_nobody_knows_stops_no_reminder(cast, clock):
    live(cast.manager, "Mars/Olympus")
    issue = approval(cast)
    clock.move_to(at(2026, 3, 12, 9))
    remind_people()
    assert days_of(Reminder.Kind.APPROVAL_WAITS, cast.manager) == [date(2026, 3, 12)]
    assert calendar_of(User.objects.get(pk=cast.manager.pk)).zone == ZoneInfo("UTC")
    step(issue, Verb.DECLINE, cast.manager, text="No.")
