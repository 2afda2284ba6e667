"""The outbox: rows that say *GitLab is behind*, not what to do.

Whoever claims a row pushes the present state, so order, retries and coalescing come for free (architecture.md, "The
mirror row"; contract C1 to C5 of reliability.md). A crashed worker needs no reset job: the lease lapses.
"""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from workflow.gitlab.models.connection import TrackerWait
from workflow.models.outgoing import POISON, Outgoing, OutgoingQuerySet, deaths_with, lease_time, new_token

COPIES_LAG = timedelta(minutes=2)
"""How long after our own change GitLab may still answer from a copy without it; its own copies lag by seconds."""
DIED_OF_IT = (
    f"{POISON} workers in a row died while they worked on this request, so no other one tries. "
    "Look into their logs, or ask an administrator; then retry."
)


class Poisoned(Exception):
    """Working on this request killed too many workers in a row; it is parked now. Its argument is the number."""


def _tracker_waits() -> Exists:
    """Whether the tracker of a mirror's request waits. A subquery: a join would spoil the conditional UPDATE."""
    return Exists(TrackerWait.objects.closed().filter(tracker__issues=OuterRef("pk")))


class GitLabLinkQuerySet(OutgoingQuerySet["GitLabLink"]):
    """Mirrors; whoever holds one is the only one who tells GitLab anything about that request."""

    def with_work(self, now: datetime | None = None) -> Self:
        """Mirrors that nobody holds and that are due, or whose notes, files or links are.

        Those need a GitLab issue in good order to hang on; until then they wait with it. All of a tracker that GitLab
        keeps closed waits with the tracker.
        """
        now = now or timezone.now()
        hanging_on = (
            Exists(OutgoingNote.objects.filter(issue=OuterRef("pk"), due_at__lte=now))
            | Exists(OutgoingUpload.objects.filter(attachment__issue=OuterRef("pk"), due_at__lte=now))
            | Exists(OutgoingLink.objects.filter(link__source=OuterRef("pk"), due_at__lte=now))
        )
        free = self.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now), ~_tracker_waits())
        in_order = Q(iid__isnull=False) & ~Q(status__in=GitLabLink.NEEDS_A_PERSON)
        return free.filter(Q(due_at__lte=now) | in_order & hanging_on)

    def want_push(self) -> int:
        """Say, inside the caller's transaction, that GitLab must show something new of these. Returns how many."""
        return self.update(
            wanted_version=F("wanted_version") + 1,
            due_at=models.Case(
                models.When(status__in=GitLabLink.NEEDS_A_PERSON, then=F("due_at")),
                models.When(status__in=(GitLabLink.Status.CREATING, GitLabLink.Status.UNKNOWN), then=F("due_at")),
                default=timezone.now(),
            ),
            status=models.Case(
                models.When(status=GitLabLink.Status.IN_STEP, then=models.Value(GitLabLink.Status.BEHIND)),
                default=F("status"),
            ),
        )

    def claim(self, pk: int) -> "GitLabLink | None":
        """Take the request's mirror if there is work and nobody holds it: returns it under a lease of its own, or None.

        One conditional UPDATE decides, on PostgreSQL and SQLite alike; the lease's token fences off whoever held it
        before.
        """
        now = timezone.now()
        return self.with_work(now).take(pk, now, attempts=F("attempts") + 1)

    def hold(self, pk: int) -> "GitLabLink | None":
        """The same whether or not there is work."""
        now = timezone.now()
        return self.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now)).take(pk, now)

    def take(self, pk: int, now: datetime, **changes: Any) -> "GitLabLink | None":
        """Take the mirror if it is among these, which nobody holds. Raises Poisoned if it killed too many holders."""
        row = self.filter(pk=pk)
        token = new_token()
        if row.filter(lease=None).update(leased_until=now + lease_time(), lease=token, **changes):
            return GitLabLink.objects.filter(pk=pk, lease=token).first()
        dead = row.exclude(lease=None).values_list("lease", flat=True).first()
        if dead is None:
            return None
        if deaths_with(dead) >= POISON:
            GitLabLink.objects.filter(pk=pk, lease=dead).park(DIED_OF_IT)
            raise Poisoned(pk)
        token = new_token(deaths_with(dead))
        taken = row.filter(lease=dead).update(leased_until=now + lease_time(), lease=token, **changes)
        return GitLabLink.objects.filter(pk=pk, lease=token).first() if taken else None

    def park(self, reason: str) -> None:
        """Leave these to a person, held by nobody; one gone from GitLab stays gone."""
        parked = models.Case(
            models.When(status=GitLabLink.Status.ORPHANED, then=F("status")),
            default=models.Value(GitLabLink.Status.PARKED),
        )
        self.update(due_at=None, parked=True, status=parked, last_error=reason, leased_until=None, lease=None)


