"""Whom to tell: receives what the door sends, inside its transaction, and writes a notice for everybody concerned."""

from collections.abc import Collection, Iterable
from typing import Any

from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.actions import signals
from workflow.actions.discussion import touched_by
from workflow.actions.locking import locked
from workflow.actions.participation import on_duty
from workflow.models import Comment, Decision, Event, Issue
from workflow.notifications.in_turn import NOBODY, Turn, in_turn
from workflow.notifications.kinds import Reason
from workflow.notifications.models import News, Notice
from workflow.permissions import may_see, sees_internal
from workflow.states import WORKED, Court, Priority, State
from workflow.verbs import Act, Verb


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


def _on_event(sender: None, issue: Issue, event: Event, mentioned: Collection[int], **kwargs: Any) -> None:
    tell_people(issue, event=event, actor=event.actor, mentioned=mentioned)


def _on_comment(
    sender: None, issue: Issue, comment: Comment, by: User | None, mentioned: Collection[int], **kwargs: Any
) -> None:
    tell_people(issue, comment=comment, actor=by, mentioned=mentioned)


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
    issue: Issue,
    *,
    actor: User | None,
    event: Event | None = None,
    comment: Comment | None = None,
    mentioned: Collection[int] = (),
) -> None:
    """Put a notice in the inbox of everybody concerned but the one who did it; each gets one, with the strongest
    reason."""
    if event and event.verb == Act.WATCH:
        Notice.objects.create(person_id=event.data["watcher"], issue=issue, event=event, reason=Reason.WATCHED)
        return
    reasons: dict[int, Reason] = dict.fromkeys(issue.watches.values_list("person_id", flat=True), Reason.WATCHED)
    if event:
        reasons |= dict.fromkeys((person.pk for person in touched_by(issue, event)), Reason.TOUCHED)
    if issue.assignee_id:
        reasons[issue.assignee_id] = Reason.OWNED
    reasons[issue.requester_id] = Reason.FILED
    reasons |= dict.fromkeys(mentioned, Reason.MENTIONED)
    turn = _turn_after(issue, event) if event else _turn_to_read(issue, actor)
    for person in turn.people:
        asks = event is not None and event.verb != Act.ATTACH
        if asks or person.pk not in reasons:
            reasons[person.pk] = turn.reason
    if actor:
        reasons.pop(actor.pk, None)
    known = {person.pk: person for person in turn.people}
    known |= User.objects.in_bulk(reasons.keys() - known.keys())
    internal = comment is not None and comment.internal
    Notice.objects.bulk_create(
        Notice(person_id=pk, issue=issue, event=event, comment=comment, reason=reason)
        for pk, reason in reasons.items()
        if pk in known and may_see(known[pk], issue) and (not internal or sees_internal(known[pk]))
    )


def _turn_after(issue: Issue, event: Event) -> Turn:
    """Whose turn it is because of this event; nobody's where it was theirs before, and nothing new is asked of them."""
    begins = (
        event.changed_state
        or (event.verb == Act.ASSIGN and issue.court in WORKED)
        or (event.verb == Act.PRIORITY and "priority" in event.data and issue.priority == Priority.URGENT)
        or (event.verb == Act.NAME_APPROVER and not issue.approver_ids)
        or (event.verb in {Verb.EDIT, Act.DUE_DATE} and issue.court == Court.APPROVER)
        or event.verb == Verb.RECLASSIFY
    )
    if event.verb == Act.ATTACH:
        return _turn_to_read(issue, event.actor)
    return in_turn(issue) if begins else NOBODY


def _turn_to_read(issue: Issue, by: User | None) -> Turn:
    """Who should read what is said or added: whose turn it is, and where it has ended and nobody owned it, whoever is
    on duty. Support Operations on duty do not hear each other.

    Whoever decides on a discussion hears it as those do who watch: it goes on for weeks.
    """
    turn = in_turn(issue) if issue.is_open or issue.assignee_id else Turn(on_duty(issue), Reason.ON_DUTY)
    if issue.state == State.DISCUSSION:
        return Turn(turn.people, Reason.WATCHED)
    return NOBODY if turn.reason == Reason.ON_DUTY and is_ops(by) else turn


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
