"""From the inbox to messages: every new notice goes, once, to the channels its person chose.

A sweep finds what is new, so whatever dies nothing is forgotten. Events of one sitting become one message: it waits
two minutes after the latest event on that request, ten after the first at most; a digest waits for the person's nine
o'clock.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from supportops.accounts.models import User
from workflow.notifications import email, slack
from workflow.notifications.kinds import Channel, Reason, When
from workflow.notifications.models import Message, Notice, Part
from workflow.notifications.preferences import Preferences, preferences_of
from workflow.notifications.texts import Letter
from workflow.states import Priority


class Way(Protocol):
    """A module that sends messages on one channel."""

    def reaches(self, person: User) -> bool:
        """Whether this person can be reached on it."""

    def opened(self) -> AbstractContextManager[Callable[[Message, Letter], None]]:
        """A function that posts (message, letter); nothing has been sent so far."""


WAYS: Mapping[str, Way] = {Channel.EMAIL: email, Channel.SLACK: slack}
"""{channel: the module that sends on it}."""
MOST_AT_ONCE = 500


def route_new() -> None:
    """Put every notice that has not been yet into the messages it belongs in."""
    new = Notice.objects.filter(routed_at__isnull=True).order_by("created_at", "pk")
    for pk in list(new.values_list("pk", flat=True)[:MOST_AT_ONCE]):
        route(pk)


@transaction.atomic
def route(pk: int) -> None:
    """Put one notice into messages; again changes nothing."""
    if not Notice.objects.filter(pk=pk, routed_at__isnull=True).update(routed_at=timezone.now()):
        return
    notice = Notice.objects.select_related("person", "issue__route").get(pk=pk)
    if notice.read_at or not notice.person.is_active:
        return
    chosen = preferences_of(notice.person)
    for channel, way in WAYS.items():
        when = chosen.when(notice.reason, channel)
        if when != When.OFF and way.reaches(notice.person):
            gathered = when == When.DIGEST and not is_urgent(notice)
            message = _digest(notice, channel, chosen) if gathered else _sitting(notice, channel, chosen)
            Part.objects.create(message=message, notice=notice, channel=channel)


def is_urgent(notice: Notice) -> bool:
    """Whether it asks its reader to act on urgent work: told at once, whatever the quiet hours (domain.md §7)."""
    asks = notice.reason in {Reason.NEEDS_YOU, Reason.ON_DUTY} and notice.reminder_id is None
    return asks and notice.issue is not None and notice.issue.is_open and notice.issue.urgency == Priority.URGENT


def _untouched(notice: Notice, channel: str, issue: int | None, news: int | None = None) -> QuerySet[Message]:
    """A message that nobody has begun to send, and that this notice may still join."""
    return Message.objects.filter(
        person_id=notice.person_id,
        channel=channel,
        issue=issue,
        news=news,
        state=Message.State.WAITING,
        attempts=0,
        parked=False,
        leased_until__isnull=True,
    )


def _sitting(notice: Notice, channel: str, chosen: Preferences) -> Message:
    """The message about what happens to this request just now, or about this piece of news."""
    about = (notice.issue_id, notice.news_id)
    soon = notice.created_at + timedelta(seconds=settings.TELL_AFTER_SECONDS)
    longest = timedelta(seconds=settings.TELL_AT_LATEST_SECONDS)
    if waiting := _untouched(notice, channel, *about).first():
        due = notice.created_at if is_urgent(notice) else chosen.not_before(min(soon, waiting.first_at + longest))
        if _untouched(notice, channel, *about).filter(pk=waiting.pk).update(due_at=due):
            return waiting
    return Message.objects.create(
        person_id=notice.person_id,
        channel=channel,
        issue_id=notice.issue_id,
        news_id=notice.news_id,
        first_at=notice.created_at,
        due_at=notice.created_at if is_urgent(notice) else chosen.not_before(soon),
    )


def _digest(notice: Notice, channel: str, chosen: Preferences) -> Message:
    """The day's digest, of every request."""
    waiting = _untouched(notice, channel, None).first()
    # An UPDATE that changes nothing: it holds the row, so that nobody begins to send it before this notice is in it.
    if waiting and _untouched(notice, channel, None).filter(pk=waiting.pk).update(first_at=waiting.first_at):
        return waiting
    return Message.objects.create(
        person_id=notice.person_id,
        channel=channel,
        first_at=notice.created_at,
        due_at=chosen.next_digest(notice.created_at),
    )
