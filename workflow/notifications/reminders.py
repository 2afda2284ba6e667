"""Reminders: found from how long requests have waited, written once per person, request, kind and day.

A run that is late, repeated or doubled finds what was written; each reminder is a notice like any other, so inbox,
e-mail and Slack follow by themselves. All figures are settings, or the stage's target. Days are those of whoever is
waited for: their time zone, the holidays of their region.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from django.conf import settings
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import is_lead
from supportops.accounts.working_days import WorkCalendar
from workflow.actions.locking import locked
from workflow.clock import calendar_of
from workflow.models import Delegation, Issue, StageTarget
from workflow.models.querysets import IssueQuerySet
from workflow.notifications.in_turn import in_turn
from workflow.notifications.kinds import REMINDS_IN, Reason
from workflow.notifications.kinds import ReminderKind as Kind
from workflow.notifications.models import Notice, Reminder
from workflow.permissions import may_see
from workflow.states import State

A_DAY = timedelta(days=1)
WEEKS_UNTIL_IT_IS_CLOSED = 4
"""After so many reviews a block is taken for lasting (domain.md §7)."""
Key = tuple[int, int, str, date]
"""What a reminder is written once for: the ids of person and request, the kind, the day."""
_DECIDE_IT = "Approve it with the decision in words, or decline it."


@dataclass(frozen=True)
class Due:
    """Somebody should be reminded: of what, why them, and the day on which it fell due."""

    issue: Issue
    kind: Kind
    day: date
    person: User
    reason: Reason
    text: str


def remind_people() -> None:
    """Write every reminder that is due and was not written yet."""
    now = timezone.now()
    for find in (_late_approvals, _due_discussions, _late_validations, _blocked):
        found = list(find(now))
        written = _written(found)
        for due in found:
            if may_see(due.person, due.issue) and _key(due) not in written:
                _write(due)


def _written(found: Sequence[Due]) -> set[Key]:
    """The keys of those that were written before, for all of them at once."""
    earlier = Reminder.objects.filter(issue__in={due.issue.pk for due in found}, day__in={due.day for due in found})
    return set(earlier.values_list("person", "issue", "kind", "day"))


def _key(due: Due) -> Key:
    return due.person.pk, due.issue.pk, due.kind, due.day


def _write(due: Due) -> None:
    """The reminder and its notice, both or neither, unless the request has moved on in this very moment."""
    with locked(due.issue.pk) as issue:
        if issue.state != REMINDS_IN[due.kind]:
            return
        reminder, new = Reminder.objects.get_or_create(
            person=due.person,
            issue=issue,
            kind=due.kind,
            day=due.day,
            defaults={"text": due.text, "at": timezone.now()},
        )
        if new:
            Notice.objects.create(person=due.person, issue=issue, reminder=reminder, reason=due.reason)
            if due.kind in (Kind.VALIDATION_LATE, Kind.VALIDATION_SILENT):
                issue.validations.filter(ended_at__isnull=True).update(late_at=reminder.at)


# What is due -------------------------------------------------------------------------------------------------------


def _late_approvals(now: datetime) -> Iterator[Due]:
    """Who was asked for an approval, after two working days; their managers after five."""
    soonest, leads = settings.REMIND_APPROVER_AFTER_WORKING_DAYS, User.objects.leads()
    waiting = Issue.objects.filter(state=State.APPROVAL, state_since__lte=now - timedelta(days=soonest))
    for issue in waiting.select_related("requester"):
        yield from _nobody_to_decide(issue, now)
        for seat in issue.seats_in_turn:
            approver, since = seat.approver, issue.asked_since(seat)
            if approver is None or not approver.is_active:
                continue
            waited = calendar_of(approver).working_time(since, now)
            if waited >= timedelta(days=soonest):
                text = f"{issue.requester} has waited for {_working_days(waited)}. Approve it or decline it."
                day, person = calendar_of(approver).day_after(since, soonest), _here(issue, approver)
                yield Due(issue, Kind.APPROVAL_WAITS, day, person, Reason.NEEDS_YOU, text)
            if waited >= timedelta(days=settings.TELL_MANAGER_AFTER_WORKING_DAYS):
                yield from _tell_manager(issue, approver, since, waited, leads)


def _nobody_to_decide(issue: Issue, now: datetime) -> Iterator[Due]:
    """Whoever may name an approver, each time another such while has passed with nobody to ask."""
    if issue.approver_ids:
        return
    every = settings.REMIND_APPROVER_AFTER_WORKING_DAYS
    for person in in_turn(issue).people:
        times, day, days = _targets_passed(issue, person, every, now)
        if times:
            text = f"{issue.requester} has waited for {days}, and nobody is asked. Name who decides."
            yield Due(issue, Kind.APPROVER_MISSING, day, person, Reason.NEEDS_YOU, text)


def _tell_manager(
    issue: Issue, approver: User, since: datetime, waited: timedelta, leads: Iterable[User]
) -> Iterator[Due]:
    day = calendar_of(approver).day_after(since, settings.TELL_MANAGER_AFTER_WORKING_DAYS)
    late = f"{approver} has not decided for {_working_days(waited)}. You may ask somebody else to decide"
    for manager in _above(approver, issue, leads):
        text = f"{late}." if is_lead(manager) else f"{late}; deciding it yourself is not open to you."
        if manager.pk != approver.pk:
            yield Due(issue, Kind.APPROVAL_LATE, day, manager, Reason.NEEDS_YOU, text)


def _here(issue: Issue, approver: User) -> User:
    """Who decides now: whoever stands in for an approver who is away."""
    return issue.stand_ins.get(approver.pk, approver)


def _due_discussions(now: datetime) -> Iterator[Due]:
    """Approver and requester: days before the discussion's end, on its last day, every working day after."""
    latest = timezone.localdate(now) + timedelta(days=settings.REMIND_DISCUSSION_DAYS_BEFORE) + A_DAY
    waiting = Issue.objects.filter(state=State.DISCUSSION, due_date__lte=latest).select_related("requester")
    for issue in waiting:
        due = cast(date, issue.due_date)  # those found above have one
        asked = [(_here(issue, one), Reason.NEEDS_YOU, _DECIDE_IT) for one in issue.approvers]
        asked.append((issue.requester, Reason.FILED, f"Then {_names(issue.approvers)} decides."))
        for person, reason, what in asked:
            calendar = calendar_of(person)
            today = calendar.day_of(now)
            day = _day_of_discussion(due, today, calendar)
            if calendar.day_of(issue.state_since) < day <= today:  # otherwise they have only just been told
                text = f"The discussion {_how_due(due, today)}. {what}"
                yield Due(issue, Kind.DISCUSSION_DUE, day, person, reason, text)