class Exchanged(Outgoing):
    """A row of the exchange with GitLab, which may refuse this one thing while everything else goes on."""

    refused_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when GitLab has refused this alone; it is tried again by itself."
    )

    class Meta:
        abstract = True


class GitLabLink(Exchanged):
    """A request's issue in GitLab. It is *behind* while ``pushed_version`` is lower than ``wanted_version``."""

    class Status(models.TextChoices):
        IN_STEP = "in-step", "In step"
        BEHIND = "behind", "Behind"
        CREATING = "creating", "Being created"
        UNKNOWN = "unknown", "Creation unconfirmed"
        PARKED = "parked", "Needs a person"
        ORPHANED = "orphaned", "Gone from GitLab"

    NEEDS_A_PERSON = (Status.PARKED, Status.ORPHANED)

    issue = models.OneToOneField("workflow.Issue", models.PROTECT, primary_key=True, related_name="mirror")
    wanted_version = models.PositiveIntegerField(default=1)
    pushed_version = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BEHIND)
    marker = models.CharField(
        max_length=64, unique=True, help_text="Stands in the GitLab issue's description; finds it again."
    )
    creating_since = models.DateTimeField(
        null=True, help_text="When a creation was sent, by GitLab's clock; set while nobody knows whether it was done."
    )
    empty_looks = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was then looked for and not found."
    )
    absent_since = models.DateTimeField(
        null=True, help_text="When the issue was first not found, though GitLab answered; set until it is found."
    )
    project_id = models.PositiveBigIntegerField(null=True, blank=True)
    iid = models.PositiveBigIntegerField(null=True, blank=True)
    gitlab_id = models.PositiveBigIntegerField(null=True, blank=True, unique=True)
    web_url = models.URLField(max_length=500, blank=True)
    last_synced = models.JSONField(default=dict, help_text="The fields as last agreed with GitLab.")
    pushed_at = models.DateTimeField(null=True)

    objects = GitLabLinkQuerySet.as_manager()  # type: ignore[misc]  # instead of what every outgoing row has

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project_id", "iid"], name="one_request_per_gitlab_issue"),
            models.CheckConstraint(condition=Q(pushed_version__lte=F("wanted_version")), name="never_pushed_ahead"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="mirror_due"),
            models.Index(fields=["status"], condition=~Q(status="in-step"), name="mirror_not_in_step"),
            models.Index(fields=["refused_since"], condition=Q(refused_since__isnull=False), name="mirror_refused"),
        ]

    def __str__(self) -> str:
        return f"{self.issue_id}: {self.get_status_display()}"

    @property
    def exists(self) -> bool:
        """Whether the GitLab issue is known."""
        return self.iid is not None

    @property
    def link(self) -> str:
        """The GitLab issue's address; empty when what GitLab sent is none that a browser should follow."""
        return self.web_url if self.web_url.startswith(("https://", "http://")) else ""

    @property
    def in_step(self) -> bool:
        """Whether nothing is to be pushed: everything wanted was sent, or somebody said to leave it."""
        return self.status == self.Status.IN_STEP and self.pushed_version == self.wanted_version

    @property
    def dropped(self) -> list[str]:
        """What GitLab did not take over when it was last sent, by its own names."""
        return list(self.last_synced.get("dropped", []))

    @property
    def refused(self) -> dict[str, Any]:
        """{field: the value GitLab would not take}, as ``fields.Agreed`` has it."""
        return dict(self.last_synced.get("refused", {}))

    def is_older_than_ours(self, updated_at: datetime | None) -> bool:
        """Whether a reading shows the issue as it was before our own last change: some server answered from a copy that
        lags behind (row 59). Only for a while after it; a GitLab put back to an older state is believed then."""
        shown = self.last_synced.get("updated_at")
        lately = self.pushed_at is not None and timezone.now() - self.pushed_at < COPIES_LAG
        return bool(lately and shown and updated_at and updated_at < datetime.fromisoformat(shown))

    def wake(self) -> None:
        """Try again now, by hand: what was parked is merely behind again. One gone from GitLab stays so."""
        kept = GitLabLink.objects.values_list("last_synced", flat=True).get(pk=self.pk)
        GitLabLink.objects.filter(pk=self.pk).exclude(status=self.Status.ORPHANED).update(
            due_at=timezone.now(),
            attempts=0,
            parked=False,
            last_error="",
            status=self.Status.BEHIND,
            last_synced={**kept, "refused": {}, "dropped": []},  # what was refused is sent again too
        )

    def want_push(self) -> None:
        """Say, inside the caller's transaction, that GitLab must show something new."""
        GitLabLink.objects.filter(pk=self.pk).want_push()


