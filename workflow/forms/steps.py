"""The forms of the steps that ask for words, a choice or two, or nothing.

The form of the verb edit.
"""

from typing import cast

from django import forms

from supportops.accounts.models import User
from supportops.ui.forms import ChoiceCards
from workflow.actions.requirements import Given, barred_outcome, closing_outcomes
from workflow.catalogue.answers import merged
from workflow.catalogue.kinds import WORKED_ON, Kind
from workflow.forms.base import ActForm, AsksQuestions, WordsField
from workflow.forms.choices import IssueNumberField, MilestoneField, customer_choices, ops_who_see, system_choices
from workflow.states import Outcome, Priority

OUTCOME_HELP: dict[str, str] = {
    Outcome.INVALID: "It is not what it says, or could not be reproduced.",
    Outcome.DUPLICATE: "Another request is about the same.",
    Outcome.WONT_DO: "It was considered and will not be done.",
    Outcome.DISCUSS_FIRST: "The requester is offered a proposal that is filled in already.",
    Outcome.NOT_ELIGIBLE: "It is not something Support Operations do.",
    Outcome.NO_ANSWER: "The requester was asked and did not answer.",
}


class StepForm(ActForm):
    """A step that is given words as its row asks for them (the reason, the question, the answer), or nothing."""

    text = WordsField()


class ApproveForm(AsksQuestions, StepForm):
    """The approver's questions, and a note; for a proposal the decision in words."""

    def build(self) -> None:
        """Questions first, words last."""
        super().build()
        words = self.fields.pop("text")
        self.ask(self.issue.route, "approver")
        self.fields["text"] = words


class AcceptForm(ActForm):
    """Type, customer, system and priority confirmed; who takes it."""

    kind = forms.ChoiceField(label="Type", choices=[(kind.value, kind.label) for kind in Kind if kind in WORKED_ON])
    customer = forms.ChoiceField(label="For whom", help_text="The division it is for.")
    system = forms.ChoiceField(label="System")
    priority = forms.TypedChoiceField(
        label="Priority", choices=[("", "Choose one"), *Priority.choices], coerce=int, empty_value=None
    )
    assignee = forms.ModelChoiceField[User](None, label="Owner", required=False, empty_label="Me")
    confirmed_valid = forms.BooleanField(label="I confirmed that the bug is valid", required=False)
    text = WordsField(rows=3)

    def build(self) -> None:
        """What is known already stands there."""
        issue = self.issue
        self.offer("customer", customer_choices(issue.customer))
        self.offer("system", system_choices(issue.system))
        self.offer("assignee", ops_who_see(issue))
        if issue.kind != Kind.BUG:
            del self.fields["confirmed_valid"]
        self.initial = {
            "kind": issue.kind,
            "customer": issue.customer,
            "system": issue.system,
            "priority": issue.priority,
            "assignee": issue.assignee_id or self.person.pk,
        }


class ScheduleForm(StepForm):
    """An open milestone of the request's tracker."""

    def build(self) -> None:
        """The milestones, the next one first."""
        super().build()
        note = self.fields.pop("text")
        present = self.issue.milestone_id
        self.fields["milestone"] = MilestoneField(self.issue.tracker, label="Milestone", initial=present)
        self.fields["text"] = note


class BlockForm(StepForm):
    """Why, who blocks, what would unblock."""

    blocked_by = forms.CharField(label="Who or what blocks it?", max_length=255)
    unblock_when = WordsField(label="What would unblock it?", rows=3)


class CloseForm(StepForm):
    """How it ends, and why."""

    outcome = forms.ChoiceField(label="How does it end?", widget=ChoiceCards(descriptions=OUTCOME_HELP))
    duplicate_of = IssueNumberField(label="Duplicate of", required=False, help_text="Its number, for example SO-12.")

    field_order = ["outcome", "duplicate_of", "text"]

    def build(self) -> None:
        """The outcomes that are open to this request now."""
        super().build()
        posted = self.data.get("outcome", "")
        self.fields["outcome"].error_messages["invalid_choice"] = barred_outcome(self.issue, posted) or ""
        self.offer("outcome", [(outcome.value, outcome.label) for outcome in closing_outcomes(self.issue)])
        cast(IssueNumberField, self.fields["duplicate_of"]).person = self.person


LOCKED = (
    "What was asked for can no longer change here. Support Operations can spin the change off as a request of its own."
)


class EditForm(AsksQuestions):
    """Title, description and answers. From development on what an approval stands on is locked."""

    title = forms.CharField(label="Title", max_length=255)
    description = WordsField(label="Description", rows=8, help_text="Markdown.")

    def build(self) -> None:
        """Filled with what stands there now."""
        self.initial = {"title": self.issue.title, "description": self.issue.description}
        self.ask(self.issue.route, "requester", self.issue.answers)
        for name in self._locked():
            self._lock(name)

    def _locked(self) -> list[str]:
        if self.issue.material_edits_allowed:
            return []
        return [name for field in self.issue.route.voiding_fields if (name := self.name_of(field))]

    def _lock(self, name: str) -> None:
        """Show it without letting it change. A value sent all the same is read, so that the door can refuse it."""
        field = self.fields[name]
        field.help_text = LOCKED
        field.disabled = not (self.is_bound and self.add_prefix(name) in self.data)
        field.required = field.required and not field.disabled

    def given(self) -> Given:
        """Title, description, and all answers with the changed ones replaced."""
        return cast(Given, {**self.without_answers(), "answers": merged(self.issue.answers, self.answers())})

    @property
    def voiding_labels(self) -> list[str]:
        """Labels of the fields whose change asks for the approval again, if any does."""
        if not (self.issue.route.needs_approval and self.issue.material_edits_allowed):
            return []
        return [
            str(self.fields[name].label) for field in self.issue.route.voiding_fields if (name := self.name_of(field))
        ]
