"""The forms that lead to another entry (reclassify, continue in, spin off): first the entry, then its questions."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from workflow.actions.approvals import eligible_approvers
from workflow.actions.requirements import barred_way
from workflow.catalogue import answers
from workflow.catalogue.kinds import WORKED_ON, ApprovalRule, Kind
from workflow.catalogue.models import Route
from workflow.forms.base import AsksQuestions, Files, WordsField
from workflow.models import Issue
from workflow.verbs import Act, Verb


def entries_for(act: Act | Verb, issue: Issue) -> list[tuple[str, str]]:
    """[(route key, name)] of the entries this request may be carried on in by this act."""
    kinds = set(WORKED_ON)
    if act == Verb.RECLASSIFY:
        kinds = set(Kind)
    elif issue.kind != Kind.PROPOSAL:
        kinds |= {Kind.PROPOSAL}
    barred = {issue.route.key} if act == Verb.RECLASSIFY else set()
    barred |= {route.key for route in Route.objects.select_related("tracker") if barred_way(issue, route)}
    return [(key, name) for key, name, kind in answers.entries() if kind in kinds and key not in barred]


class CarryOnForm(AsksQuestions):
    """The chosen entry (hidden: it is chosen above the form), its questions, and what the act itself asks for."""

    route = forms.ChoiceField(
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "Choose an entry from the list.", "required": "Choose an entry."},
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: Files | None = None,
        *,
        chosen: str = "",
        **kwargs: Any,
    ) -> None:
        """``chosen``: the route's key, as the address names it; a posted one counts first."""
        self.chosen = data.get("route", chosen) if data else chosen
        super().__init__(data, files, **kwargs)

    def build(self) -> None:
        """The questions of the chosen entry; without one, nothing but the choice."""
        self.entries = entries_for(self.act, self.issue)
        own = self.fields
        self.fields = {"route": own.pop("route")}
        self.offer("route", self.entries)
        self.question_names = {}
        self.target = Route.objects.filter(key=self.chosen).first() if self.chosen in dict(self.entries) else None
        if self.target is None:
            return
        self.initial = {"route": self.chosen, "title": self.issue.title, "description": self.issue.description}
        words = {"text": own.pop("text")} if "text" in own else {}
        self.fields |= own
        self.ask(self.target, "requester", self.issue.answers)
        self._ask_approver()
        self.fields |= words

    def _ask_approver(self) -> None:
        if self.target is None or self.target.approval_rule != ApprovalRule.CHOSEN or self._approved_already():
            return
        managers = eligible_approvers(self.issue.requester)
        self.fields["approver"] = forms.ModelChoiceField(
            managers,
            label="Manager who decides",
            empty_label="Choose a manager",
            required=managers.exists(),
            initial=self.issue.requester.reports_to_id,
        )

    def _approved_already(self) -> bool:
        return self.act == Verb.CONTINUE_IN and self.issue.kind == Kind.PROPOSAL

    def clean_route(self) -> Route | None:
        """The route itself."""
        return self.target


class ReclassifyForm(CarryOnForm):
    """It is something else: which entry, and why."""

    text = WordsField()


class ContinueInForm(CarryOnForm):
    """A new request carries it on; title, description and answers go with it."""

    title = forms.CharField(label="Title of the new request", max_length=255)
    text = WordsField(rows=3)

    def build(self) -> None:
        """A question needs no more than the entry: what is left open, the requester is asked in their draft."""
        super().build()
        if self.issue.kind == Kind.PROPOSAL or self.target is None:
            return
        for name in [*self.question_names.values(), "approver"]:
            if name in self.fields:
                self.fields[name].required = self.fields[name].widget.is_required = False
        self.fields["text"].help_text = (
            f"For the requester. What you leave open above, {self.issue.requester} is asked; "
            "until then it is their draft."
        )


class SpinOffForm(CarryOnForm):
    """A full request of its own, with a text of its own."""

    title = forms.CharField(label="Title of the new request", max_length=255)
    description = WordsField(label="Description", rows=6, help_text="What this part is about. Markdown.")


CARRYING_ON: Mapping[Verb | Act, type[CarryOnForm]] = {
    Verb.RECLASSIFY: ReclassifyForm,
    Verb.CONTINUE_IN: ContinueInForm,
    Act.SPIN_OFF: SpinOffForm,
}