class OutgoingNote(Exchanged):
    """A comment, or a step worth a comment, on its way to a note of the GitLab issue; posted in order, once."""

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="note_mirrors")
    comment = models.OneToOneField("workflow.Comment", models.PROTECT, null=True, related_name="mirror")
    event = models.OneToOneField("workflow.Event", models.PROTECT, null=True, related_name="mirror")
    note_id = models.PositiveBigIntegerField(null=True, blank=True)
    absent_since = models.DateTimeField(
        null=True, help_text="Since when GitLab does not show it; absent once is not deleted."
    )
    posting_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(comment__isnull=False, event__isnull=True) | Q(comment__isnull=True, event__isnull=False),
                name="a_note_mirrors_one_thing",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="note_mirror_due"),
            models.Index(fields=["issue"], condition=Q(parked=True), name="note_mirror_parked"),
            models.Index(
                fields=["refused_since"], condition=Q(refused_since__isnull=False), name="note_mirror_refused"
            ),
        ]

    def __str__(self) -> str:
        return f"Note of {self.issue_id}"


class OutgoingUpload(Exchanged):
    """An attachment's copy in GitLab; ``markdown`` is what texts there refer to it by."""

    attachment = models.OneToOneField("workflow.Attachment", models.PROTECT, primary_key=True, related_name="mirror")
    project_id = models.PositiveBigIntegerField(null=True, blank=True)
    markdown = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="upload_mirror_due"),
            models.Index(fields=["attachment"], condition=Q(parked=True), name="upload_mirror_parked"),
            models.Index(
                fields=["refused_since"], condition=Q(refused_since__isnull=False), name="upload_mirror_refused"
            ),
        ]

    def __str__(self) -> str:
        return f"Upload {self.attachment_id}"


class OutgoingLink(Exchanged):
    """A link between two requests, as a link between their GitLab issues."""

    link = models.OneToOneField("workflow.IssueLink", models.PROTECT, primary_key=True, related_name="mirror")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="link_mirror_due"),
            models.Index(fields=["link"], condition=Q(parked=True), name="link_mirror_parked"),
            models.Index(
                fields=["refused_since"], condition=Q(refused_since__isnull=False), name="link_mirror_refused"
            ),
        ]

    def __str__(self) -> str:
        return f"Link {self.link_id}"


def new_marker(number: int) -> str:
    """The token that finds this request's GitLab issue again: plain letters and digits, only this portal can make it.

    One lexeme, so that GitLab's search keeps it whole (gitlab.md §2).
    """
    return f"supportops{number}x{salted_hmac('workflow.mirror', str(number), algorithm='sha256').hexdigest()[:24]}"
