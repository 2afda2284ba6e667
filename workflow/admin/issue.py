"""Requests in the administration: looked at, never changed. Every change goes through the portal's one door.

Milestones in the administration: read from GitLab, and on demand read again.

The targets of the stages in the administration.
"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workflow.admin.read_only import ReadAdmin, ReadInline, answer_rows, page_link
from workflow.models import ApprovalRound, Delegation, Event, Issue, IssueLink, StageTarget


class RoundInline(ReadInline[ApprovalRound, Issue]):
    """The rounds of approval, with what was said."""

    model = ApprovalRound
    fields = ["number", "opened_at", "ended_at", "outcome", "decided"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRound]:
        """With the seats and who sits there."""
        return super().get_queryset(request).prefetch_related("decisions__approver", "decisions__decided_by")

    @admin.display(description="decisions")
    def decided(self, round_: ApprovalRound) -> str:
        """Who was asked, and what they said."""
        return "; ".join(map(str, round_.decisions.all())) or "–"


class LinkInline(ReadInline[IssueLink, Issue]):
    """Where it leads on. Only requests that this person may see as well."""

    model = IssueLink
    fk_name = "source"
    verbose_name = "link to another request"
    verbose_name_plural = "links to other requests"
    fields = ["type", "target_page", "created_at"]
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[IssueLink]:
        """Without what does not exist for this person."""
        visible = Issue.objects.visible_to(request.user)
        return super().get_queryset(request).filter(target__in=visible).select_related("target")

    @admin.display(description="request")
    def target_page(self, link: IssueLink) -> str:
        """The other request's page."""
        return page_link(link.target)


class DelegationInline(ReadInline[Delegation, Issue]):
    """Who validates for the requester."""

    model = Delegation
    fields = ["person", "by", "created_at", "ended_at"]
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delegation]:
        """With the people."""
        return super().get_queryset(request).select_related("person", "by")


class EventInline(ReadInline[Event, Issue]):
    """The history, oldest first."""

    model = Event
    fields = ["at", "label", "actor", "on_behalf_of", "from_state", "to_state", "source", "text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With the people."""
        return super().get_queryset(request).select_related("actor", "on_behalf_of")

    @admin.display(description="what")
    def label(self, event: Event) -> str:
        """The verb as people read it."""
        return event.label


@admin.register(Issue)
class IssueAdmin(ReadAdmin[Issue]):
    """A request with everything that belongs to it."""

    request_paths = ["pk"]
    inlines = [RoundInline, LinkInline, DelegationInline, EventInline]
    list_display = [
        "reference",
        "title",
        "kind",
        "state",
        "priority",
        "requester",
        "assignee",
        "tracker",
        "restricted_to",
        "created_at",
    ]
    list_display_links = ["reference", "title"]
    list_filter = [
        "state",
        "kind",
        "priority",
        "tracker",
        "route",
        "outcome",
        ("restricted_to", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["requester", "assignee", "tracker", "restricted_to"]
    search_fields = ["=number", "title", "requester__username", "requester__first_name", "requester__last_name"]
    search_help_text = "A number (SO-12 or 12), words of the title, or the requester."
    fieldsets = [
        (None, {"fields": ["portal_page", "title", "kind", "route", "restricted_to"]}),
        ("Where it stands", {"fields": ["state", "state_since", "return_to", "outcome", "blocked_by", "unblock_when"]}),
        ("People", {"fields": ["requester", "filed_by", "approved_by", "assignee", "implemented_by", "escalated_by"]}),
        ("What is asked", {"fields": ["description", "answers_read", "customer", "system", "priority", "teams"]}),
        (
            "The work",
            {
                "fields": [
                    "milestone",
                    "due_date",
                    "gameplan",
                    "validation_asked",
                    "validation_mandatory",
                    "validation_brief",
                ]
            },
        ),
        ("GitLab", {"fields": ["tracker"]}),
        ("Record", {"fields": ["version", "created_at", "updated_at"]}),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Issue], search_term: str
    ) -> tuple[QuerySet[Issue], bool]:
        """A number may be written as people read it."""
        reference = search_term.strip()
        if reference[:3].upper() == "SO-" and reference[3:].isdigit():
            search_term = reference[3:]
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="number", ordering="number")
    def reference(self, issue: Issue) -> str:
        """The number as people read it."""
        return issue.reference

    @admin.display(description="page in the portal")
    def portal_page(self, issue: Issue) -> str:
        """Where the request is worked on."""
        return page_link(issue)

    @admin.display(description="current approver")
    def approved_by(self, issue: Issue) -> str:
        """Who must decide now."""
        return ", ".join(map(str, issue.approvers)) or "–"

    @admin.display(description="answers")
    def answers_read(self, issue: Issue) -> str:
        """The questions as they were asked."""
        return answer_rows(issue.answers)


@admin.register(StageTarget)
class StageTargetAdmin(admin.ModelAdmin[StageTarget]):
    """How long a request should stay in a state at most; older ones stand out in the queues."""

    list_display = ["state", "working_days"]
    list_editable = ["working_days"]
