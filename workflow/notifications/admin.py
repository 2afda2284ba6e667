"""Messages on their way to people, and the channels they go by: read, resumed and tried again by hand."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from supportops.accounts.roles import is_lead, is_ops
from workflow.admin.read_only import ReadAdmin, Unchangeable, page_link
from workflow.models import Issue
from workflow.notifications.models import ChannelState, Message


@admin.register(ChannelState)
class ChannelStateAdmin(Unchangeable[ChannelState], admin.ModelAdmin[ChannelState]):
    """A channel that stopped: why, and the way to resume it once that is put right."""

    list_display = ["channel", "paused_at", "reason"]
    actions = ["resume"]

    def has_resume_permission(self, request: HttpRequest) -> bool:
        """The leads, as with the connection to GitLab, and administrators."""
        return self.has_view_permission(request) and (is_lead(request.user) or request.user.is_superuser)

    @admin.action(description="Resume: send what waits", permissions=["resume"])
    def resume(self, request: HttpRequest, rows: QuerySet[ChannelState]) -> None:
        """Let the chosen channels send again."""
        for row in rows:
            row.resume()
            self.log_change(request, row, "Resumed.")
        messages.success(request, "Resumed. What waited is sent within seconds.")


@admin.register(Message)
class MessageAdmin(ReadAdmin[Message]):
    """A message to one person on one channel; what it says is not kept, and not shown."""

    list_display = [
        "id",
        "person",
        "channel",
        "request_page",
        "state",
        "parked",
        "attempts",
        "due_at",
        "sent_at",
        "trouble",
    ]
    list_filter = ["parked", "state", "channel", ("due_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "issue"]
    search_fields = ["=issue__number", "person__username", "person__email"]
    fields = [
        "person",
        "channel",
        "request_page",
        "state",
        "parked",
        "last_error",
        "attempts",
        "due_at",
        "leased_until",
        "first_at",
        "sent_at",
        "key",
    ]
    actions = ["try_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Digests, and messages about requests that exist for this person."""
        visible = Issue.objects.visible_to(request.user)
        rows = admin.ModelAdmin.get_queryset(self, request)
        return rows.filter(issue__isnull=True) | rows.filter(issue__in=visible)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Support Operations and administrators; trying again gives no right in a request."""
        return self.has_view_permission(request) and (is_ops(request.user) or request.user.is_superuser)

    @admin.action(description="Send again now (what is unconfirmed may arrive twice)", permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        """Make the chosen messages due now; what was sent or is not needed any more stays as it is."""
        woken = 0
        for row in rows:
            if row.wake():
                woken += 1
                self.log_change(request, row, "Tried again now.")
        messages.success(request, f"{woken} will be tried again within seconds, {len(rows) - woken} need nothing.")

    @admin.display(description="request", ordering="issue")
    def request_page(self, row: Message) -> str:
        """The request's page; a digest is about many, news about none."""
        return page_link(row.issue) if row.issue else "Digest" if row.is_digest else "News"

    @admin.display(description="trouble")
    def trouble(self, row: Message) -> str:
        """The last error's first words."""
        return row.last_error[:100] or "–"
