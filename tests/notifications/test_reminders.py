"""Reminders, by travelling through time: who is reminded, when, once. 10 March 2026 is a Tuesday."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from supportops.accounts.models import User
from tests.factories import answers_for, file_request, request_at, restrict, step
from tests.notifications.telling import at, mails_to, tell
from workflow.actions import delegate, name_approver, set_due_date
from workflow.catalogue.kinds import Kind
from workflow.models import Issue, StageTarget
from workflow.notifications import reminders
from workflow.notifications.models import Notice, Reminder
from workflow.notifications.reminders import remind_people
from workflow.notifications.texts import REMINDS_IN
from workflow.queues import QUEUES
from workflow.states import State
from workflow.verbs import Verb

Kinds = Reminder.Kind


def reminded(kind=None):
    """Who was reminded of what, on which day, oldest first."""
    found = Reminder.objects.order_by("pk").select_related("person")
    return [(one.person.username, one.day) for one in found if kind is None or one.kind == kind]


def days_reminded(clock, moments, kind):
    """The moments, of these, at which a run writes something new of this kind."""
    hits = []
    for moment in moments:
        before = Reminder.objects.filter(kind=kind).count()
        clock.move_to(moment)
        remind_people()
        if Reminder.objects.filter(kind=kind).count() > before:
            hits.append((moment.month, moment.day))
    return hits


@pytest.fixture
def asked(cast, clock):
    """A request for approval, asked on Tuesday 10 March 2026 at nine."""
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly")


@pytest.fixture
def discussion(cast, clock):
    """A proposal under discussion until Friday 20 March 2026."""
    issue = file_request(cast, Kind.PROPOSAL, approver=cast.manager, due_date=date(2026, 3, 20))
    assert issue.state == State.DISCUSSION
    return issue


# Approvals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        (at(2026, 3, 12, 8, 59), []),
        (at(2026, 3, 12, 9, 0), ["manager"]),
        (at(2026, 3, 17, 8, 59), ["manager"]),
        (at(2026, 3, 17, 9, 0), ["manager", "boss"]),
        (at(2026, 4, 30, 9, 0), ["manager", "boss"]),
    ],
)
def test_an_approver_after_two_working_days_their_manager_after_five(moment, who, asked, cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(reports_to=_boss())
    clock.move_to(moment)
    remind_people()
    assert [name for name, _ in reminded()] == who


def _boss():
    return User.objects.get_or_create(username="boss", first_name="Boss")[0]


def test_a_weekend_is_no_working_time(cast, clock):
    clock.move_to(at(2026, 3, 13, 9))  # Friday
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    moments = [at(2026, 3, day, hour) for day in range(13, 19) for hour in (8, 10)]
    assert days_reminded(clock, moments, Kinds.APPROVAL_WAITS) == [(3, 17)]
    assert reminded(Kinds.APPROVAL_WAITS) == [("manager", date(2026, 3, 17))]


def test_a_reminder_is_written_once_however_often_and_late_it_runs(asked, clock):
    for day in range(12, 17):
        clock.move_to(at(2026, 3, day, 12))
        remind_people()
        remind_people()
    assert reminded() == [("manager", date(2026, 3, 12))]
    assert Notice.objects.filter(reminder__isnull=False).count() == 1


def test_a_portal_that_was_down_reminds_late(asked, clock):
    clock.move_to(at(2026, 3, 16, 9))
    remind_people()
    assert reminded() == [("manager", date(2026, 3, 12))]


def test_a_decision_ends_it(asked, cast, clock):
    step(asked, Verb.APPROVE, cast.manager, text="Yes.", answers=answers_for("calendly", "approver"))
    clock.move_to(at(2026, 4, 1))
    remind_people()
    assert reminded() == []


def test_time_in_which_the_requester_had_to_answer_does_not_count(asked, cast, clock):
    step(asked, Verb.ASK, cast.manager, text="Which one?")
    clock.move_to(at(2026, 3, 16, 9))
    step(asked, Verb.ANSWER, cast.requester, text="This one.")
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert reminded() == []
    clock.move_to(at(2026, 3, 18, 9))
    remind_people()
    assert reminded() == [("manager", date(2026, 3, 18))]


def test_who_was_named_later_has_two_working_days_of_their_own(asked, cast, clock):
    clock.move_to(at(2026, 3, 12, 8))
    name_approver(asked.pk, cast.standin, by=cast.lead)
    clock.move_to(at(2026, 3, 13, 9))
    remind_people()
    assert reminded() == []
    clock.move_to(at(2026, 3, 16, 9))
    remind_people()
    assert reminded() == [("standin", date(2026, 3, 16))]


def test_where_the_approver_has_no_manager_the_lead_is_told(asked, clock):
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert [name for name, _ in reminded(Kinds.APPROVAL_LATE)] == ["lead"]


def test_the_manager_of_the_approver_is_not_told_of_their_own_request(asked, cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(reports_to=cast.requester)
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert [name for name, _ in reminded(Kinds.APPROVAL_LATE)] == ["lead"]


def test_a_manager_for_whom_the_request_does_not_exist_is_not_told(asked, cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(reports_to=_boss())
    restrict(asked)
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert [name for name, _ in reminded()] == ["manager"]


def test_the_figures_are_settings(asked, cast, clock, settings):
    settings.REMIND_APPROVER_AFTER_WORKING_DAYS = 1
    clock.move_to(at(2026, 3, 11, 9))
    remind_people()
    assert reminded() == [("manager", date(2026, 3, 11))]


# Discussions ----------------------------------------------------------------------------------------------------------


def test_a_discussion_three_days_before_on_the_day_and_every_working_day_after(discussion, clock):
    moments = [at(2026, 3, day, 9) for day in range(11, 27)]
    expected = [(3, 17), (3, 20), (3, 23), (3, 24), (3, 25), (3, 26)]
    assert days_reminded(clock, moments, Kinds.DISCUSSION_DUE) == expected


def test_approver_and_requester_are_reminded(discussion, clock):
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    told = {(one.person.username, one.reason) for one in Notice.objects.filter(reminder__isnull=False)}
    assert told == {("manager", Notice.Reason.NEEDS_YOU), ("requester", Notice.Reason.FILED)}


@pytest.mark.parametrize(
    ("day", "words"),
    [(17, "ends on Friday 20 March 2026"), (20, "ends today"), (23, "was due on Friday 20 March 2026")],
)
def test_its_words_fit_the_day(day, words, discussion, cast, clock):
    clock.move_to(at(2026, 3, day, 9))
    remind_people()
    assert f"The discussion {words}." in Reminder.objects.get(person=cast.manager).text


def test_the_reminder_of_the_day_is_made_up_for_on_the_weekend(discussion, clock):
    clock.move_to(at(2026, 3, 21, 9))
    remind_people()
    assert {day for _, day in reminded()} == {date(2026, 3, 20)}


def test_a_discussion_that_has_only_just_begun_is_not_reminded_of(cast, clock):
    file_request(cast, Kind.PROPOSAL, approver=cast.manager, due_date=date(2026, 3, 12))
    assert days_reminded(clock, [at(2026, 3, day, 9) for day in (10, 11, 12)], Kinds.DISCUSSION_DUE) == [(3, 12)]


def test_a_later_due_date_reminds_anew(discussion, cast, clock):
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    set_due_date(discussion.pk, date(2026, 3, 27), by=cast.requester)
    assert days_reminded(clock, [at(2026, 3, day, 9) for day in range(18, 28)], Kinds.DISCUSSION_DUE) == [
        (3, 24),
        (3, 27),
    ]


# Validation and blocked -----------------------------------------------------------------------------------------------


def test_validators_after_the_target_and_each_time_it_has_passed_again(cast, clock):
    request_at(State.VALIDATION, cast=cast)
    moments = [at(2026, 3, day, 9) for day in range(10, 32)]
    assert days_reminded(clock, moments, Kinds.VALIDATION_LATE) == [(3, 17), (3, 24), (3, 31)]


def test_a_validation_is_in_the_queue_of_late_ones_from_its_first_reminder_until_it_moves_on(cast, clock):
    issue = request_at(State.VALIDATION, cast=cast)
    found = []
    for day in (16, 17):
        clock.move_to(at(2026, 3, day, 9))
        remind_people()
        found.append([one.pk for one in QUEUES["late-validation"].of(cast.ops)])
    step(issue, Verb.SEND_BACK, cast.requester, text="Not yet.")
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Now.")

    found.append([one.pk for one in QUEUES["late-validation"].of(cast.ops)])

    assert found == [[], [issue.pk], []]


def test_delegates_are_reminded_and_who_implements_is_not(cast, clock):
    issue = request_at(State.VALIDATION, cast=cast)
    delegate(issue.pk, cast.colleague, by=cast.requester)
    Issue.objects.filter(pk=issue.pk).update(implemented_by=cast.requester)
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert [name for name, _ in reminded(Kinds.VALIDATION_LATE)] == ["colleague"]


def test_the_target_is_data(cast, clock):
    StageTarget.objects.filter(state=State.VALIDATION).update(working_days=1)
    request_at(State.VALIDATION, cast=cast)
    clock.move_to(at(2026, 3, 11, 9))
    remind_people()
    assert reminded(Kinds.VALIDATION_LATE) == [("requester", date(2026, 3, 11))]


def test_the_owner_hears_of_a_late_validation_and_the_lead_the_second_time(cast, clock):
    request_at(State.VALIDATION, cast=cast)
    told = []
    for day in (16, 17, 24):
        clock.move_to(at(2026, 3, day, 9))
        seen = len(reminded(Kinds.VALIDATION_SILENT))
        remind_people()
        remind_people()
        told.append({name for name, _ in reminded(Kinds.VALIDATION_SILENT)[seen:]})
    assert told == [set(), {"ops"}, {"ops", "lead"}]
    text = Reminder.objects.filter(kind=Kinds.VALIDATION_SILENT).first().text
    assert text == "Nobody has validated it for 5 working days. It waits for Requester."


def test_a_late_validation_nobody_owns_is_the_leads(cast, clock):
    issue = request_at(State.VALIDATION, cast=cast)
    Issue.objects.filter(pk=issue.pk).update(assignee=None, implemented_by=cast.requester)
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert [name for name, _ in reminded()] == ["lead"]
    assert "somebody the requester delegates it to" in Reminder.objects.get().text


def test_of_a_hidden_late_validation_only_who_may_know_hears(cast, clock):
    restrict(request_at(State.VALIDATION, cast=cast))
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert reminded() == [("requester", date(2026, 3, 17))]


def test_late_validations_take_as_many_queries_however_many_they_are(cast, clock):
    numbers = []
    for more in (1, 4):
        for _ in range(more):
            clock.move_to(at(2026, 3, 10))
            delegate(request_at(State.VALIDATION, cast=cast).pk, cast.colleague, by=cast.requester)
        clock.move_to(at(2026, 3, 27))
        remind_people()
        with CaptureQueriesContext(connection) as queries:
            remind_people()
        numbers.append(len(queries))
    assert Reminder.objects.filter(kind=Kinds.VALIDATION_LATE).count() == 10
    assert numbers[0] == numbers[1]


def test_who_has_left_is_not_named_as_whom_a_late_validation_waits_for(cast, clock):
    issue = request_at(State.VALIDATION, cast=cast)
    User.objects.filter(pk=cast.requester.pk).update(is_active=False)
    clock.move_to(at(2026, 3, 27))
    remind_people()
    silent = Reminder.objects.filter(issue=issue, kind=Kinds.VALIDATION_SILENT).first()
    assert silent.text.endswith("It waits for somebody a lead delegates it to.")


def test_without_a_target_nobody_is_reminded(cast, clock):
    StageTarget.objects.all().delete()
    request_at(State.VALIDATION, cast=cast)
    clock.move_to(at(2026, 5, 1))
    remind_people()
    assert reminded() == []


def test_what_is_blocked_is_reviewed_weekly_and_further_up_each_week(cast, clock):
    director = _boss()
    User.objects.filter(pk=cast.lead.pk).update(reports_to=director)
    User.objects.filter(pk=cast.ops.pk).update(reports_to=cast.lead)
    issue = request_at(State.BLOCKED, cast=cast)
    Issue.objects.filter(pk=issue.pk).update(assignee=cast.ops)
    weeks = []
    for day in (16, 17, 24, 31):
        clock.move_to(at(2026, 3, day, 9))
        seen = len(reminded())
        remind_people()
        remind_people()
        weeks.append({name for name, _ in reminded()[seen:]})
    assert weeks == [set(), {"ops"}, {"ops", "lead"}, {"ops", "boss"}]


def test_what_is_blocked_and_nobodys_is_the_leads(cast, clock):
    issue = request_at(State.BLOCKED, cast=cast)
    Issue.objects.filter(pk=issue.pk).update(assignee=None)
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert reminded() == [("lead", date(2026, 3, 17))]
    assert Reminder.objects.get().text == ("Blocked by Vendor since 10 March 2026. What would unblock it: They are up.")


def test_what_is_blocked_is_the_leads_once_its_owner_has_left(cast, clock):
    issue = request_at(State.BLOCKED, cast=cast)
    Issue.objects.filter(pk=issue.pk).update(assignee=cast.other_ops)
    User.objects.filter(pk=cast.other_ops.pk).update(is_active=False)
    clock.move_to(at(2026, 3, 17, 9))
    remind_people()
    assert [name for name, _ in reminded()] == ["lead"]


def test_from_the_fourth_week_on_closing_is_spoken_of(cast, clock):
    request_at(State.BLOCKED, cast=cast)
    spoken_of = []
    for day in (17, 24, 31, 38):
        clock.move_to(at(2026, 3, 1, 9) + timedelta(days=day - 1))
        remind_people()
        spoken_of.append("close it" in Reminder.objects.order_by("pk").last().text)
    assert spoken_of == [False, False, False, True]


# What becomes of them -------------------------------------------------------------------------------------------------


def test_every_kind_of_reminder_says_in_which_state_it_holds():
    assert set(REMINDS_IN) == set(Kinds)


def test_a_reminder_stands_in_the_inbox_and_reaches_by_mail(asked, cast, clock, client):
    tell()
    clock.move_to(at(2026, 3, 12, 9))
    tell()
    mail.outbox.clear()
    remind_people()
    clock.shift(120)
    tell()
    [arrived] = mails_to(cast.manager)
    assert "Waits for your decision" in arrived.body
    assert "> Requester has waited for 2 working days. Approve it or decline it." in arrived.body
    client.force_login(cast.manager)
    page = client.get("/inbox/").content.decode()
    assert "Requester has waited for 2 working days." in page


def test_a_reminder_that_was_overtaken_is_not_sent(asked, cast, clock):
    clock.move_to(at(2026, 3, 12, 9))
    tell()
    mail.outbox.clear()
    remind_people()
    step(asked, Verb.APPROVE, cast.manager, text="Yes.", answers=answers_for("calendly", "approver"))
    clock.shift(700)
    tell()
    assert mails_to(cast.manager) == []


def test_a_decision_in_the_very_moment_of_the_reminder_wins(asked, cast, clock):
    clock.move_to(at(2026, 3, 12, 9))
    [due] = reminders._late_approvals(at(2026, 3, 12, 9))
    step(asked, Verb.APPROVE, cast.manager, text="Yes.", answers=answers_for("calendly", "approver"))
    reminders._write(due)
    assert reminded() == []


def test_an_approver_who_is_away_is_not_reminded_but_who_stands_in(asked, cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(
        away_from=date(2026, 3, 9), away_until=date(2026, 3, 20), stand_in=cast.standin
    )
    clock.move_to(at(2026, 3, 12, 9))
    remind_people()
    assert [name for name, _ in reminded()] == ["standin"]


def test_clocks_that_change_move_no_reminder_to_another_day(cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(time_zone="Europe/Berlin")
    clock.move_to(at(2026, 3, 27, 9, zone="Europe/Berlin"))  # Friday; on Sunday clocks go forward
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    clock.move_to(at(2026, 3, 31, 8, 59, zone="Europe/Berlin"))
    remind_people()
    assert reminded() == []
    clock.move_to(at(2026, 3, 31, 9, 0, zone="Europe/Berlin"))
    remind_people()
    assert reminded() == [("manager", date(2026, 3, 31))]


def test_who_may_name_an_approver_is_reminded_while_nobody_is_asked(cast, clock):
    User.objects.filter(pk=cast.requester.pk).update(reports_to=None)
    cast.requester.refresh_from_db()
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    for _ in range(6):  # Tuesday to the Monday after
        clock.shift(86_400)
        remind_people()
    told = Reminder.objects.filter(issue=issue).values_list("person__username", "kind", "day")
    assert set(told) == {
        ("lead", "approver-missing", date(2026, 3, 12)),
        ("lead", "approver-missing", date(2026, 3, 16)),
    }
    assert "and nobody is asked. Name who decides." in Reminder.objects.filter(issue=issue)[0].text


def test_a_lead_who_is_the_late_approver_is_not_told_about_themselves(cast, clock):
    cast.lead.groups.add(*cast.manager.groups.all())
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.lead)
    clock.shift(86_400 * 9)
    remind_people()
    kinds = set(Reminder.objects.filter(issue=issue, person=cast.lead).values_list("kind", flat=True))
    assert kinds == {"approval-waits"}
