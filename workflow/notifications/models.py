"""What a person should hear about, in the inbox: mostly of requests, sometimes of something besides.

What nobody did, and somebody should hear of: a reminder is written once per person, request, kind and day.

What each person chose to be told, and the messages on their way: durable rows with a lease, like the mirror's.
"""

import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from workflow.models.outgoing import Outgoing, OutgoingQuerySet, lease_time
from workflow.notifications.kinds import Channel, Reason, ReminderKind, When

ABOUT = ("event", "comment", "reminder", "news")


def _only(name: str) -> Q:
    """A condition: of all a notice may be about, it is about this."""
    return Q(**{f"{other}__isnull": other != name for other in ABOUT})


class News(models.Model):
    """Something to hear of that is no request, such as a draft that was handed on. ``actions.news`` writes it.

    It leaves the portal by mail and Slack as it stands here: no word of a restricted request belongs in it.
    """

    title = models.CharField(max_length=200, help_text="One line: what happened.")
    text = models.TextField(blank=True, help_text="What the reader may want to know or do.")
    path = models.CharField(max_length=255, help_text="The page it leads to, as /drafts/….")
    button = models.CharField(max_length=60, help_text="The words of the link there.")
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, help_text="Since when nobody needs to be told of it any more.")

    class Meta:
        verbose_name_plural = "news"
        indexes = [models.Index(fields=["path"], condition=Q(settled_at__isnull=True), name="news_unsettled")]

    def __str__(self) -> str:
        return self.title


class Notice(models.Model):
    """One message for one person about one event, comment, reminder or piece of news; says why it came."""

    Reason = Reason

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    issue = models.ForeignKey(
        "workflow.Issue", models.CASCADE, null=True, related_name="+", help_text="Empty exactly for news."
    )
    event = models.ForeignKey("workflow.Event", models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey("workflow.Comment", models.CASCADE, null=True, related_name="+")
    reminder = models.ForeignKey("notices.Reminder", models.CASCADE, null=True, related_name="+")
    news = models.ForeignKey(News, models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    routed_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was given to the person's e-mail and Slack, as they chose."
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=_only("event") | _only("comment") | _only("reminder") | _only("news"),
                name="a_notice_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(issue__isnull=True, news__isnull=False) | Q(issue__isnull=False, news__isnull=True),
                name="a_notice_without_request_is_news",
            ),
            models.UniqueConstraint(fields=["person", "event"], name="one_notice_per_event"),
            models.UniqueConstraint(fields=["person", "comment"], name="one_notice_per_comment"),
            models.UniqueConstraint(fields=["person", "reminder"], name="one_notice_per_reminder"),
            models.UniqueConstraint(fields=["person", "news"], name="one_notice_per_news"),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="notices_unread"),
            models.Index(fields=["person", "-created_at"], name="notices_newest"),
            models.Index(fields=["created_at"], condition=Q(routed_at__isnull=True), name="notices_unrouted"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.issue_id or self.news}"


