"""GitLab in the administration: the connection and the label schemes."""

from itertools import count

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from workflow.gitlab.models import LabelSchemeChange
from workflow.gitlab.models.connection import Connection, LabelScheme, SchemeLabel


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin[Connection]):
    """The one connection: paused and resumed here, its figures set here."""

    list_display = ("__str__", "bot_username", "token_expires_at", "paused_at", "away_since")
    readonly_fields = ("url", "bot_username", "bot_id", "token_expires_at", "paused_at", "paused_reason", "away_since")
    actions = ("pause", "resume")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        return False

    @admin.action(description="Pause: send nothing to GitLab", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            connection.pause(f"Paused by {request.user}.")
        self.message_user(request, "Paused. Changes are kept and follow when it is resumed.", messages.SUCCESS)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            connection.resume()
        self.message_user(request, "Resumed. What was kept follows within seconds.", messages.SUCCESS)


class SchemeLabelInline(admin.TabularInline[SchemeLabel, LabelScheme]):
    """The labels of a scheme. What requests carry, or carried, is not rewritten under them: see ``in_use``."""

    model = SchemeLabel
    extra = 0
    fields = ("family", "key", "name", "color", "description", "alias")

    def has_add_permission(self, request: HttpRequest, obj: LabelScheme | None = None) -> bool:
        return super().has_add_permission(request, obj) and not in_use(obj)

    def has_change_permission(self, request: HttpRequest, obj: LabelScheme | None = None) -> bool:
        return super().has_change_permission(request, obj) and not in_use(obj)

    def has_delete_permission(self, request: HttpRequest, obj: LabelScheme | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not in_use(obj)


def in_use(scheme: LabelScheme | None) -> bool:
    """Whether requests carry, or once carried, this scheme's labels.

    Renaming one there would make the old spelling nobody's, and it would stay on the issues for ever.
    """
    return scheme is not None and (
        scheme.is_active or LabelSchemeChange.objects.filter(Q(from_scheme=scheme) | Q(to_scheme=scheme)).exists()
    )


@admin.register(LabelScheme)
class LabelSchemeAdmin(admin.ModelAdmin[LabelScheme]):
    """A scheme with its labels. One that is or was in use is not edited but copied, and the copy changed to: so every
    change is seen beforehand, and can be taken back.
    """

    list_display = ("name", "is_active")
    readonly_fields = ("is_active",)
    inlines = (SchemeLabelInline,)
    actions = ("copy", "activate")

    def has_delete_permission(self, request: HttpRequest, obj: LabelScheme | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not in_use(obj)

    @admin.action(description="Copy, to edit the copy", permissions=["add"])
    def copy(self, request: HttpRequest, queryset: QuerySet[LabelScheme]) -> None:
        for scheme in queryset:
            made = copy_of(scheme)
            words = f"“{made}” is a copy of “{scheme}”. Edit it, then change to it."
            self.message_user(request, words, messages.SUCCESS)

    @admin.action(description="See what changing to it would do", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[LabelScheme]) -> HttpResponse | None:
        if queryset.count() != 1:
            self.message_user(request, "Choose one scheme.", messages.ERROR)
            return None
        return redirect("label-scheme", queryset.get().pk)


@transaction.atomic
def copy_of(scheme: LabelScheme) -> LabelScheme:
    """A scheme of another name with the same labels; understood from GitLab, written once it is changed to."""
    names = (f"{scheme.name[:30]} copy{f' {number}' if number > 1 else ''}" for number in count(1))
    taken = set(LabelScheme.objects.values_list("name", flat=True))
    made = LabelScheme.objects.create(name=next(name for name in names if name not in taken))
    labels = scheme.labels.order_by("pk").values("family", "key", "name", "color", "description", "alias")
    SchemeLabel.objects.bulk_create(SchemeLabel(scheme=made, **label) for label in labels)
    return made
