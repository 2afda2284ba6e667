"""Reminders: found from how long requests have waited, written once per person, request, kind and day.

A run that is late, repeated or doubled finds what was written; each reminder is a notice like any other, so inbox,
e-mail and Slack follow by themselves. All figures are settings, or the stage's target.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.lock import locked
from workflow.clock import working_time
from workflow.models import Issue, Notice, Reminder, StageTarget
from workflow.notices.texts import REMINDS_IN
from workflow.permissions import may_see
from workflow.states import State

Kind, Reason = Reminder.Kind, Notice.Reason


@dataclass(frozen=True)
class Due:
    """Somebody should be reminded: of what, why them, and the day on which it fell due."""

    issue: Issue
    kind: Reminder.Kind
    day: date
    person: User
    reason: Notice.Reason
    text: str


def remind_people():
    """Write every reminder that is due and was not written yet."""
    now = timezone.now()
    for find in (_late_approvals, _due_discussions, _late_validations, _blocked):
        for due in find(now):
            if may_see(due.person, due.issue) and not _written(due):
                _write(due)


def _written(due):
    return Reminder.objects.filter(person=due.person, issue=due.issue, kind=due.kind, day=due.day).exists()


def _write(due):
    """The reminder and its notice, both or neither, unless the request has moved on in this very moment."""
    with locked(due.issue.pk) as issue:
        if issue.state != REMINDS_IN[due.kind]:
            return
        reminder, new = Reminder.objects.get_or_create(
            person=due.person, issue=issue, kind=due.kind, day=due.day,
            defaults={"text": due.text, "at": timezone.now()},
        )
        if new:
            Notice.objects.create(person=due.person, issue=issue, reminder=reminder, reason=due.reason)


# What is due -------------------------------------------------------------------------------------------------------


def _late_approvals(now):
    """Who was asked for an approval, after two working days; their managers after five."""
    soonest = settings.REMIND_APPROVER_AFTER_WORKING_DAYS
    waiting = Issue.objects.filter(state=State.APPROVAL, state_since__lte=now - timedelta(days=soonest))
    for issue in waiting.select_related("requester"):
        for seat in issue.seats_in_turn:
            approver, since = seat.approver, issue.asked_since(seat)
            if approver is None or not approver.is_active:
                continue
            if _waited(since, now, soonest):
                text = f"{issue.requester} has waited for {_working_days(since, now)}. Approve it or decline it."
                person = _here(issue, approver)
                yield Due(issue, Kind.APPROVAL_WAITS, _fell_due(since, soonest), person, Reason.NEEDS_YOU, text)
            if _waited(since, now, settings.TELL_MANAGER_AFTER_WORKING_DAYS):
                yield from _tell_manager(issue, approver, since, now)


def _tell_manager(issue, approver, since, now):
    day = _fell_due(since, settings.TELL_MANAGER_AFTER_WORKING_DAYS)
    text = (
        f"{approver} has not decided for {_working_days(since, now)}. You may ask somebody else to decide; "
        "deciding it yourself is not open to you."
    )
    for manager in _above(approver, issue):
        yield Due(issue, Kind.APPROVAL_LATE, day, manager, Reason.NEEDS_YOU, text)


def _here(issue, approver):
    """Who decides now: whoever stands in for an approver who is away."""
    return issue.stand_ins.get(approver.pk, approver)


def _due_discussions(now):
    """Approver and requester: days before the discussion's end, on its last day, every working day after."""
    today = timezone.localdate(now)
    latest = today + timedelta(days=settings.REMIND_DISCUSSION_DAYS_BEFORE)
    waiting = Issue.objects.filter(state=State.DISCUSSION, due_date__lte=latest).select_related("requester")
    for issue in waiting:
        day = _day_of_discussion(issue.due_date, today)
        if day <= timezone.localdate(issue.state_since):
            continue  # they have only just been told
        when = _how_due(issue.due_date, today)
        for approver in issue.approvers:
            text = f"The discussion {when}. Approve it with the decision in words, or decline it."
            yield Due(issue, Kind.DISCUSSION_DUE, day, _here(issue, approver), Reason.NEEDS_YOU, text)
        text = f"The discussion {when}. Then {_names(issue.approvers)} decides."
        yield Due(issue, Kind.DISCUSSION_DUE, day, issue.requester, Reason.FILED, text)


