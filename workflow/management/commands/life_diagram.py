"""``manage.py life_diagram``: the graph of a request's life as DOT, read from the state machine itself."""

from typing import Any

from django.core.management import BaseCommand
from django_fsm import RETURN_VALUE

from workflow.models import Issue
from workflow.states import COURT, State
from workflow.verbs import Step, row_of

_COLOUR: dict[str | None, str] = {
    "requester": "#1d6fd8",
    "approver": "#b36b00",
    "ops": "#6d4bd8",
    "calendar": "#0d7f79",
    "blocked": "#c62f3b",
}


class Command(BaseCommand):
    """Prints DOT; ``tests/browser/draw.mjs`` makes the committed picture of it."""

    help = "Print the life of a request as a DOT graph."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the graph to standard output."""
        self.stdout.write(dot(), ending="")


def dot() -> str:
    """The graph as DOT text: a node per state, an edge per pair of states with the verbs that join them."""
    lines = [
        "digraph life {",
        '  rankdir=LR; bgcolor="transparent"; nodesep=0.35; ranksep=0.7;',
        '  node [shape=box style="rounded,filled" fontname="Inter, sans-serif" fontsize=12 '
        "fontcolor=white color=none];",
        '  edge [fontname="Inter, sans-serif" fontsize=10 color="#8a8f98" fontcolor="#5b616b"];',
    ]
    edges = sorted(_edges().items())
    drawn = {str(state) for pair, _ in edges for state in pair}
    lines += [
        f'  {state} [label="{state.label}" fillcolor="{_COLOUR.get(COURT.get(state), "#5b616b")}"];'
        for state in State
        if state in drawn
    ]
    lines += [f'  {source} -> {target} [label="{", ".join(verbs)}"];' for (source, target), verbs in edges]
    return "\n".join([*lines, "}", ""])


def _edges() -> dict[tuple[str, str], list[str]]:
    """{(from, to): verbs} of the ways forward."""
    edges: dict[tuple[str, str], list[str]] = {}
    for move in Issue._meta.get_field("state").get_all_transitions(Issue):
        verb = move.name.replace("_", "-")
        row = row_of(verb)
        if isinstance(row, Step) and not row.drawn:
            continue
        targets = move.target.allowed_states if isinstance(move.target, RETURN_VALUE) else [move.target]
        for target in targets:
            if target != move.source:
                edges.setdefault((str(move.source), str(target)), []).append(verb)
    return edges