class Reminder(models.Model):
    """One occasion on which a person was reminded. ``day``: when it fell due; a late or repeated run finds it there."""

    Kind = ReminderKind

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    issue = models.ForeignKey("workflow.Issue", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    day = models.DateField()
    text = models.TextField(help_text="What the person reads.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "issue", "kind", "day"], name="reminded_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.issue_id}"


class Choice(models.Model):
    """How soon a person hears of one kind of event on one channel; where there is no row, the default holds."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=10, choices=Notice.Reason.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    when = models.CharField(max_length=10, choices=When.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "reason", "channel"], name="one_choice_per_kind_and_channel"),
            models.CheckConstraint(condition=Q(when__in=When.values), name="when_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_reason_display()} by {self.get_channel_display()}: {self.get_when_display()}"


class QuietHours(models.Model):
    """When a person wants no messages, in their own time zone; empty times: never quiet."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    begins = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    weekends = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "quiet hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(begins__isnull=True, ends__isnull=True) | Q(begins__isnull=False, ends__isnull=False),
                name="quiet_hours_begin_and_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.begins} to {self.ends}"


class ChannelState(models.Model):
    """A channel that stopped, with the reason: while it is paused its messages wait and burn no attempts."""

    channel = models.CharField(max_length=10, choices=Channel.choices, primary_key=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {'paused' if self.paused_at else 'running'}"

    @classmethod
    def pause(cls, channel: str, reason: str) -> None:
        """Send nothing more on this channel until a person has resumed it."""
        cls.objects.update_or_create(channel=channel, defaults={"paused_at": timezone.now(), "reason": reason})

    @classmethod
    def paused(cls) -> QuerySet[Any, Any]:
        """The channels that are paused, as a queryset of their names."""
        return cls.objects.filter(paused_at__isnull=False).values("channel")

    def resume(self) -> None:
        """Send again what waited."""
        ChannelState.objects.filter(pk=self.pk).update(paused_at=None, reason="")


class MessageQuerySet(OutgoingQuerySet["Message"]):
    """Messages, by what is left to do for them."""

    def to_send(self, now: datetime | None = None) -> Self:
        """Messages whose time has come, that nobody holds, on channels that run."""
        waiting = self.due(now).filter(state=Message.State.WAITING, parked=False)
        return waiting.exclude(channel__in=ChannelState.paused())

    def claim(self, pk: int) -> "Message | None":
        """Take the message under a lease of its own, or None: one conditional UPDATE decides, on both databases."""
        now, token = timezone.now(), uuid.uuid4()
        taken = (
            self.to_send(now)
            .order_by()
            .filter(pk=pk)
            .update(leased_until=now + lease_time(), lease=token, attempts=F("attempts") + 1)
        )
        return self.select_related("person", "issue").get(pk=pk) if taken else None

    def interrupted(self, now: datetime | None = None) -> Self:
        """Messages whose sender died between the last words to the server and the note that it took them."""
        return self.filter(state=Message.State.SENDING, leased_until__lte=now or timezone.now())


class MessageState(models.TextChoices):
    """How far a message got."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    UNCONFIRMED = "unconfirmed", "Sent or not, nobody knows"
    DROPPED = "dropped", "Not needed any more"


class Message(Outgoing):
    """One message to one person on one channel: about one request, one piece of news, or a digest of many.

    ``sending`` is committed before the server hears of the message, and a message found in it is never sent again by
    itself: at most once, whatever dies (delivery.py).
    """

    State = MessageState

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    issue = models.ForeignKey(
        "workflow.Issue", models.CASCADE, null=True, related_name="+", help_text="Empty: news, or a digest."
    )
    news = models.ForeignKey("notices.News", models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Names the message to the server."
    )
    notices = models.ManyToManyField(Notice, through="Part", related_name="messages")
    first_at = models.DateTimeField(help_text="When the first of its events happened.")
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()  # type: ignore[misc]  # instead of what every outgoing row has

    class Meta:
        verbose_name = "message"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_is_known")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="message_due"),
            models.Index(fields=["leased_until"], condition=Q(state="sending"), name="message_sending"),
            models.Index(fields=["person", "channel", "issue"], condition=Q(state="waiting"), name="message_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} to {self.person}"

    @property
    def is_digest(self) -> bool:
        """Whether it gathers a day's events."""
        return self.issue_id is None and self.news_id is None

    def wake(self) -> bool:  # type: ignore[override]  # says besides what became of it
        """Try again now, by hand; what was sent or dropped stays so. Answers whether anything will be tried."""
        again = Message.objects.filter(pk=self.pk, state__in=(self.State.WAITING, self.State.UNCONFIRMED))
        return bool(
            again.update(state=self.State.WAITING, due_at=timezone.now(), attempts=0, parked=False, last_error="")
        )


class Part(models.Model):
    """One notice in one message. The same notice is in one message per channel at most, whatever runs twice."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="parts")
    notice = models.ForeignKey(Notice, models.CASCADE, related_name="parts")
    channel = models.CharField(max_length=10, choices=Channel.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="a_notice_is_sent_once_per_channel")]

    def __str__(self) -> str:
        return f"{self.notice_id} by {self.channel}"
