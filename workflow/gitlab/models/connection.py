"""What the mirror knows about GitLab itself: connection, label schemes, budgets, leases of periodic work.

Trackers that GitLab keeps closed to the bot, or in which it does not let the bot read one kind of thing.
"""

import os
import threading
from datetime import datetime, timedelta
from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from workflow.catalogue.models import Tracker
from workflow.gitlab.errors import RateLimited


class Connection(models.Model):
    """How the portal stands with GitLab: who it is there, whether it may go on, since when GitLab is away. One row."""

    ONLY = 1

    url = models.URLField(max_length=300, blank=True)
    bot_username = models.CharField(max_length=255, blank=True)
    bot_id = models.PositiveBigIntegerField(null=True, blank=True)
    ops_handle = models.CharField(
        max_length=255,
        default="@gitlab-com/support/support-ops",
        blank=True,
        help_text="Who is pinged in GitLab when a request is approved; empty for nobody.",
    )
    token_expires_at = models.DateField(null=True, blank=True)
    premium = models.BooleanField(
        null=True, blank=True, help_text="Whether GitLab keeps scoped labels exclusive itself."
    )
    requests_per_minute = models.PositiveIntegerField(default=1800)
    creations_per_minute = models.PositiveIntegerField(default=180)
    notes_per_minute = models.PositiveIntegerField(
        default=280, help_text="GitLab.com allows 60, a server of one's own 300."
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.TextField(blank=True)
    away_since = models.DateTimeField(null=True, blank=True, help_text="Since when GitLab has not answered.")

    class Meta:
        verbose_name = "connection"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="there_is_one_connection")]

    def __str__(self) -> str:
        return self.url or "GitLab"

    @classmethod
    def load(cls) -> Self:
        """The connection; made on first use."""
        return cls.objects.get_or_create(pk=cls.ONLY)[0]

    @classmethod
    def seen(cls) -> Self:
        """The connection as it stands, for a page to show; before the first use as a new one would be, and not made."""
        return cls.objects.filter(pk=cls.ONLY).first() or cls(pk=cls.ONLY)

    @property
    def paused(self) -> bool:
        """Whether nothing is sent until somebody resumes it."""
        return self.paused_at is not None

    def pause(self, reason: str) -> None:
        """Send nothing more until somebody resumes; the first reason stays."""
        self.paused_at = timezone.now()
        Connection.objects.filter(pk=self.pk, paused_at=None).update(paused_at=self.paused_at, paused_reason=reason)

    def resume(self) -> None:
        """Go on; nothing was lost meanwhile."""
        Connection.objects.filter(pk=self.pk).update(paused_at=None, paused_reason="")

    def spend(self, kind: str, *, share: float = 1) -> None:
        """Take one call of this kind out of every budget it falls under, or raise RateLimited.

        ``share``: how much of each budget it may use up. What can wait leaves the rest to what cannot.
        """
        limits = {
            Budget.CREATIONS: self.creations_per_minute,
            Budget.NOTES: self.notes_per_minute,
            Budget.SEARCHES: Budget.SEARCHES_PER_MINUTE,
        }
        own = {kind: limits[kind]} if kind in limits else {}
        for name, limit in (own | {Budget.REQUESTS: self.requests_per_minute}).items():
            Budget.pay(name, max(1, int(limit * share)))

    def mark_away(self) -> None:
        """GitLab did not answer."""
        self.away_since = self.away_since or timezone.now()
        Connection.objects.filter(pk=self.pk, away_since=None).update(away_since=self.away_since)

    def mark_back(self) -> None:
        """GitLab answered."""
        Connection.objects.filter(pk=self.pk, away_since__isnull=False).update(away_since=None)
        self.away_since = None


class LabelScheme(models.Model):
    """One way the team writes its labels. Exactly one is active: the database refuses a second."""

    name = models.CharField(max_length=40, unique=True)
    is_active = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=Q(is_active=True), name="one_active_label_scheme")
        ]

    def __str__(self) -> str:
        return self.name


class SchemeLabel(models.Model):
    """A label of a scheme: what it says (family and key), and how it is spelt in GitLab."""

    class Family(models.TextChoices):
        STATE = "state", "State"
        VALIDATION = "validation", "Validation"
        TYPE = "type", "Type"
        CUSTOMER = "customer", "Customer"
        PRIORITY = "priority", "Priority"
        SYSTEM = "system", "System"

    scheme = models.ForeignKey(LabelScheme, models.CASCADE, related_name="labels")
    family = models.CharField(max_length=10, choices=Family.choices)
    key = models.CharField(max_length=40, help_text="The state, kind, division, priority or system it stands for.")
    name = models.CharField(
        max_length=255,
        help_text="As GitLab spells it.",
        validators=[RegexValidator(r"\A[^,]*\Z", "A label of GitLab holds no comma.")],
    )
    color = models.CharField(max_length=7, default="#6699cc", help_text="#rrggbb")
    description = models.CharField(max_length=255, blank=True)
    alias = models.BooleanField(default=False, help_text="Understood when it comes from GitLab, never written there.")

    class Meta:
        ordering = ["scheme", "family", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "family", "key", "name"], name="a_label_says_a_thing_once"),
            models.CheckConstraint(condition=Q(color__regex=r"^#[0-9a-f]{6}$"), name="label_color_is_rrggbb"),
        ]

    def __str__(self) -> str:
        return self.name


