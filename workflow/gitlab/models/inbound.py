"""What came in from GitLab, and what still has to be looked at there.

A delivery or a poll never carries a change into the portal: it only asks that an issue be looked at (contract C7 of
reliability.md). So doubled, reordered, forged-but-authentic and lost hints all end in the same look.
"""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from workflow.gitlab.models.connection import TrackerWait
from workflow.gitlab.models.link import Exchanged, GitLabLink
from workflow.models.outgoing import OutgoingQuerySet


class WebhookDelivery(models.Model):
    """One webhook as it arrived, stored before it was answered; ``due_at`` is empty once it was understood."""

    OF_INTERNAL = "confidential note"
    """Stands in the event where it tells of an internal comment (GitLab's "Confidential Note Hook")."""

    key = models.CharField(max_length=255, unique=True, help_text="Idempotency-Key: the same for every repetition.")
    event = models.CharField(max_length=80, blank=True)
    body = models.TextField(help_text="Raw; emptied once understood where it is confidential.")
    received_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=200, blank=True, help_text="What it led to, in words.")
    issue = models.ForeignKey("workflow.Issue", models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="delivery_due"),
            models.Index(fields=["received_at"], name="delivery_received"),
            models.Index(fields=["issue", "-received_at"], name="delivery_of_issue"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.received_at:%Y-%m-%d %H:%M}"

    @property
    def internal(self) -> bool:
        """Whether it tells of an internal comment, which only Support Operations may know of."""
        return self.OF_INTERNAL in self.event.lower()


class RejectedWebhook(models.Model):
    """How many webhooks were turned away in a day, by reason. Nothing else is kept of them."""

    day = models.DateField()
    reason = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "reason"], name="one_refusal_count_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.reason}: {self.count}"

    @classmethod
    def add(cls, reason: str) -> None:
        """Count one more today."""
        today = timezone.localdate()
        cls.objects.get_or_create(day=today, reason=reason)
        cls.objects.filter(day=today, reason=reason).update(count=F("count") + 1)


class PendingPullQuerySet(OutgoingQuerySet["PendingPull"]):
    """Looks to take."""

    def due(self, now: datetime | None = None) -> Self:
        """Looks whose time has come, longest due first; none where the two sides fought, or where the bot may not
        read."""
        closed = Exists(TrackerWait.objects.unreadable().filter(tracker__issues=OuterRef("pk")))
        return self.filter(~closed, due_at__lte=now or timezone.now(), frozen_at=None).order_by("due_at", "pk")


class PendingPull(models.Model):
    """That a request's GitLab issue has to be looked at, and what the last look saw.

    ``asked`` counts hints; whoever looks remembers the number and leaves the row due if more came meanwhile.
    """

    issue = models.OneToOneField("workflow.Issue", models.CASCADE, primary_key=True, related_name="look")
    asked = models.PositiveBigIntegerField(default=0)
    thorough = models.BooleanField(default=False, help_text="History and comments too, not only the fields.")
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    refused_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when GitLab has refused this reading alone; it is tried again by itself.",
    )
    seen_at = models.DateTimeField(null=True, help_text="When a thorough look last ended well, by GitLab's clock.")
    label_event = models.PositiveBigIntegerField(default=0)
    state_event = models.PositiveBigIntegerField(default=0)
    milestone_event = models.PositiveBigIntegerField(default=0)
    pending = models.JSONField(default=dict, help_text="A step somebody asked for whose words may still come.")
    shared_text = models.TextField(blank=True, help_text="What people wrote in GitLab around the portal's block.")
    flips = models.JSONField(default=list, help_text="Times at which one side undid the other lately.")
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="The two sides fought; neither is followed.")

    again_in: float | None = None
    """Seconds after which this look, though it ends well, is to be taken again: what it saw is not certain yet."""

    objects = PendingPullQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="look_due"),
            models.Index(fields=["frozen_at"], condition=Q(frozen_at__isnull=False), name="look_frozen"),
            models.Index(fields=["issue"], condition=Q(due_at__isnull=True, last_error__gt=""), name="look_stuck"),
            models.Index(fields=["refused_since"], condition=Q(refused_since__isnull=False), name="look_refused"),
        ]

    def __str__(self) -> str:
        return f"Look at {self.issue_id}"

    @classmethod
    def ask(cls, number: int, *, thorough: bool, in_seconds: float = 0) -> None:
        """Ask for a look at this request's GitLab issue. ``thorough``: somebody else than the portal changed
        something."""
        due = timezone.now() + timedelta(seconds=in_seconds)
        cls.objects.get_or_create(pk=number)
        cls.objects.filter(pk=number).update(
            asked=F("asked") + 1,
            attempts=0,
            thorough=Case(When(thorough=True, then=Value(True)), default=Value(thorough)),
            due_at=Case(When(due_at__lt=due, then=F("due_at")), default=Value(due, models.DateTimeField())),
        )

    @classmethod
    def due_numbers(cls, limit: int = 100) -> list[int]:
        """Numbers of requests to look at now: trackers take turns, each with what is longest due there."""
        due: models.QuerySet[Any] = cls.objects.due().in_turn("issue__tracker")  # with ``turn``, which no model has
        due = due.order_by("turn", "due_at", "pk")
        return list(due.values_list("pk", flat=True)[:limit])

    def done(self, **fields: Any) -> None:
        """The look ended well; it stays due if somebody asked meanwhile."""
        rows = PendingPull.objects.filter(pk=self.pk)
        rows.update(attempts=0, last_error="", refused_since=None, **fields)
        again = None if self.again_in is None else timezone.now() + timedelta(seconds=self.again_in)
        rows.filter(asked=self.asked).update(due_at=again, thorough=again is not None)

    def see_again(self, seconds: float) -> None:
        """What this look saw is not certain yet: take it again in so many seconds, when it has ended well."""
        self.again_in = seconds if self.again_in is None else min(self.again_in, seconds)

    def forget_events(self) -> None:
        """The issue is another one now, whose history has other numbers: begin as if it had never been looked at."""
        self.label_event, self.state_event, self.milestone_event, self.seen_at, self.pending = 0, 0, 0, None, {}
        self.save(update_fields=["label_event", "state_event", "milestone_event", "seen_at", "pending"])

    def put_off(self, seconds: float | None, error: str = "", **fields: Any) -> None:
        """Look again in so many seconds; None: only when asked again."""
        due = None if seconds is None else timezone.now() + timedelta(seconds=seconds)
        PendingPull.objects.filter(pk=self.pk).update(due_at=due, last_error=error, **fields)


