"""Answering the handbook's flowcharts, one question at a time. An answer is never a step."""

from supportops.accounts.models import User
from workflow.actions.errors import Incomplete, Refused, Stale
from workflow.actions.locking import again_after_a_clash, locked
from workflow.actions.signals import announce
from workflow.gates import CHARTS, GateOutcome, GateQuestion, gate_at
from workflow.models import GateAnswer, GatePath, Issue
from workflow.permissions import refusal
from workflow.states import standing
from workflow.verbs import Act


def open_path(issue: Issue) -> GatePath:
    """The running path of the gate at this state, or a new unsaved one; Refused where there is no gate."""
    gate = gate_at(issue.kind, issue.state)
    if gate is None:
        raise Refused(f"There is no gate to answer while this is {standing(issue.state)}.")
    return issue.gate_path or GatePath(issue=issue, gate=gate, chart_version=CHARTS[gate].version)


def next_question(path: GatePath) -> tuple[GateQuestion | None, GateOutcome | None]:
    """(next GateQuestion or None, GateOutcome or None) of a path."""
    answers = dict(path.answers.values_list("question", "answer")) if path.pk else {}
    return path.chart.walk(answers)


@again_after_a_clash
def answer_gate(number: int, *, by: User, question: str, answer: bool | None) -> GatePath:
    """Save one answer and return the path.

    ``question``: the key the person was shown. Raises Refused; Stale when somebody answered it meanwhile; Incomplete
    when ``answer`` is not True or False.
    """
    with locked(number) as issue:
        if reason := refusal(by, Act.GATE, issue):
            raise Refused(reason)
        path = open_path(issue)
        expected, _ = next_question(path)
        if expected is None or expected.key != question:
            raise Stale(issue)
        if answer not in (True, False):
            raise Incomplete({"answer": "Choose yes or no."})
        if path.pk is None:
            path.save()
        GateAnswer.objects.create(path=path, question=question, text=expected.text, answer=answer, by=by)
        _, outcome = next_question(path)
        if outcome:
            path.outcome = outcome
            path.save(update_fields=["outcome"])
        announce(issue.pk)
        return path
