"""The form of the verb edit."""

from django import forms

from workflow.forms.answers import AsksQuestions
from workflow.forms.base import ActForm, WordsField
from workflow.questions import merged

LOCKED = (
    "What was asked for can no longer change here. Support Operations can spin the change off as a request of its own."
)


class EditForm(AsksQuestions, ActForm):
    """Title, description and answers. From development on what an approval stands on is locked."""

    title = forms.CharField(label="Title", max_length=255)
    description = WordsField(label="Description", rows=8, help_text="Markdown.")

    def build(self):
        """Filled with what stands there now."""
        self.initial = {"title": self.issue.title, "description": self.issue.description}
        self.ask(self.issue.route, "requester", self.issue.answers)
        for name in self._locked():
            self._lock(name)

    def _locked(self):
        if self.issue.material_edits_allowed:
            return []
        return [name for field in self.issue.route.voiding_fields if (name := self.name_of(field))]

    def _lock(self, name):
        """Show it without letting it change. A value sent all the same is read, so that the door can refuse it."""
        field = self.fields[name]
        field.help_text = LOCKED
        field.disabled = not (self.is_bound and self.add_prefix(name) in self.data)
        field.required = field.required and not field.disabled

    def given(self):
        """Title, description, and all answers with the changed ones replaced."""
        return self.without_answers() | {"answers": merged(self.issue.answers, self.answers())}

    @property
    def voiding_labels(self):
        """Labels of the fields whose change asks for the approval again, if any does."""
        if not (self.issue.route.needs_approval and self.issue.material_edits_allowed):
            return []
        return [self.fields[name].label for field in self.issue.route.voiding_fields if (name := self.name_of(field))]