def claim_to_look(number: int) -> GitLabLink | None:
    """The request's mirror under a lease, whether or not there is something to push; None if somebody holds it.

    The lease is the one pushing takes: a look and a push of the same request never interleave. Raises Poisoned.
    """
    return GitLabLink.objects.hold(number)


class ImportedNote(models.Model):
    """A GitLab comment the portal has: which one, and what it said, so that it is taken once and edits are seen."""

    comment = models.OneToOneField("workflow.Comment", models.CASCADE, primary_key=True, related_name="received")
    note_id = models.PositiveBigIntegerField(unique=True)
    author_id = models.PositiveBigIntegerField(null=True)
    written_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64)
    absent_since = models.DateTimeField(
        null=True, help_text="Since when GitLab does not show it; absent once is not deleted."
    )

    def __str__(self) -> str:
        return f"Note {self.note_id}"


class PendingFile(Exchanged):
    """A file of a GitLab comment that could not be had yet: the comment is here, the file follows or is given up."""

    comment = models.ForeignKey("workflow.Comment", models.CASCADE, related_name="pending_files")
    project_id = models.PositiveBigIntegerField()
    secret = models.CharField(max_length=32)
    name = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "secret", "name"], name="a_file_is_fetched_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="file_due"),
            models.Index(fields=["comment"], condition=Q(parked=True), name="file_parked"),
            models.Index(fields=["refused_since"], condition=Q(refused_since__isnull=False), name="file_refused"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of comment {self.comment_id}"


class PollCursor(models.Model):
    """How far a tracker was polled, by GitLab's clock."""

    tracker = models.OneToOneField("catalogue.Tracker", models.CASCADE, primary_key=True, related_name="cursor")
    polled_until = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(default=0, help_text="Changes at the last poll that no webhook had told of.")
    silent_since = models.DateTimeField(null=True, help_text="Since when polls find what webhooks do not tell.")

    def __str__(self) -> str:
        return f"{self.tracker} until {self.polled_until}"


class Reconciliation(models.Model):
    """One full comparison of the portal with GitLab; a row without ``finished_at`` goes on where it stopped."""

    SCOPES = [("open", "Open requests"), ("all", "All requests")]

    scope = models.CharField(max_length=10, choices=SCOPES)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    position = models.PositiveBigIntegerField(default=0, help_text="Number of the last request compared.")
    checked = models.PositiveIntegerField(default=0)
    drifted = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    twins = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list, help_text="[number, fields] of what was out of step; the first 200.")

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope"], condition=Q(finished_at__isnull=True), name="one_running_reconciliation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.started_at:%Y-%m-%d %H:%M}"