class Budget(models.Model):
    """Calls of one kind in the running minute, over all workers. Every change is one conditional UPDATE."""

    REQUESTS, CREATIONS, NOTES, SEARCHES = "requests", "creations", "notes", "search"
    SEARCHES_PER_MINUTE = 10
    AT_ONCE = 50
    """A worker takes one part in so many of a budget at once: that much is lost when it then has nothing to do."""
    UNANSWERED = "unanswered"
    """No budget, but calls in a row that GitLab did not answer; see ``away``."""
    WINDOW = timedelta(minutes=1)
    _purse: dict[tuple[int, str, int], tuple[int, datetime]] = {}
    """What this process paid for in advance: (process, budget, limit) → (calls left, until when they are good)."""
    _purse_lock = threading.Lock()

    name = models.CharField(max_length=40, primary_key=True)
    window_start = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)
    blocked_until = models.DateTimeField(
        null=True, blank=True, help_text="GitLab said 429; until then nothing is asked."
    )

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"

    @classmethod
    def spend(cls, name: str, limit: int) -> None:
        """Take one call of ``limit`` a minute, or raise RateLimited with the seconds to wait."""
        now = timezone.now()
        free = cls._free(now).filter(name=name)
        running = free.filter(window_start__gt=now - cls.WINDOW, count__lt=limit)
        if running.update(count=F("count") + 1):
            return
        if cls.objects.get_or_create(name=name, defaults={"window_start": now, "count": 1})[1]:
            return
        if free.filter(window_start__lte=now - cls.WINDOW).update(window_start=now, count=1):
            return
        if running.update(count=F("count") + 1):  # somebody else began the minute just now
            return
        row = cls.objects.get(name=name)
        waits = max(row.window_start + cls.WINDOW, row.blocked_until or now) - now
        raise RateLimited(
            f"The budget of {name} for this minute is used up.", max(waits.total_seconds(), 1), kind=name, ours=True
        )

    @classmethod
    def pay(cls, name: str, limit: int) -> None:
        """As ``spend``, but a worker takes a few calls of a large budget at once and uses them up in this minute."""
        key, some, now = (os.getpid(), name, limit), limit // cls.AT_ONCE, timezone.now()
        with cls._purse_lock:
            left, good_until = cls._purse.get(key, (0, now))
            if left and now < good_until:
                cls._purse[key] = (left - 1, good_until)
                return
        until = cls._take(name, limit, some, now) if some > 1 else None
        if until is None:  # a small budget, a new minute, or the last few calls of one
            cls.spend(name, limit)
        else:
            with cls._purse_lock:
                cls._purse[key] = (some - 1, until)

    @classmethod
    def empty_purse(cls) -> None:
        """Forget the calls this worker paid for in advance."""
        with cls._purse_lock:
            cls._purse.clear()

    @classmethod
    def _take(cls, name: str, limit: int, some: int, now: datetime) -> datetime | None:
        """Until when so many calls, taken now, are good; None if there are not so many left."""
        running = cls._free(now).filter(name=name, window_start__gt=now - cls.WINDOW, count__lte=limit - some)
        row = running.first()
        if row and running.filter(window_start=row.window_start).update(count=F("count") + some):
            return row.window_start + cls.WINDOW
        return None

    @classmethod
    def _free(cls, now: datetime) -> QuerySet[Self]:
        return cls.objects.filter(Q(blocked_until=None) | Q(blocked_until__lte=now))

    @classmethod
    def block(cls, name: str, seconds: float) -> None:
        """GitLab refused with 429: nobody asks for this again for so long."""
        now = timezone.now()
        cls.empty_purse()
        until = now + timedelta(seconds=seconds)
        cls.objects.get_or_create(name=name, defaults={"window_start": now})
        cls.objects.filter(Q(blocked_until=None) | Q(blocked_until__lt=until), name=name).update(blocked_until=until)


class TrackerWaitQuerySet(models.QuerySet["TrackerWait"]):
    """Waits of trackers."""

    def closed(self) -> Self:
        """Of trackers in which the bot may change nothing."""
        return self.filter(what=TrackerWait.What.EVERYTHING)

    def unreadable(self) -> Self:
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

    def __str__(self) -> str:
        return f"{self.tracker}: {self.get_what_display().lower()}"

    @classmethod
    def begin(cls, tracker: Tracker, what: str, reason: str, seconds: float, *, readable: bool = True) -> Self:
        """The tracker waits; if it does already, only the words are renewed."""
        again = timezone.now() + timedelta(seconds=seconds)
        row, new = cls.objects.get_or_create(
            tracker=tracker, what=what, defaults={"reason": reason, "readable": readable, "next_try_at": again}
        )
        if not new:
            cls.objects.filter(pk=row.pk).update(reason=reason, readable=readable)
        return row

    @classmethod
    def over(cls, tracker: Tracker, what: str) -> bool:
        """GitLab answers as it should. Returns whether the tracker had waited."""
        return bool(cls.objects.filter(tracker=tracker, what=what).delete()[0])
