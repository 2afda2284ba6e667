"""How requests belong together."""

from django.db import models
from django.db.models import F, Q


class IssueLink(models.Model):
    """``source`` leads to ``target``: continued in, spun off into, duplicate of, discussed first in."""

    class Type(models.TextChoices):
        CONTINUED_IN = "continued-in", "Continued in"
        SPUN_OFF = "spun-off", "Spun off into"
        DUPLICATE_OF = "duplicate-of", "Duplicate of"

    OTHER_WAY = {
        Type.CONTINUED_IN: "Continues",
        Type.SPUN_OFF: "Spun off from",
        Type.DUPLICATE_OF: "Has the duplicate",
    }

    source = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="links_out")
    target = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="links_in")
    type = models.CharField(max_length=20, choices=Type.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "type"], name="one_link_of_a_type"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="nothing_links_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.type} {self.target_id}"