def _day_of_discussion(due: date, today: date, calendar: WorkCalendar) -> date:
    """The latest day up to today on which this discussion is reminded of; before the first of them, that one."""
    if today < due:
        return due - timedelta(days=settings.REMIND_DISCUSSION_DAYS_BEFORE)
    day = today
    while day > due and not calendar.is_working_day(day):
        day -= A_DAY
    return day


def _how_due(due: date, today: date) -> str:
    if due == today:
        return "ends today"
    verb = "ends" if due > today else "was due"
    return f"{verb} on {due:%A} {_date(due)}"


def _late_validations(now: datetime) -> Iterator[Due]:
    """Whoever may validate, each time another whole target has passed, and who looks after it."""
    target = StageTarget.objects.filter(state=State.VALIDATION).values_list("working_days", flat=True).first()
    if not target:
        return
    leads = User.objects.leads()
    waiting = Issue.objects.filter(state=State.VALIDATION, state_since__lte=now - timedelta(days=target))
    for issue in _with_delegates(waiting.select_related("requester", "assignee")):
        validators = [
            one for one in {issue.requester, *issue.delegates} if one.is_active and one.pk not in issue.implementer_ids
        ]
        for validator in validators:
            times, day, days = _targets_passed(issue, validator, target, now)
            text = f"It has waited for {days}. Validate it, send it back, or delegate it."
            if times:
                yield Due(issue, Kind.VALIDATION_LATE, day, validator, Reason.NEEDS_YOU, text)
        times, day, days = _targets_passed(issue, issue.requester, target, now)
        text = (
            f"Nobody has validated it for {days}. "
            f"It waits for {_names(sorted(validators, key=str), _whoever_is_asked(issue))}."
        )
        for person in _look_after(issue, times, leads) if times else ():
            yield Due(issue, Kind.VALIDATION_SILENT, day, person, Reason.NEEDS_YOU, text)


