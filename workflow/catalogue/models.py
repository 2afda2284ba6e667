"""Where GitLab keeps the issues.

What can be asked, and what is being written: entries, their questions, and drafts.

Where a kind of request goes, and by which rules.

Who besides the manager approves requests of a route, and how many of them must. Data, edited in the admin.
"""

import string
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse

from supportops.accounts.models import User
from supportops.accounts.roles import Role
from workflow.catalogue.field_types import TYPES, AnswerType
from workflow.catalogue.kinds import WORKED_ON, ApprovalRule, Kind


class Tracker(models.Model):
    """A GitLab project that holds mirrored issues. The numeric id, once found, outlives renames (gitlab.md §1)."""

    path = models.CharField(
        max_length=255, unique=True, help_text="Path of the GitLab project, for example group/project."
    )
    name = models.CharField(max_length=120, help_text="What people read, for example “Calendly”.")
    project_id = models.PositiveBigIntegerField(
        "GitLab project id", null=True, blank=True, unique=True, help_text="Found from the path at the first contact."
    )
    confidential_only = models.BooleanField(
        default=False, help_text="Holds only confidential issues; requests from here never move to an open tracker."
    )
    is_active = models.BooleanField(default=True, help_text="New requests may be filed or moved here.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Route(models.Model):
    """The workflow side of a catalogue entry (domain.md §2). All of it is data that ops edit in the admin."""

    key = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    tracker = models.ForeignKey(
        Tracker, models.PROTECT, null=True, blank=True, help_text="Empty for what is answered in the portal."
    )
    template = models.CharField("GitLab template", max_length=80, blank=True)
    approval_rule = models.CharField(max_length=20, choices=ApprovalRule.choices, default=ApprovalRule.NONE)
    waivable = models.BooleanField("ops may waive the approval", default=False)
    voiding_fields = models.JSONField(
        default=list,
        blank=True,
        help_text="Keys of the fields whose change voids an approval: title, description, or a question.",
    )
    restricted_to = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Requests exist only for the people involved and this group, and are confidential in GitLab.",
    )
    default_labels = models.JSONField(default=list, blank=True, help_text="GitLab labels put on every new issue.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    second_owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="route_kind_is_known"),
            models.CheckConstraint(
                condition=~models.Q(kind__in=sorted(WORKED_ON)) | models.Q(tracker__isnull=False),
                name="what_is_worked_on_has_a_tracker",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def clean(self) -> None:
        """A kind that is worked on needs a tracker to be worked on in."""
        if self.kind in WORKED_ON and self.tracker_id is None:
            raise ValidationError({"tracker": "A bug, feature or administrative request needs a tracker."})

    @property
    def needs_approval(self) -> bool:
        """Whether a new request of this route waits for a decision first."""
        return self.approval_rule != ApprovalRule.NONE


class AskedOf(models.TextChoices):
    """Who answers a question: the requester when filing, or the approver when approving."""

    REQUESTER = "requester", "Requester"
    APPROVER = "approver", "Approver"


RESERVED_KEYS = frozenset(
    {
        "title",
        "description",
        "approver",
        "approver_reason",
        "confidential",
        "attachments",
        "submission",
        "page",
        "draft_version",
        "action",
        "remove",
        "person",
        "state",
        "requester",
        "version",
        "text",
        "route",
    }
)
"""Names that forms use for other things than questions."""


class Feeds(models.TextChoices):
    """The field of the request that an answer fills besides."""

    NOTHING = "", "Nothing"
    SYSTEM = "system", "System"
    CUSTOMER = "customer", "Customer"
    TEAMS = "teams", "Other impacted teams"
    DUE_DATE = "due_date", "Due date"


class EntryQuerySet(models.QuerySet["Entry"]):
    """Entries, by the questions the pages ask about them."""

    def active(self) -> Self:
        """What people may ask for now."""
        return self.filter(is_active=True)

    def with_rules(self) -> Self:
        """With route, tracker and filers, in a fixed number of queries."""
        return self.select_related("route__tracker", "route__restricted_to").prefetch_related("may_file")


class Entry(models.Model):
    """The intake side of a route: its name, its guidance, who may file it, and (as rows) its questions."""

    route = models.OneToOneField(Route, models.PROTECT, related_name="entry")
    name = models.CharField(max_length=80, help_text="As people say it, for example “Get something fixed”.")
    summary = models.CharField(max_length=200, help_text="One line on the card.")
    guidance = models.TextField(blank=True, help_text="What to know before filing. Markdown.")
    keywords = models.CharField(max_length=255, blank=True, help_text="Further words the search finds it by.")
    icon = models.CharField(max_length=40, default="file-text", help_text="Name of an icon of the design system.")
    order = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField("offered", default=True, help_text="Without this nobody sees it in the catalogue.")
    may_file = models.ManyToManyField(
        Group, blank=True, related_name="+", help_text="Only members of these groups file it; empty: everybody."
    )
    why_not = models.CharField(
        max_length=255, blank=True, help_text="The sentence for people who may not file it. Empty: the portal's own."
    )
    title_pattern = models.CharField(
        max_length=120,
        blank=True,
        help_text="Makes the title from answers where none is typed, for example “{change} macro {macro_title}”.",
    )
    description_label = models.CharField(
        max_length=120,
        blank=True,
        help_text="Asks for a required text under this label; empty: an optional last remark.",
    )
    system = models.CharField(
        max_length=40, blank=True, help_text="The system all its requests concern, where the entry alone says so."
    )
    elsewhere_label = models.CharField(max_length=80, blank=True, help_text="A quicker way, as the words of a link.")
    elsewhere_url = models.URLField(blank=True)
    after_filing = models.CharField(
        max_length=500, blank=True, help_text="What the person still does by hand, said when the request is filed."
    )

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["order", "name"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The entry's form."""
        return reverse("new", args=[self.key])

    @property
    def key(self) -> str:
        """The word in its address."""
        return self.route.key

    def clean(self) -> None:
        """A pattern names questions of this entry only."""
        known = set(self.questions.values_list("key", flat=True)) if self.pk else set()
        try:
            named = {name for _, name, _, _ in string.Formatter().parse(self.title_pattern) if name is not None}
        except ValueError:
            raise ValidationError({"title_pattern": "Write each key in braces, for example {event}."}) from None
        if unknown := named - known:
            raise ValidationError({"title_pattern": f"There is no question with the key {', '.join(sorted(unknown))}."})

    def refusal(self, person: User) -> str | None:
        """Why this person may not file it, or None if they may. Reads the prefetched groups."""
        groups = list(self.may_file.all())
        if not groups or person.group_ids & {group.pk for group in groups}:
            return None
        names = " or ".join(Role(group.name).label if group.name in Role else group.name for group in groups)
        return self.why_not or f"Only members of {names} may file this."

    def filers(self) -> QuerySet[User]:
        """The active people who may file it, by name."""
        people = User.objects.active().order_by("first_name", "last_name", "username")
        groups = list(self.may_file.all())
        return people.filter(groups__in=groups).distinct() if groups else people


class Question(models.Model):
    """One row of an entry's form."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="questions")
    key = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"\A[a-z][a-z0-9_]*\Z", "Use small letters, digits and underscores.")],
        help_text="Stays the same when the label is reworded, for example “steps”.",
    )
    label = models.CharField(max_length=200)
    help = models.CharField(max_length=400, blank=True)
    type = models.CharField(max_length=10, choices=AnswerType.choices, default=AnswerType.SHORT)
    choices: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, blank=True, help_text="What may be chosen."
    )
    required = models.BooleanField(default=True)
    asked_of = models.CharField(max_length=10, choices=AskedOf.choices, default=AskedOf.REQUESTER)
    feeds = models.CharField(
        max_length=10, choices=Feeds.choices, blank=True, help_text="The field of the request it fills."
    )
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["entry", "key"], name="one_question_per_key")]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Choices belong to exactly the types that offer some; a due date is a date; some names are taken."""
        if self.key in RESERVED_KEYS:
            raise ValidationError({"key": f"“{self.key}” is used by the portal itself. Choose another key."})
        if not isinstance(self.choices, list) or not all(isinstance(choice, str) and choice for choice in self.choices):
            raise ValidationError({"choices": "Write one choice per line."})
        if TYPES[AnswerType(self.type)].has_choices != bool(self.choices):
            raise ValidationError({"choices": "Give choices exactly where the answer is chosen from several."})
        if (self.feeds == Feeds.DUE_DATE) and self.type != AnswerType.DATE:
            raise ValidationError({"feeds": "Only a date fills the due date."})


class Quorum(models.TextChoices):
    """How many of those who are asked must approve. One who declines ends it, whatever the quorum."""

    ANY = "any", "Any one of them"
    SOME = "some", "So many of them"
    ALL = "all", "All of them"
    IN_ORDER = "in-order", "All of them, one after the other"


class ApprovalPolicy(models.Model):
    """Makes the rounds of a route rounds of several. A route without one asks one approver, as its approval rule says.

    It holds for rounds that open from now on: a running round keeps the terms it was opened with.
    """

    route = models.OneToOneField(Route, models.CASCADE, related_name="policy")
    with_manager = models.BooleanField(
        "the manager decides too",
        default=True,
        help_text="Whoever the route's approval rule finds or the requester chooses, first in the order.",
    )
    quorum = models.CharField(max_length=10, choices=Quorum.choices, default=Quorum.ALL)
    needed = models.PositiveSmallIntegerField(
        "how many", default=2, help_text="Counts for “so many of them” only; where fewer are asked, all of those."
    )

    class Meta:
        verbose_name_plural = "approval policies"
        ordering = ["route"]
        constraints = [
            models.CheckConstraint(condition=Q(quorum__in=Quorum.values), name="quorum_is_known"),
            models.CheckConstraint(condition=Q(needed__gte=1), name="somebody_must_approve"),
        ]

    def __str__(self) -> str:
        return f"{self.route}: {self.get_quorum_display().lower()}"

    def clean(self) -> None:
        """A route that asks nobody has no use for a policy."""
        if self.route_id and not self.route.needs_approval:
            raise ValidationError({"route": "This route asks for no approval. Change its approval rule first."})


class PolicyApprover(models.Model):
    """Somebody whom every round of the route asks, unless they filed the request."""

    policy = models.ForeignKey(ApprovalPolicy, models.CASCADE, related_name="named")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    order = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["policy", "person"], name="named_once_per_policy")]

    def __str__(self) -> str:
        return str(self.person)
