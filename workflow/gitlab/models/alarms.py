"""What stands in the way of the mirror and must reach a person, and what periodic checks last found."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from workflow.models.querysets import IssueQuerySet


class Kind(models.TextChoices):
    """What an alarm is about (reliability.md §4)."""

    AWAY = "away", "GitLab does not answer"
    PAUSED = "paused", "The exchange with GitLab is paused"
    TRACKER = "tracker", "A tracker waits"
    REFUSED = "refused", "GitLab refuses one thing"
    WAITING = "waiting", "Changes wait too long for GitLab"
    UNKNOWN = "unknown", "A creation stays unconfirmed"
    DEAD = "dead", "Needs a person"
    GONE = "gone", "A GitLab issue is gone"
    SILENT = "silent", "Webhooks keep silent"
    HOOK = "hook", "A webhook is not in order"
    TOKEN = "token", "The bot's token needs care"
    LOOP = "loop", "The two sides fight over a field"
    DRIFT = "drift", "GitLab was out of step"
    BEAT = "beat", "Periodic work has stopped"
    MISMATCH = "mismatch", "The two sides disagree on who may read it"
    TWIN = "twin", "A second GitLab issue turned up"
    MESSAGES = "messages", "Messages to people are stuck"


class AlarmQuerySet(models.QuerySet["Alarm"]):
    """Alarms, by how they stand."""

    def current(self) -> Self:
        """Alarms whose fact still stands, those included that only begin to be one."""
        return self.filter(cleared_at__isnull=True)

    def open(self) -> Self:
        """Alarms to be told and shown now."""
        return self.current().filter(opened_at__isnull=False)

    def visible_to(self, requests: IssueQuerySet) -> Self:
        """Those about no request, or about one of these ``requests``, a queryset."""
        return self.filter(Q(issue__isnull=True) | Q(issue__in=requests.values("pk")))


class Alarm(models.Model):
    """One thing that is wrong at one place: raised once, shown and told while it stands, cleared by itself.

    ``opened_at`` is empty while it has not lasted long enough to be an alarm. ``key`` names the place to the code,
    ``place`` to people; ``issue`` is the request it is about, if it is about one: who may not see that does not see it.
    """

    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=80, blank=True)
    issue = models.ForeignKey("workflow.Issue", models.CASCADE, null=True, related_name="+")
    place = models.CharField(max_length=200, blank=True, help_text="Empty: everywhere.")
    reason = models.TextField(help_text="What is the matter, in words.")
    noticed_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="When people were last told of it.")
    cleared_at = models.DateTimeField(null=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(cleared_at__isnull=True), name="an_alarm_is_raised_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="alarm_kind_is_known"),
        ]
        indexes = [models.Index(fields=["-cleared_at"], name="alarm_cleared")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.place}" if self.place else self.get_kind_display()


class GitLabCheck(models.Model):
    """What the last periodic check of something in GitLab found; without ``problem`` it was in order."""

    name = models.CharField(max_length=20, primary_key=True, help_text="“token”, or “hook” and a tracker's number.")
    tracker = models.ForeignKey("catalogue.Tracker", models.CASCADE, null=True, related_name="+")
    problem = models.TextField(blank=True)
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.problem or 'in order'}"


class Heartbeat(models.Model):
    """When periodic work last ran: beat rang, the broker carried it, a worker took it. One row."""

    ONLY = 1
    LATE = timedelta(seconds=60)

    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="there_is_one_heartbeat")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls) -> None:
        """Periodic work runs."""
        cls.objects.update_or_create(pk=cls.ONLY, defaults={"at": timezone.now()})

    @classmethod
    def last(cls) -> datetime | None:
        """When it last ran, or None if it never did."""
        return cls.objects.filter(pk=cls.ONLY).values_list("at", flat=True).first()

    @classmethod
    def is_late(cls) -> bool:
        """Whether it has stopped. One that never ran counts from when somebody first asked here."""
        at = cls.last()
        if at is None:
            cls.objects.get_or_create(pk=cls.ONLY, defaults={"at": timezone.now()})
            return False
        return timezone.now() - at > cls.LATE


class Behind(models.Model):
    """Since when a request's mirror has been behind without a break, as the watch saw it, minute by minute.

    The outbox cannot say it: a row that is tried again and again is always due soon.
    """

    issue = models.OneToOneField("workflow.Issue", models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField()
    pushed_version = models.PositiveIntegerField(help_text="What GitLab had then; with more, the wait began anew.")

    class Meta:
        verbose_name_plural = "behind"

    def __str__(self) -> str:
        return f"{self.issue_id} since {self.since:%Y-%m-%d %H:%M}"
