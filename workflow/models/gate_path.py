"""The handbook's flowcharts as they were answered. A used path is frozen for ever."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from workflow.gates import CHARTS, Chart, Gate, GateOutcome, gate_at

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class GatePath(models.Model):
    """One walk through a chart. Open until the step it leads to is taken, then frozen."""

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="gate_paths")
    gate = models.CharField(max_length=10, choices=Gate.choices)
    chart_version = models.CharField(max_length=20)
    outcome = models.CharField(max_length=10, choices=GateOutcome.choices, blank=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "gate"], condition=Q(frozen_at__isnull=True), name="one_open_path_per_gate"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_gate_display()}: {self.get_outcome_display() or 'open'}"

    @property
    def chart(self) -> Chart:
        """The flowchart this path walks."""
        return CHARTS[self.gate]


class GateAnswer(models.Model):
    """One question answered: what, how, by whom, when. The question's text is kept as it was asked."""

    path = models.ForeignKey(GatePath, models.PROTECT, related_name="answers")
    question = models.CharField(max_length=20)
    text = models.CharField(max_length=200)
    answer = models.BooleanField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["path", "question"], name="one_answer_per_question")]

    def __str__(self) -> str:
        return f"{self.text} {'Yes' if self.answer else 'No'}"


class Gated:
    """Mixed into Issue: the gate of its present state. Read once per object."""

    if TYPE_CHECKING:
        kind: str
        state: str
        gate_paths: RelatedManager[GatePath]

    @cached_property
    def gate_path(self) -> GatePath | None:
        """The open path of the gate this state has, or None."""
        gate = gate_at(self.kind, self.state)
        return self.gate_paths.filter(gate=gate, frozen_at__isnull=True).first() if gate else None

    @property
    def gate_outcome(self) -> GateOutcome | None:
        """Where the finished, unused path leads, or None."""
        return GateOutcome(self.gate_path.outcome) if self.gate_path and self.gate_path.outcome else None
