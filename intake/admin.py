"""Drafts in the administration: looked at only."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from intake.models import Draft
from workflow.models import Issue


@admin.register(Draft)
class DraftAdmin(admin.ModelAdmin):
    """Who is writing what. The texts are the person's own until they file, so they are not shown here."""

    list_display = ["submission", "entry", "owner", "originator", "updated_at", "issue"]
    list_filter = ["entry", ("issue", admin.EmptyFieldListFilter)]
    list_select_related = ["entry", "owner", "originator", "issue"]
    search_fields = ["owner__username", "owner__first_name", "owner__last_name", "entry__name"]
    date_hierarchy = "updated_at"
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Draft]:
        """Without what became a request that does not exist for this person."""
        visible = Issue.objects.visible_to(request.user)
        return super().get_queryset(request).filter(Q(issue__isnull=True) | Q(issue__in=visible))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> None:
        """There is only the list: every page of one draft shows the title typed so far."""
        raise Http404

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Drafts are made by writing."""
        return False

    def has_change_permission(self, request: HttpRequest, draft: Draft | None = None) -> bool:
        """Nobody edits another person's draft."""
        return False

    def has_delete_permission(self, request: HttpRequest, draft: Draft | None = None) -> bool:
        """People discard their own drafts; their files go with them."""
        return False
