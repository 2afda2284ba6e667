"""What may be done to a request without changing its state; the same lock, the same table of who may, the same
history."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.actions.discussion import is_discussed, problem_with_end
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.history import record
from workflow.actions.locking import again_after_a_clash, locked
from workflow.actions.participation import take_part
from workflow.actions.requirements import required
from workflow.actions.signals import person_needed
from workflow.models import Delegation, Event, Issue, Watch
from workflow.permissions import may_see, refusal, refusal_to_take_back
from workflow.states import Priority, Source
from workflow.verbs import Act


def _checked(issue: Issue, act: Act, by: User) -> None:
    if reason := refusal(by, act, issue):
        raise Refused(reason)


@again_after_a_clash
def _change(
    number: int,
    act: Act,
    field: str,
    new: object,
    *,
    by: User,
    version: int | None,
    source: Source,
    problem: Callable[[Issue], str | None] | None = None,
    shown: Callable[[Any], str] = str,
) -> Issue:
    """Set one field of a request, with its event; nothing happens when it has that value already."""
    with locked(number, version=version) as issue:
        _checked(issue, act, by)
        if problem and (sentence := problem(issue)):
            raise Incomplete({field: sentence})
        old = getattr(issue, field)
        if old == new:
            return issue
        setattr(issue, field, new)
        issue.version += 1
        issue.save()
        if act == Act.ASSIGN:
            take_part(issue, [issue.assignee])
        data = {field: [shown(old) if old is not None else None, shown(new) if new is not None else None]}
        record(issue, act, by=by, from_state=issue.state, source=source, data=data)
        return issue


def assign(
    number: int, assignee: User | None, *, by: User, version: int | None = None, source: Source = Source.PORTAL
) -> Issue:
    """Give the request to somebody of Support Operations, or to nobody (None)."""

    def problem(issue: Issue) -> str | None:
        if assignee is None:
            return None
        if not is_ops(assignee):
            return f"{assignee} is not a member of Support Operations."
        return None if may_see(assignee, issue) else f"{assignee} may not see this request."

    return _change(number, Act.ASSIGN, "assignee", assignee, by=by, version=version, source=source, problem=problem)


def set_priority(
    number: int, priority: int | None, *, by: User, version: int | None = None, source: Source = Source.PORTAL
) -> Issue:
    """Set the priority (a Priority, or None for none)."""

    def problem(issue: Issue) -> str | None:
        return None if priority is None or priority in Priority.values else "Choose a priority from the list."

    return _change(
        number,
        Act.PRIORITY,
        "priority",
        priority,
        by=by,
        version=version,
        source=source,
        problem=problem,
        shown=lambda value: Priority(value).label,
    )


def set_due_date(
    number: int, due_date: date | None, *, by: User, version: int | None = None, source: Source = Source.PORTAL
) -> Issue:
    """Set the due date (a date, or None for none); a new one is not in the past."""

    def problem(issue: Issue) -> str | None:
        if due_date != issue.due_date and is_discussed(issue):
            return problem_with_end(due_date)
        past = due_date is not None and due_date != issue.due_date and due_date < timezone.localdate()
        return "Choose a date that is not past." if past else None

    return _change(number, Act.DUE_DATE, "due_date", due_date, by=by, version=version, source=source, problem=problem)


def set_field(number: int, name: str, value: object, *, by: User, source: Source = Source.PORTAL) -> Issue:
    """Set a field that has no act of its own, as the division or the system ("" for none); who may set the priority
    may set this."""
    return _change(number, Act.PRIORITY, name, value, by=by, version=None, source=source)


def watch(number: int, watching: bool, *, by: User, person: User | None = None) -> Issue:
    """Start (True) or stop (False) to hear about the request. ``person``: somebody else, who may only be asked to
    start; they are told, and may stop."""
    with locked(number) as issue:
        _checked(issue, Act.WATCH, by)
        if person is not None and person != by:
            return _ask_to_watch(issue, person, watching, by)
        if watching:
            Watch.objects.get_or_create(issue=issue, person=by)
        else:
            Watch.objects.filter(issue=issue, person=by).delete()
        return issue


def _ask_to_watch(issue: Issue, person: User, watching: bool, by: User) -> Issue:
    if not watching:
        raise Incomplete({"person": f"Only {person} may stop {person} watching."})
    if not may_see(person, issue):
        raise Incomplete({"person": f"{person} may not see this request."})
    if person.pk == issue.requester_id:
        raise Incomplete({"person": f"{person} is the requester and hears everything anyway."})
    _, new = Watch.objects.get_or_create(issue=issue, person=person)
    if new:
        data = {"to": str(person), "watcher": person.pk}
        record(issue, Act.WATCH, by=by, from_state=issue.state, data=data)
    return issue


def delegate(number: int, person: User, *, by: User, text: str = "") -> Issue:
    """Let a colleague validate for the requester; never one who implements. Again for the same colleague changes
    nothing. ``text``: a note they read."""
    with locked(number) as issue:
        _checked(issue, Act.DELEGATE, by)
        if sentence := _cannot_validate(issue, person):
            raise Incomplete({"person": sentence})
        _, new = Delegation.objects.get_or_create(issue=issue, person=person, ended_at=None, defaults={"by": by})
        if new:
            issue.forget_people()
            event = record(issue, Act.DELEGATE, by=by, from_state=issue.state, text=text, data={"to": str(person)})
            tell_people_needed(issue, event, person)
        return issue


def take_back(number: int, person: User, *, by: User) -> Issue:
    """End a delegation, whether or not the request has ended: a restricted one stays readable until then."""
    with locked(number) as issue:
        if reason := refusal_to_take_back(by, issue):
            raise Refused(reason)
        ended = issue.delegations.filter(person=person, ended_at__isnull=True).update(ended_at=timezone.now())
        if ended:
            issue.forget_people()
            record(issue, Act.DELEGATE, by=by, from_state=issue.state, data={"taken_back_from": str(person)})
        return issue


def review_block(number: int, text: str, *, by: User, version: int | None = None) -> Issue:
    """Keep what a review of a blocked request found: why it is still blocked, whom somebody asked, what comes next."""
    with locked(number, version=version) as issue:
        _checked(issue, Act.REVIEW, by)
        text = text.replace("\x00", "").strip()
        if not text:
            raise Incomplete(required(Act.REVIEW, issue))
        issue.version += 1
        issue.save()
        record(issue, Act.REVIEW, by=by, from_state=issue.state, text=text)
        return issue


def _cannot_validate(issue: Issue, person: User) -> str | None:
    if person.pk == issue.requester_id:
        return f"{person} is the requester and validates anyway."
    if person.pk in issue.implementer_ids:
        return f"{person} implemented this, so somebody else must validate it."
    return None if person.is_active else f"{person} has left."


def tell_people_needed(issue: Issue, event: Event, person: User) -> None:
    """Say, in the running transaction, that the event needs this person now."""
    person_needed.send(sender=None, issue=issue, event=event, person=person)
