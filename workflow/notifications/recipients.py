"""Whom to tell: receives what the door sends, inside its transaction, and writes a notice for everybody concerned."""

from collections.abc import Collection, Iterable
from typing import Any

from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions import signals
from workflow.actions.discussion import touched_by
from workflow.actions.locking import locked
from workflow.models import Comment, Decision, Event, Issue
from workflow.notifications.models import News, Notice
from workflow.permissions import may_see
from workflow.states import Court, State


def connect() -> None:
    """Listen to the door; called once, when the apps are ready."""
    for signal, receiver in (
        (signals.event_recorded, _on_event),
        (signals.comment_written, _on_comment),
        (signals.person_needed, _on_need),
        (signals.person_asked_in, _on_asked_in),
        (signals.news_told, _on_news),
        (signals.news_settled, _on_settled),
    ):
        signal.connect(receiver, dispatch_uid=receiver.__name__)


def _on_event(sender: None, issue: Issue, event: Event, **kwargs: Any) -> None:
    tell_people(issue, event=event, actor=event.actor)


def _on_comment(sender: None, issue: Issue, comment: Comment, by: User | None, **kwargs: Any) -> None:
    tell_people(issue, comment=comment, actor=by)


def _on_need(sender: None, issue: Issue, event: Event, person: User, **kwargs: Any) -> None:
    """One more inbox has the event: it needs this person now."""
    Notice.objects.update_or_create(
        person=person, event=event, defaults={"issue": issue, "reason": Notice.Reason.NEEDS_YOU}
    )


def _on_asked_in(sender: None, issue: Issue, comment: Comment, person: User, **kwargs: Any) -> None:
    Notice.objects.update_or_create(
        person=person, comment=comment, defaults={"issue": issue, "reason": Notice.Reason.NEEDS_YOU}
    )


def _on_news(
    sender: None, people: Iterable[User], title: str, text: str, path: str, button: str, **kwargs: Any
) -> None:
    longest = News._meta.get_field("title").max_length
    news = News.objects.create(title=title[:longest], text=text, path=path, button=button, at=timezone.now())
    readers = {person.pk for person in people if person.is_active}
    Notice.objects.bulk_create(
        Notice(person_id=pk, news=news, reason=Notice.Reason.NEEDS_YOU) for pk in sorted(readers)
    )


def _on_settled(sender: None, path: str, **kwargs: Any) -> None:
    now = timezone.now()
    settled = list(News.objects.filter(path=path, settled_at__isnull=True).values_list("pk", flat=True))
    News.objects.filter(pk__in=settled).update(settled_at=now)
    Notice.objects.filter(news__in=settled, read_at__isnull=True).update(read_at=now)


def tell_people(
    issue: Issue, *, actor: User | None, event: Event | None = None, comment: Comment | None = None
) -> None:
    """Put a notice in the inbox of everybody concerned but the one who did it; each gets one, with the strongest
    reason."""
    touched = touched_by(issue, event) if event else []
    reasons = dict.fromkeys((person.pk for person in touched), Notice.Reason.TOUCHED)
    reasons |= dict.fromkeys(issue.watches.values_list("person_id", flat=True), Notice.Reason.WATCHED)
    reasons[issue.requester_id] = Notice.Reason.FILED
    reasons.update(dict.fromkeys(_whose_turn(issue), Notice.Reason.NEEDS_YOU) if event and event.changed_state else {})
    if actor:
        reasons.pop(actor.pk, None)
    if comment is not None and comment.internal:
        ops = set(User.objects.ops().values_list("pk", flat=True))
        reasons = {person: reason for person, reason in reasons.items() if person in ops}
    readers = {person.pk for person in User.objects.filter(pk__in=reasons) if may_see(person, issue)}
    Notice.objects.bulk_create(
        Notice(person_id=person, issue=issue, event=event, comment=comment, reason=reason)
        for person, reason in reasons.items()
        if person in readers
    )


def _whose_turn(issue: Issue) -> Collection[int]:
    if issue.court == Court.APPROVER:
        return issue.approver_ids
    if issue.state == State.VALIDATION:
        return {issue.requester_id, *issue.delegate_ids} - issue.implementer_ids
    if issue.court == Court.REQUESTER:
        return {issue.requester_id}
    return {issue.assignee_id} if issue.is_open and issue.assignee_id else set()


def tell_stand_ins() -> int:
    """Tell whoever stands in now about what was waiting already when the absence began. Returns how many were told.

    The notice hangs on the latest event, so that inbox and mail lead to it; a run repeated tells nobody again.
    """
    away = list(User.objects.absence_links())
    waiting = Decision.objects.filter(approver__in=away, decided_at__isnull=True, round__ended_at__isnull=True)
    return sum(_tell(number) for number in set(waiting.order_by().values_list("round__issue", flat=True)))


def _tell(number: int) -> int:
    told = 0
    with locked(number) as issue:
        running, latest = issue.open_round, issue.events.last()
        if running is None or latest is None or not issue.can("approve"):
            return 0
        for person in issue.stand_ins.values():
            known = Notice.objects.filter(
                person=person, issue=issue, reason=Notice.Reason.NEEDS_YOU, created_at__gte=running.opened_at
            )
            if person.pk in issue.approver_ids and not known.exists():
                _on_need(None, issue, latest, person)
                told += 1
    return told
