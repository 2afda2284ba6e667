"""The catalogue in the admin: ops change entries and questions without a deployment. Drafts are looked at only."""

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import Http404

from intake.models import AskedOf, Draft, Entry, Question
from workflow.admin.lines import LinesField
from workflow.models import Issue


class QuestionForm(forms.ModelForm):
    """A question with its choices as lines."""

    choices = LinesField(widget=forms.Textarea(attrs={"rows": 4, "cols": 30}))

    class Meta:
        model = Question
        fields = ["order", "key", "label", "help", "type", "choices", "required", "asked_of", "feeds"]
        widgets = {"help": forms.Textarea(attrs={"rows": 2, "cols": 30}), "label": forms.TextInput(attrs={"size": 30})}


class QuestionInline(admin.TabularInline):
    """The questions of an entry, in the order they are asked."""

    model = Question
    form = QuestionForm
    extra = 1


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
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

    def get_queryset(self, request):
        """With the questions, which the list counts."""
        return super().get_queryset(request).prefetch_related("questions")

    def get_readonly_fields(self, request, entry=None):
        """The route, and with it the address, is chosen once."""
        return ["route"] if entry else []

    def has_delete_permission(self, request, entry=None):
        """Drafts would go with it. Take "offered" away instead."""
        return False

    @admin.display(description="key", ordering="route__key")
    def key(self, entry):
        """The word in its address."""
        return entry.route.key

    @admin.display(description="kind", ordering="route__kind")
    def kind(self, entry):
        """What sort of request it makes."""
        return entry.route.get_kind_display()

    @admin.display(description="tracker", ordering="route__tracker__name")
    def tracker(self, entry):
        """Where GitLab shows it."""
        return entry.route.tracker

    @admin.display(description="approval", ordering="route__approval_rule")
    def approval(self, entry):
        """Who approves."""
        return entry.route.get_approval_rule_display()

    @admin.display(description="questions")
    def questions_asked(self, entry):
        """How many the requester answers, and how many the approver."""
        asked_of_approver = sum(question.asked_of == AskedOf.APPROVER for question in entry.questions.all())
        total = len(entry.questions.all())
        return f"{total - asked_of_approver} + {asked_of_approver}" if asked_of_approver else str(total)


@admin.register(Draft)
class DraftAdmin(admin.ModelAdmin):
    """Who is writing what. The texts are the person's own until they file, so they are not shown here."""

    list_display = ["submission", "entry", "owner", "originator", "updated_at", "issue"]
    list_filter = ["entry", ("issue", admin.EmptyFieldListFilter)]
    list_select_related = ["entry", "owner", "originator", "issue"]
    search_fields = ["owner__username", "owner__first_name", "owner__last_name", "entry__name"]
    date_hierarchy = "updated_at"
    list_display_links = None

    def get_queryset(self, request):
        """Without what became a request that does not exist for this person."""
        visible = Issue.objects.visible_to(request.user)
        return super().get_queryset(request).filter(Q(issue__isnull=True) | Q(issue__in=visible))

    def get_object(self, request, object_id, from_field=None):
        """There is only the list: every page of one draft shows the title typed so far."""
        raise Http404

    def has_add_permission(self, request):
        """Drafts are made by writing."""
        return False

    def has_change_permission(self, request, draft=None):
        """Nobody edits another person's draft."""
        return False

    def has_delete_permission(self, request, draft=None):
        """People discard their own drafts; their files go with them."""
        return False
