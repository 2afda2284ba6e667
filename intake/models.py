"""What can be asked, and what is being written: entries, their questions, and drafts."""

import string
import uuid

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import Role
from workflow.models import Attachment, Issue, Route


class AskedOf(models.TextChoices):
    """Who answers a question: the requester when filing, or the approver when approving."""

    REQUESTER = "requester", "Requester"
    APPROVER = "approver", "Approver"


class AnswerType(models.TextChoices):
    """What an answer looks like."""

    SHORT = "short", "Short text"
    LONG = "long", "Long text"
    CHOICE = "choice", "One of several"
    CHOICES = "choices", "Any of several"
    YES_NO = "yes-no", "Yes or no"
    CONFIRM = "confirm", "Confirmation to tick"
    DATE = "date", "Date"
    URL = "url", "Web address"
    NUMBER = "number", "Whole number"
    EMAIL = "email", "E-mail address"


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
NEEDS_CHOICES = frozenset({AnswerType.CHOICE, AnswerType.CHOICES})


class Feeds(models.TextChoices):
    """The field of the request that an answer fills besides."""

    NOTHING = "", "Nothing"
    SYSTEM = "system", "System"
    CUSTOMER = "customer", "Customer"
    TEAMS = "teams", "Other impacted teams"
    DUE_DATE = "due_date", "Due date"


class EntryQuerySet(models.QuerySet):
    """Entries, by the questions the pages ask about them."""

    def active(self):
        """What people may ask for now."""
        return self.filter(is_active=True)

    def with_rules(self):
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

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        """The entry's form."""
        return reverse("new", args=[self.key])

    @property
    def key(self):
        """The word in its address."""
        return self.route.key

    def clean(self):
        """A pattern names questions of this entry only."""
        known = set(self.questions.values_list("key", flat=True)) if self.pk else set()
        try:
            named = {name for _, name, _, _ in string.Formatter().parse(self.title_pattern) if name is not None}
        except ValueError:
            raise ValidationError({"title_pattern": "Write each key in braces, for example {event}."}) from None
        if unknown := named - known:
            raise ValidationError({"title_pattern": f"There is no question with the key {', '.join(sorted(unknown))}."})

    def refusal(self, person):
        """Why this person may not file it, or None if they may. Reads the prefetched groups."""
        groups = list(self.may_file.all())
        if not groups or person.group_ids & {group.pk for group in groups}:
            return None
        names = " or ".join(Role(group.name).label if group.name in Role else group.name for group in groups)
        return self.why_not or f"Only members of {names} may file this."

    def filers(self):
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
    choices = models.JSONField(default=list, blank=True, help_text="What may be chosen.")
    required = models.BooleanField(default=True)
    asked_of = models.CharField(max_length=10, choices=AskedOf.choices, default=AskedOf.REQUESTER)
    feeds = models.CharField(
        max_length=10, choices=Feeds.choices, blank=True, help_text="The field of the request it fills."
    )
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["entry", "key"], name="one_question_per_key")]

    def __str__(self):
        return self.label

    def clean(self):
        """Choices belong to exactly the types that offer some; a due date is a date; some names are taken."""
        if self.key in RESERVED_KEYS:
            raise ValidationError({"key": f"“{self.key}” is used by the portal itself. Choose another key."})
        if not isinstance(self.choices, list) or not all(isinstance(choice, str) and choice for choice in self.choices):
            raise ValidationError({"choices": "Write one choice per line."})
        if (self.type in NEEDS_CHOICES) != bool(self.choices):
            raise ValidationError({"choices": "Give choices exactly where the answer is chosen from several."})
        if (self.feeds == Feeds.DUE_DATE) and self.type != AnswerType.DATE:
            raise ValidationError({"feeds": "Only a date fills the due date."})


class DraftQuerySet(models.QuerySet):
    """Drafts, by the questions the pages ask about them."""

    def unfiled(self):
        """What is still being written."""
        return self.filter(issue__isnull=True)

    def with_entry(self):
        """With what a list of drafts shows."""
        return self.select_related("entry__route", "owner", "originator")


class Draft(models.Model):
    """A form that is being written, known by ``submission``, the mark that the form carries from its first page on.

    ``owner`` writes and files it; ``originator`` asked, and becomes the requester. They differ once it was handed over.
    """

    submission = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="drafts")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    originator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    data = models.JSONField(default=dict, help_text="What was typed, by field: lists of texts.")
    version = models.PositiveIntegerField(default=1, help_text="Counts savings, so that an older page notices.")
    saved_from = models.UUIDField(null=True, editable=False, help_text="The page it was last saved from.")
    issue = models.OneToOneField(Issue, models.CASCADE, null=True, blank=True, related_name="+", editable=False)
    continues = models.ForeignKey(
        Issue,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text="The question that Support Operations carry on in this; its answers are still wanted.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]
        indexes = [
            models.Index(
                fields=["owner", "-updated_at"], condition=models.Q(issue__isnull=True), name="drafts_of_a_person"
            )
        ]

    def __str__(self):
        return self.title or f"Draft of “{self.entry}”"

    def get_absolute_url(self):
        """The form, filled with the draft."""
        return reverse("draft", args=[self.submission])

    @property
    def title(self):
        """The title typed so far, or an empty text."""
        return (self.data.get("title") or [""])[0]

    @property
    def handed_over(self):
        """Whether somebody else than its owner asked."""
        return self.owner_id != self.originator_id


class DraftAttachment(models.Model):
    """A file that was given with a draft; it becomes the request's when the draft is filed."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="attachments")
    attachment = models.OneToOneField(Attachment, models.CASCADE, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.attachment.name
