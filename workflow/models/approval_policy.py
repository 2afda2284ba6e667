"""Who besides the manager approves requests of a route, and how many of them must. Data, edited in the admin."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from workflow.models.route import Route


class Quorum(models.TextChoices):
    """How many of those who are asked must approve. One who declines ends it, whatever the quorum."""

    ANY = "any", "Any one of them"
    SOME = "some", "So many of them"
    ALL = "all", "All of them"
    IN_ORDER = "in-order", "All of them, one after the other"


class ApprovalPolicy(models.Model):
    """Makes the rounds of a route rounds of several. A route without one asks one approver, as its approval rule says.

    It holds for rounds that open from now on: a running round keeps the terms it was opened with.
    """

    route = models.OneToOneField(Route, models.CASCADE, related_name="policy")
    with_manager = models.BooleanField(
        "the manager decides too",
        default=True,
        help_text="Whoever the route's approval rule finds or the requester chooses, first in the order.",
    )
    quorum = models.CharField(max_length=10, choices=Quorum.choices, default=Quorum.ALL)
    needed = models.PositiveSmallIntegerField(
        "how many", default=2, help_text="Counts for “so many of them” only; where fewer are asked, all of those."
    )

    class Meta:
        verbose_name_plural = "approval policies"
        ordering = ["route"]
        constraints = [
            models.CheckConstraint(condition=Q(quorum__in=Quorum.values), name="quorum_is_known"),
            models.CheckConstraint(condition=Q(needed__gte=1), name="somebody_must_approve"),
        ]

    def __str__(self):
        return f"{self.route}: {self.get_quorum_display().lower()}"

    def clean(self):
        """A route that asks nobody has no use for a policy."""
        if self.route_id and not self.route.needs_approval:
            raise ValidationError({"route": "This route asks for no approval. Change its approval rule first."})


class PolicyApprover(models.Model):
    """Somebody whom every round of the route asks, unless they filed the request."""

    policy = models.ForeignKey(ApprovalPolicy, models.CASCADE, related_name="named")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    order = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["policy", "person"], name="named_once_per_policy")]

    def __str__(self):
        return str(self.person)
