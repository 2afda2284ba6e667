"""A list of texts, edited as lines.

Trackers and stage targets in the administration.

The catalogue in the admin: ops change entries and questions without a deployment. Drafts are looked at only.

Routes in the administration: where a kind of request goes, and by which rules.

Approval policies in the administration: who besides the manager approves, and how many of them must.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from supportops.accounts.roles import is_lead
from workflow.catalogue import answers
from workflow.catalogue.models import ApprovalPolicy, AskedOf, Entry, PolicyApprover, Question, Route, Tracker


class LinesField(forms.CharField):
    """A JSON list of texts, written one per line; empty lines and repetitions are left out."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 50})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "help_text": "One per line.", **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """The list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a text that cleans to a list
        """The lines as a list."""
        lines = (line.strip() for line in (super().to_python(value) or "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compares lists, not their spelling."""
        return self.to_python(data) != (initial or [])


class TrackerForm(forms.ModelForm[Tracker]):
    """A tracker; its path as GitLab's address shows it."""

    class Meta:
        model = Tracker
        fields = ["name", "path", "confidential_only", "is_active"]

    def clean_path(self) -> str:
        """Without the slashes that copying brings along; a project always stands in a group."""
        path: str = self.cleaned_data["path"].strip().strip("/")
        if "/" not in path or "//" in path or any(sign in path for sign in " ?#:"):
            raise forms.ValidationError("Write the path of the project as it stands in its address: group/project.")
        return path


@admin.register(Tracker)
class TrackerAdmin(admin.ModelAdmin[Tracker]):
    """Where GitLab keeps the issues. A tracker out of use takes no new requests; it is never deleted."""

    form = TrackerForm
    list_display = ["name", "path", "project_id", "confidential_only", "is_active", "milestones", "requests"]
    list_filter = ["is_active", "confidential_only"]
    search_fields = ["name", "path"]
    fields = ["name", "path", "project_id", "confidential_only", "is_active"]
    readonly_fields = ["project_id"]

    def has_delete_permission(self, request: HttpRequest, tracker: Tracker | None = None) -> bool:
        """Requests stand in it. Take "active" away instead."""
        return False

    def save_model(self, request: HttpRequest, tracker: Tracker, form: forms.ModelForm[Tracker], change: bool) -> None:
        """Another path is looked up anew; a renamed project has the same id again."""
        if "path" in form.changed_data:
            tracker.project_id = None
        super().save_model(request, tracker, form, change)

    @admin.display(description="milestones")
    def milestones(self, tracker: Tracker) -> SafeString:
        """The milestones as read from GitLab."""
        address = reverse("admin:workflow_milestone_changelist")
        return format_html('<a href="{}?tracker__id__exact={}">Milestones</a>', address, tracker.pk)

    @admin.display(description="requests")
    def requests(self, tracker: Tracker) -> SafeString:
        """The requests that stand here."""
        address = reverse("admin:workflow_issue_changelist")
        return format_html('<a href="{}?tracker__id__exact={}">Requests</a>', address, tracker.pk)


LONGEST_LABEL = 255
ALWAYS_THERE = ("title", "description")
"""Fields that every request has, whatever its entry asks."""
PROTECTING = ["approval_rule", "waivable", "voiding_fields", "restricted_to"]
"""Rules that protect somebody: who must agree, and who may read."""


class RouteForm(forms.ModelForm[Route]):
    """A route with its lists as lines."""

    voiding_fields = LinesField(
        help_text="One per line: title, description, or the key of one of the form's questions. "
        "Whoever changes one of these after the approval needs a new one."
    )
    default_labels = LinesField(help_text="One per line: labels that every new GitLab issue of this route gets.")

    def clean_default_labels(self) -> list[str]:
        """Labels that GitLab takes: it reads a comma as the end of a name, and would refuse every request of the
        route."""
        labels: list[str] = self.cleaned_data["default_labels"]
        if wrong := [label for label in labels if "," in label or len(label) > LONGEST_LABEL]:
            words = "A label holds no comma and at most 255 characters; write each on a line of its own"
            raise forms.ValidationError(f"{words}: “{'”, “'.join(wrong)}”.")
        return labels

    class Meta:
        model = Route
        fields = [
            "key",
            "kind",
            "tracker",
            "template",
            "approval_rule",
            "waivable",
            "voiding_fields",
            "restricted_to",
            "default_labels",
            "owner",
            "second_owner",
        ]
        help_texts = {
            "key": "The word in the form's address, /new/<key>/. It stays.",
            "kind": "Decides the way a new request takes. Requests that are there keep theirs.",
            "tracker": "Where new requests get their GitLab issue. Empty for what is answered in the portal.",
            "template": "The name of the GitLab description template the form stands for, for the record.",
            "approval_rule": "Applies to new requests. The requester never approves.",
            "waivable": "Support Operations may go on without the approval, with a reason.",
            "owner": "Who looks after this kind of request.",
        }

    def clean_voiding_fields(self) -> list[str]:
        """Only fields the form has; the form of a new route is not there yet."""
        named: list[str] = self.cleaned_data["voiding_fields"]
        if self.instance.pk is None:
            return named
        known = [*ALWAYS_THERE, *answers.form_fields(self.instance.key, "requester", {})]
        if unknown := [name for name in named if name not in known]:
            raise forms.ValidationError(
                f"The form has no field {' and no field '.join(unknown)}. It has: {', '.join(known)}."
            )
        return named


@admin.register(Route)
class RouteAdmin(admin.ModelAdmin[Route]):
    """A route. It is never deleted: requests stand on it. Its entry is taken out of the catalogue instead."""

    form = RouteForm
    list_display = ["key", "kind", "tracker", "approval_rule", "waivable", "restricted_to", "owner", "second_owner"]
    list_filter = ["kind", "approval_rule", "tracker", ("restricted_to", admin.EmptyFieldListFilter)]
    list_select_related = ["tracker", "restricted_to", "owner", "second_owner"]
    search_fields = ["key", "template", "tracker__name", "tracker__path"]
    autocomplete_fields = ["tracker", "owner", "second_owner"]
    fieldsets = [
        (None, {"fields": ["key", "kind", "tracker", "template", "default_labels"]}),
        (
            "Approval",
            {
                "fields": ["approval_rule", "waivable", "voiding_fields"],
                "description": "A lead or an administrator changes these.",
            },
        ),
        (
            "Who may read it",
            {"fields": ["restricted_to"], "description": "A lead or an administrator changes this, for new requests."},
        ),
        ("Who looks after it", {"fields": ["owner", "second_owner"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, route: Route | None = None) -> list[str]:
        """The key is given once; what protects somebody is for leads and administrators."""
        may_protect = request.user.is_superuser or is_lead(request.user)
        return [*(["key"] if route else []), *([] if may_protect else PROTECTING)]

    def has_delete_permission(self, request: HttpRequest, route: Route | None = None) -> bool:
        """Requests stand on it."""
        return False


class QuestionForm(forms.ModelForm[Question]):
    """A question with its choices as lines."""

    choices = LinesField(widget=forms.Textarea(attrs={"rows": 4, "cols": 30}))

    class Meta:
        model = Question
        fields = ["order", "key", "label", "help", "type", "choices", "required", "asked_of", "feeds"]
        widgets = {"help": forms.Textarea(attrs={"rows": 2, "cols": 30}), "label": forms.TextInput(attrs={"size": 30})}


class QuestionInline(admin.TabularInline[Question, Entry]):
    """The questions of an entry, in the order they are asked."""

    model = Question
    form = QuestionForm
    extra = 1


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin[Entry]):
    """What can be asked."""

    inlines = [QuestionInline]
    list_display = ["name", "key", "kind", "tracker", "approval", "questions_asked", "order", "is_active"]
    list_editable = ["order", "is_active"]
    list_filter = ["is_active", "route__kind", "route__approval_rule", "may_file"]
    list_select_related = ["route__tracker"]
    search_fields = ["name", "summary", "guidance", "keywords", "route__key", "questions__label"]
    filter_horizontal = ["may_file"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fieldsets = [
        (None, {"fields": ["route", "name", "summary", "guidance", "keywords", "icon", "order", "is_active"]}),
        ("Who may file it", {"fields": ["may_file", "why_not"]}),
        ("The form", {"fields": ["title_pattern", "description_label", "system"]}),
        ("Around it", {"fields": ["elsewhere_label", "elsewhere_url", "after_filing"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """With the questions, which the list counts."""
        return super().get_queryset(request).prefetch_related("questions")

    def get_readonly_fields(self, request: HttpRequest, entry: Entry | None = None) -> list[str]:
        """The route, and with it the address, is chosen once."""
        return ["route"] if entry else []

    def has_delete_permission(self, request: HttpRequest, entry: Entry | None = None) -> bool:
        """Drafts would go with it. Take "offered" away instead."""
        return False

    @admin.display(description="key", ordering="route__key")
    def key(self, entry: Entry) -> str:
        """The word in its address."""
        return entry.route.key

    @admin.display(description="kind", ordering="route__kind")
    def kind(self, entry: Entry) -> str:
        """What sort of request it makes."""
        return entry.route.get_kind_display()

    @admin.display(description="tracker", ordering="route__tracker__name")
    def tracker(self, entry: Entry) -> Tracker | None:
        """Where GitLab shows it."""
        return entry.route.tracker

    @admin.display(description="approval", ordering="route__approval_rule")
    def approval(self, entry: Entry) -> str:
        """Who approves."""
        return entry.route.get_approval_rule_display()

    @admin.display(description="questions")
    def questions_asked(self, entry: Entry) -> str:
        """How many the requester answers, and how many the approver."""
        asked_of_approver = sum(question.asked_of == AskedOf.APPROVER for question in entry.questions.all())
        total = len(entry.questions.all())
        return f"{total - asked_of_approver} + {asked_of_approver}" if asked_of_approver else str(total)


class PolicyApproverInline(admin.TabularInline[PolicyApprover, ApprovalPolicy]):
    """The people every round asks, in the order they are asked where there is one."""

    model = PolicyApprover
    autocomplete_fields = ["person"]
    extra = 1


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(admin.ModelAdmin[ApprovalPolicy]):
    """Makes the rounds of a route rounds of several. Taken away, one approver decides again; running rounds go on."""

    inlines = [PolicyApproverInline]
    list_display = ["route", "quorum", "needed", "with_manager", "people"]
    list_select_related = ["route"]
    fields = ["route", "with_manager", "quorum", "needed"]
    autocomplete_fields = ["route"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalPolicy]:
        """With the people, whom the list names."""
        return super().get_queryset(request).prefetch_related("named__person")

    def get_readonly_fields(self, request: HttpRequest, policy: ApprovalPolicy | None = None) -> list[str]:
        """The route is chosen once."""
        return ["route"] if policy else []

    @admin.display(description="people")
    def people(self, policy: ApprovalPolicy) -> str:
        """Whom it names, in order."""
        return ", ".join(str(named.person) for named in policy.named.all()) or "–"
