"""What happened and what was said, in the administration: append-only, so only read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from supportops.accounts.models import User
from workflow.admin.read_only import ReadAdmin, ReadInline, Row
from workflow.models import Attachment, Comment, Event, GateAnswer, GatePath
from workflow.permissions import sees_internal


class WithoutInternal(admin.options.BaseModelAdmin[Row]):
    """Internal notes are for Support Operations; an administrator is not one of them by that alone."""

    internal_lookup = "internal"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        """What this person may read."""
        rows = super().get_queryset(request)
        return rows if sees_internal(request.user) else rows.exclude(**{self.internal_lookup: True})


@admin.register(Event)
class EventAdmin(ReadAdmin[Event]):
    """The history of all requests; the database refuses to change it too."""

    list_display = ["at", "request_page", "label", "actor", "on_behalf_of", "from_state", "to_state", "source"]
    list_filter = ["source", "verb", "to_state", "at"]
    list_select_related = ["issue", "actor", "on_behalf_of"]
    search_fields = ["=issue__number", "actor__username", "actor__first_name", "actor__last_name", "text"]
    fields = [
        "request_page",
        "at",
        "label",
        "actor",
        "on_behalf_of",
        "source",
        "from_state",
        "to_state",
        "text",
        "data",
        "version",
    ]

    @admin.display(description="what", ordering="verb")
    def label(self, event: Event) -> str:
        """The verb as people read it."""
        return event.label


@admin.register(Comment)
class CommentAdmin(WithoutInternal[Comment], ReadAdmin[Comment]):
    """What people said."""

    list_display = ["created_at", "request_page", "writer", "beginning", "internal", "source", "deleted_at"]
    list_filter = ["internal", "source", ("deleted_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["issue", "author"]
    search_fields = ["=issue__number", "author__username", "author_name", "body"]
    fields = [
        "request_page",
        "author",
        "author_name",
        "body",
        "internal",
        "source",
        "created_at",
        "edited_at",
        "deleted_at",
    ]

    @admin.display(description="author", ordering="author")
    def writer(self, comment: Comment) -> User | str:
        """Who wrote it, here or in GitLab."""
        return comment.author or comment.author_name or "–"

    @admin.display(description="comment")
    def beginning(self, comment: Comment) -> str:
        """Its first words."""
        return comment.body if len(comment.body) <= 80 else f"{comment.body[:80]}…"


@admin.register(Attachment)
class AttachmentAdmin(WithoutInternal[Attachment], ReadAdmin[Attachment]):
    """Files by name; the file itself leaves only through the request's page. What belongs to a draft is not shown."""

    list_display = ["name", "request_page", "content_type", "size", "uploaded_by", "internal", "source", "created_at"]
    list_filter = ["internal", "source", "content_type", "created_at"]
    list_select_related = ["issue", "uploaded_by"]
    search_fields = ["=issue__number", "name", "uploaded_by__username"]
    fields = ["request_page", "name", "content_type", "size", "uploaded_by", "internal", "source", "created_at"]


class GateAnswerInline(ReadInline[GateAnswer, GatePath]):
    """The questions as they were asked, in order."""

    model = GateAnswer
    fields = ["text", "answer", "by", "at"]
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[GateAnswer]:
        """With the people."""
        return super().get_queryset(request).select_related("by")


@admin.register(GatePath)
class GatePathAdmin(ReadAdmin[GatePath]):
    """Walks through the handbook's flowcharts; a used one is frozen for ever."""

    inlines = [GateAnswerInline]
    list_display = ["__str__", "request_page", "gate", "outcome", "chart_version", "opened_at", "frozen_at"]
    list_filter = ["gate", "outcome", ("frozen_at", admin.EmptyFieldListFilter)]
    list_select_related = ["issue"]
    search_fields = ["=issue__number", "issue__title"]
    fields = ["request_page", "gate", "chart_version", "outcome", "opened_at", "frozen_at"]
