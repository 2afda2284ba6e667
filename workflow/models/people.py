"""People around a request, besides requester and approver."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Delegation(models.Model):
    """The requester hands the validation to a colleague; taken back by ending it."""

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="delegations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "person"], condition=Q(ended_at__isnull=True), name="one_running_delegation_each"
            )
        ]
        indexes = [models.Index(fields=["person"], condition=Q(ended_at__isnull=True), name="delegations_running")]

    def __str__(self) -> str:
        return f"{self.person} validates {self.issue_id}"


class Watch(models.Model):
    """Somebody wants to hear about a request."""

    issue = models.ForeignKey("workflow.Issue", models.CASCADE, related_name="watches")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watches", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "person"], name="watched_once")]
        indexes = [models.Index(fields=["person", "-id"], name="watches_of_a_person")]

    def __str__(self) -> str:
        return f"{self.person} watches {self.issue_id}"
