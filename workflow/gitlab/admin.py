"""GitLab in the administration: the connection and the label schemes."""

from django.contrib import admin, messages
from django.db import transaction

from workflow.gitlab.models import Connection, LabelScheme, SchemeLabel


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin):
    """The one connection: paused and resumed here, its figures set here."""

    list_display = ("__str__", "bot_username", "token_expires_at", "paused_at", "away_since")
    readonly_fields = ("url", "bot_username", "bot_id", "token_expires_at", "paused_at", "paused_reason", "away_since")
    actions = ("pause", "resume")

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description="Pause: send nothing to GitLab", permissions=["change"])
    def pause(self, request, queryset):
        for connection in queryset:
            connection.pause(f"Paused by {request.user}.")
        self.message_user(request, "Paused. Changes are kept and follow when it is resumed.", messages.SUCCESS)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request, queryset):
        for connection in queryset:
            connection.resume()
        self.message_user(request, "Resumed. What was kept follows within seconds.", messages.SUCCESS)


class SchemeLabelInline(admin.TabularInline):
    model = SchemeLabel
    extra = 0
    fields = ("family", "key", "name", "color", "description", "alias")


@admin.register(LabelScheme)
class LabelSchemeAdmin(admin.ModelAdmin):
    """A scheme with its labels. Which one is active changes by the action, never to none or two."""

    list_display = ("name", "is_active")
    readonly_fields = ("is_active",)
    inlines = (SchemeLabelInline,)
    actions = ("activate",)

    @admin.action(
        description="Make this the active scheme (requests follow as they next change)", permissions=["change"]
    )
    def activate(self, request, queryset):
        if queryset.count() != 1:
            self.message_user(request, "Choose one scheme.", messages.ERROR)
            return
        with transaction.atomic():
            LabelScheme.objects.filter(is_active=True).update(is_active=False)
            queryset.update(is_active=True)
        self.message_user(request, f"“{queryset.get()}” is active.", messages.SUCCESS)