def _with_delegates(waiting: IssueQuerySet) -> IssueQuerySet:
    """The requests with their delegates, read for all of them at once."""
    delegates: defaultdict[int, list[User]] = defaultdict(list)
    for one in Delegation.objects.filter(issue__in=waiting, ended_at__isnull=True).select_related("person"):
        delegates[one.issue_id].append(one.person)
    for issue in waiting:
        issue.delegates = delegates[issue.pk]
    return waiting


def _targets_passed(issue: Issue, person: User, target: int, now: datetime) -> tuple[int, date, str]:
    """(How many whole targets have passed by this person's days, the day on which the latest did, how long in
    words)."""
    calendar = calendar_of(person)
    waited = calendar.working_time(issue.state_since, now)
    times = waited // timedelta(days=target)
    return times, calendar.day_after(issue.state_since, times * target), _working_days(waited)


def _whoever_is_asked(issue: Issue) -> str:
    return f"somebody {'the requester' if issue.requester.is_active else 'a lead'} delegates it to"


def _look_after(issue: Issue, times: int, leads: Iterable[User]) -> Collection[User]:
    """The owner; from the second time on, or where nobody owns it, the leads, who may delegate it by then."""
    owner = [issue.assignee] if issue.assignee and issue.assignee.is_active else []
    return owner if owner and times == 1 else list({*owner, *leads})


def _blocked(now: datetime) -> Iterator[Due]:
    """Every week whoever has it, and one person further up each week (domain.md §7)."""
    period, leads = timedelta(days=settings.REVIEW_BLOCKED_EVERY_DAYS), User.objects.leads()
    waiting = Issue.objects.filter(state=State.BLOCKED, state_since__lte=now - period)
    for issue in waiting.select_related("assignee"):
        times = (now - issue.state_since) // period
        day = timezone.localdate(issue.state_since) + times * period
        text = (
            f"Blocked by {issue.blocked_by} since {_date(timezone.localdate(issue.state_since))}. "
            f"What would unblock it: {issue.unblock_when}"
        )
        if times >= WEEKS_UNTIL_IT_IS_CLOSED:
            text += " If nothing moves, say so in a comment and close it."
        for person in _reviewers(issue, times, leads):
            yield Due(issue, Kind.BLOCKED_REVIEW, day, person, Reason.NEEDS_YOU, text)


def _reviewers(issue: Issue, times: int, leads: Iterable[User]) -> Sequence[User]:
    """The assignee, and in the second week their manager, in the third the manager's manager, and so on."""
    owner = issue.assignee
    if owner is None or not owner.is_active:
        return list(leads)
    if times == 1:
        return [owner]
    person = owner
    for _ in range(times - 2):
        if person.reports_to is None:
            break
        person = person.reports_to
    return [owner, *(above for above in _above(person, issue, leads) if above.pk != owner.pk)]


def _above(person: User, issue: Issue, leads: Iterable[User]) -> list[User]:
    """The person's manager; the leads where there is none who may know of it and did not ask for it."""
    manager = person.reports_to
    if manager and manager.pk != issue.requester_id and may_see(manager, issue):
        return [manager]
    return list(leads)


# Days --------------------------------------------------------------------------------------------------------------


def _working_days(waited: timedelta) -> str:
    return f"{waited.days} working day{'' if waited.days == 1 else 's'}"


def _date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _names(people: Iterable[User], otherwise: str = "somebody a lead must name") -> str:
    return " or ".join(str(person) for person in people) or otherwise