def _day_of_discussion(due, today):
    """The latest day up to today on which this discussion is reminded of."""
    if today < due:
        return due - timedelta(days=settings.REMIND_DISCUSSION_DAYS_BEFORE)
    day = today
    while day > due and not _is_working_day(day):
        day -= timedelta(days=1)
    return day


def _how_due(due, today):
    if due == today:
        return "ends today"
    verb = "ends" if due > today else "was due"
    return f"{verb} on {due:%A} {_date(due)}"


def _late_validations(now):
    """Whoever may validate, each time another whole target has passed."""
    target = StageTarget.objects.filter(state=State.VALIDATION).values_list("working_days", flat=True).first()
    if not target:
        return
    waiting = Issue.objects.filter(state=State.VALIDATION, state_since__lte=now - timedelta(days=target))
    for issue in waiting.select_related("requester"):
        times = working_time(issue.state_since, now) // timedelta(days=target)
        if not times:
            continue
        day = _fell_due(issue.state_since, times * target)
        text = f"It has waited for {_working_days(issue.state_since, now)}. Validate it, send it back, or delegate it."
        for validator in {issue.requester, *issue.delegates}:
            if validator.pk not in issue.implementer_ids:
                yield Due(issue, Kind.VALIDATION_LATE, day, validator, Reason.NEEDS_YOU, text)


def _blocked(now):
    """Every week whoever has it, and one person further up each week (practice.md §4)."""
    period = timedelta(days=settings.REVIEW_BLOCKED_EVERY_DAYS)
    waiting = Issue.objects.filter(state=State.BLOCKED, state_since__lte=now - period)
    for issue in waiting.select_related("assignee"):
        times = (now - issue.state_since) // period
        day = timezone.localdate(issue.state_since) + times * period
        text = (
            f"Blocked by {issue.blocked_by} since {_date(timezone.localdate(issue.state_since))}. "
            f"What would unblock it: {issue.unblock_when}"
        )
        for person in _reviewers(issue, times):
            yield Due(issue, Kind.BLOCKED_REVIEW, day, person, Reason.NEEDS_YOU, text)


def _reviewers(issue, times):
    """The assignee, and in the second week their manager, in the third the manager's manager, and so on."""
    people = [issue.assignee] if issue.assignee else list(User.objects.leads())
    if not issue.assignee or times == 1:
        return people
    person = issue.assignee
    for _ in range(times - 2):
        if person.reports_to is None:
            break
        person = person.reports_to
    return people + [above for above in _above(person, issue) if above.pk != issue.assignee_id]


def _above(person, issue):
    """The person's manager; the leads where there is none who may know of it and did not ask for it."""
    manager = person.reports_to
    if manager and manager.pk != issue.requester_id and may_see(manager, issue):
        return [manager]
    return list(User.objects.leads())


# Days --------------------------------------------------------------------------------------------------------------


def _waited(since, now, days):
    return working_time(since, now) >= timedelta(days=days)


def _working_days(since, now):
    days = working_time(since, now).days
    return f"{days} working day{'' if days == 1 else 's'}"


def _fell_due(since, days):
    """The day on which so many working days had passed since then."""
    day = timezone.localdate(since)
    while not _waited(since, _midnight(day + timedelta(days=1)), days):
        day += timedelta(days=1)
    return day


def _is_working_day(day):
    return bool(working_time(_midnight(day), _midnight(day + timedelta(days=1))))


def _midnight(day):
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())


def _date(day):
    return f"{day.day} {day:%B %Y}"


def _names(people):
    return " or ".join(str(person) for person in people) or "somebody a lead must name"
