"""Routes in the administration: where a kind of request goes, and by which rules."""

from django import forms
from django.contrib import admin

from supportops.accounts.roles import is_lead
from workflow.admin.lines import LinesField
from workflow.models import Route
from workflow.questions import provider

ALWAYS_THERE = ("title", "description")
"""Fields that every request has, whatever its entry asks."""
PROTECTING = ["approval_rule", "waivable", "voiding_fields", "restricted_to"]
"""Rules that protect somebody: who must agree, and who may read."""


class RouteForm(forms.ModelForm):
    """A route with its lists as lines."""

    voiding_fields = LinesField(
        help_text="One per line: title, description, or the key of one of the form's questions. "
        "Whoever changes one of these after the approval needs a new one."
    )
    default_labels = LinesField(help_text="One per line: labels that every new GitLab issue of this route gets.")

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

    def clean_voiding_fields(self):
        """Only fields the form has; the form of a new route is not there yet."""
        named = self.cleaned_data["voiding_fields"]
        if self.instance.pk is None:
            return named
        known = [*ALWAYS_THERE, *provider().form_fields(self.instance.key, "requester", {})]
        if unknown := [name for name in named if name not in known]:
            raise forms.ValidationError(
                f"The form has no field {' and no field '.join(unknown)}. It has: {', '.join(known)}."
            )
        return named


@admin.register(Route)
class RouteAdmin(admin.ModelAdmin):
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

    def get_readonly_fields(self, request, route=None):
        """The key is given once; what protects somebody is for leads and administrators."""
        may_protect = request.user.is_superuser or is_lead(request.user)
        return [*(["key"] if route else []), *([] if may_protect else PROTECTING)]

    def has_delete_permission(self, request, route=None):
        """Requests stand on it."""
        return False
