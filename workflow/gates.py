"""The handbook's two flowcharts, as data, and the walk through them.

Source: handbook page "Customer Support Operations", "Feature requests", both mermaid charts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices


class Gate(TextChoices):
    """Which flowchart."""

    TRIAGE = "triage", "Triage gate"
    GAMEPLAN = "gameplan", "Gameplan gate"


class GateOutcome(TextChoices):
    """Where a finished path leads."""

    APPROVED = "approved", "Approved"
    ESCALATE = "escalate", "Escalate to unblock"
    BACKLOG = "backlog", "Needs prioritisation, backlog"


@dataclass(frozen=True)
class GateQuestion:
    """One diamond of a chart; ``yes`` and ``no`` name the next question's key or an outcome."""

    key: str
    text: str
    yes: str
    no: str


@dataclass(frozen=True)
class Chart:
    """A flowchart. ``version`` is stored with every answer, so that a later chart cannot reread an old path."""

    gate: str
    version: str
    questions: tuple[GateQuestion, ...]

    def question(self, key: str) -> GateQuestion:
        """The question with this key; KeyError if the chart has none."""
        return {q.key: q for q in self.questions}[key]

    def walk(self, answers: Mapping[str, bool]) -> tuple[GateQuestion | None, GateOutcome | None]:
        """Follow ``answers`` ({question key: bool}) from the first question.

        Returns ``(next question or None, GateOutcome or None)``: exactly one of the two is set.
        """
        step = self.questions[0].key
        while step not in GateOutcome:
            question = self.question(step)
            if step not in answers:
                return question, None
            step = question.yes if answers[step] else question.no
        return None, GateOutcome(step)


TRIAGE_CHART = Chart(
    Gate.TRIAGE,
    "2025-1",
    (
        GateQuestion("roadmap", "Is this related to a support roadmap item?", yes="approved", no="small"),
        GateQuestion("small", "Is the effort for this small or quickly done?", yes="approved", no="escalate"),
    ),
)
GAMEPLAN_CHART = Chart(
    Gate.GAMEPLAN,
    "2025-1",
    (
        GateQuestion("possible", "Is it technically possible to do?", yes="feasible", no="backlog"),
        GateQuestion("feasible", "Is it feasible to do?", yes="effort", no="backlog"),
        GateQuestion(
            "effort",
            "Does the level of effort far exceed what we are able to do with our current and future workload?",
            yes="backlog",
            no="approved",
        ),
    ),
)
CHARTS: dict[str, Chart] = {Gate.TRIAGE: TRIAGE_CHART, Gate.GAMEPLAN: GAMEPLAN_CHART}


def gate_at(kind: str, state: str) -> Gate | None:
    """The gate a request of this kind passes in this state, or None. Only features have gates."""
    if kind != "feature":
        return None
    return {"triage": Gate.TRIAGE, "design": Gate.GAMEPLAN}.get(state)
