"""Trackers that GitLab keeps closed to the bot, or in which it does not let the bot read one kind of thing."""

from datetime import timedelta

from django.db import models
from django.utils import timezone


class TrackerWaitQuerySet(models.QuerySet):
    """Waits of trackers."""

    def closed(self):
        """Of trackers in which the bot may change nothing."""
        return self.filter(what=TrackerWait.What.EVERYTHING)

    def unreadable(self):
        """Of those that it may not even read."""
        return self.closed().filter(readable=False)


class TrackerWait(models.Model):
    """That a tracker waits, since when, why, and when GitLab is asked again. Gone once GitLab answers as it should.

    Everything of a closed tracker waits with it, and is due at once when the row is gone: no request burns an attempt.
    Anything but EVERYTHING only says that one periodic reading is refused there; the rest of the tracker goes on.
    """

    class What(models.TextChoices):
        EVERYTHING = "everything", "Everything"
        CHANGES = "changes", "What changed"
        MILESTONES = "milestones", "Milestones"
        LABELS = "labels", "Labels"
        COMPARISON = "comparison", "The comparison"

    tracker = models.ForeignKey("catalogue.Tracker", models.CASCADE, related_name="waits")
    what = models.CharField(max_length=12, choices=What.choices, default=What.EVERYTHING)
    readable = models.BooleanField(default=True, help_text="Whether GitLab still lets the bot read there.")
    since = models.DateTimeField(default=timezone.now)
    reason = models.TextField(help_text="What GitLab refuses, and what to do about it, in words.")
    attempts = models.PositiveIntegerField(default=1)
    next_try_at = models.DateTimeField()

    objects = TrackerWaitQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tracker", "what"], name="a_tracker_waits_once_for_a_thing")]

    def __str__(self):
        return f"{self.tracker}: {self.get_what_display().lower()}"

    @classmethod
    def begin(cls, tracker, what, reason: str, seconds: float, *, readable: bool = True):
        """The tracker waits; if it does already, only the words are renewed."""
        again = timezone.now() + timedelta(seconds=seconds)
        row, new = cls.objects.get_or_create(
            tracker=tracker, what=what, defaults={"reason": reason, "readable": readable, "next_try_at": again}
        )
        if not new:
            cls.objects.filter(pk=row.pk).update(reason=reason, readable=readable)
        return row

    @classmethod
    def over(cls, tracker, what) -> bool:
        """GitLab answers as it should. Returns whether the tracker had waited."""
        return bool(cls.objects.filter(tracker=tracker, what=what).delete()[0])
