"""Approval policies in the administration: who besides the manager approves, and how many of them must."""

from django.contrib import admin

from workflow.models import ApprovalPolicy, PolicyApprover


class PolicyApproverInline(admin.TabularInline):
    """The people every round asks, in the order they are asked where there is one."""

    model = PolicyApprover
    autocomplete_fields = ["person"]
    extra = 1


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(admin.ModelAdmin):
    """Makes the rounds of a route rounds of several. Taken away, one approver decides again; running rounds go on."""

    inlines = [PolicyApproverInline]
    list_display = ["route", "quorum", "needed", "with_manager", "people"]
    list_select_related = ["route"]
    fields = ["route", "with_manager", "quorum", "needed"]
    autocomplete_fields = ["route"]

    def get_queryset(self, request):
        """With the people, whom the list names."""
        return super().get_queryset(request).prefetch_related("named__person")

    def get_readonly_fields(self, request, policy=None):
        """The route is chosen once."""
        return ["route"] if policy else []

    @admin.display(description="people")
    def people(self, policy):
        """Whom it names, in order."""
        return ", ".join(str(named.person) for named in policy.named.all()) or "–"
