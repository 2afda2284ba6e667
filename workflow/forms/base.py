"""What every form about a request shares: it knows the request and the person, and what the verb must be given.

The part of a form that asks a catalogue entry's questions.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from supportops.accounts.models import User
from workflow.actions.requirements import LONGEST_TEXT, Given, required
from workflow.catalogue import answers
from workflow.catalogue.answers import AnswerRow
from workflow.catalogue.models import Route
from workflow.models import Issue
from workflow.verbs import Act, Verb

Files = MultiValueDict[str, UploadedFile[Any]]
"""The files of a post, as Django gives them to a form."""


class WordsField(forms.CharField):
    """Several lines of text, as long as the door takes; line ends are plain."""

    def __init__(self, *, rows: int = 5, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(
            max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": rows, "data-suggest": "mention"}), **kwargs
        )
        self.error_messages["max_length"] = "Shorten this to %(limit_value)d characters; it has %(show_value)d."

    def to_python(self, value: str | None) -> str:
        """The text with ``\\n`` as line end, as it is kept."""
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class ActForm(forms.Form):
    """A form for one verb or act on one request by one person. Posted names it does not ask for are ignored."""

    def __init__(
        self,
        data: QueryDict | None = None,
        files: Files | None = None,
        *,
        act: Act | Verb,
        issue: Issue,
        person: User,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, files, **kwargs)
        self.act, self.issue, self.person = act, issue, person
        self._ask_words()
        self.build()
        self._mark_required()

    def build(self) -> None:
        """Fit the fields to the request and the person; does nothing here."""

    def _ask_words(self) -> None:
        """Ask for words as the act's row puts it; an act that asks for none has no such field."""
        if "text" not in self.fields:
            return
        if self.act.row.prompt is None:
            del self.fields["text"]
            return
        field = self.fields["text"]
        field.label, field.help_text = self.act.row.prompt_for(self.issue), self.act.row.help_for(self.issue)

    def _mark_required(self) -> None:
        """What the row requires is required here too, in the same words."""
        for name, sentence in required(self.act, self.issue).items():
            if name in self.fields:
                self.fields[name].required = True
                self.fields[name].error_messages["required"] = sentence

    def offer(self, name: str, choices: QuerySet[Any] | Sequence[tuple[object, str]]) -> None:
        """Let a field choose among these rows, or (value, label) pairs."""
        field = self.fields[name]
        if isinstance(choices, QuerySet):
            cast(forms.ModelChoiceField[Any], field).queryset = choices
        else:
            cast(forms.ChoiceField, field).choices = choices

    def given(self) -> Given:
        """What the door is given, from a valid form."""
        return cast(Given, dict(self.cleaned_data))

    def add_problems(self, problems: Mapping[str, str]) -> None:
        """Show what the door found missing or wrong: {field: sentence}."""
        for field, sentence in problems.items():
            self.add_error(self.name_of(field), sentence)

    def name_of(self, field: str) -> str | None:
        """The name of the form's field for one of the door's, or None for the form as a whole."""
        return field if field in self.fields else None

    @property
    def has_files(self) -> bool:
        """Whether files can be given with it."""
        return self.is_multipart()


class AsksQuestions(ActForm):
    """A form that has a catalogue entry's questions too, once ``ask`` added them; reads their answers as rows."""

    asked_route: Route | None = None
    asked_of = "requester"
    question_names: dict[str, str]
    """{question key: the name of its field}."""

    def ask(self, route: Route, asked_of: str, answered: Iterable[AnswerRow] = ()) -> None:
        """Add the questions of the route's entry. ``answered``: rows whose answers the fields begin with."""
        self.asked_route, self.asked_of, self.question_names = route, asked_of, {}
        kept = {row["key"]: row.get("answer") for row in answered}
        for key, field in answers.form_fields(route.key, asked_of, kept).items():
            # A question may be called like one of the form's own fields; it then stands under another name.
            name = f"answer_{key}" if key in self.fields else key
            self.question_names[key] = name
            self.fields[name] = field

    def name_of(self, field: str) -> str | None:
        """The question's field, or the form's own."""
        return self.question_names.get(field) or super().name_of(field)

    def answers(self) -> list[AnswerRow]:
        """The answers of a valid form, as rows that a request keeps."""
        cleaned = {key: self.cleaned_data.get(name) for key, name in self.question_names.items()}
        return answers.rows(self.asked_route.key, self.asked_of, cleaned) if self.asked_route and cleaned else []

    def given(self) -> Given:
        """The answers as rows, and the form's own fields."""
        return cast(Given, {**self.without_answers(), "answers": self.answers()})

    def without_answers(self) -> dict[str, Any]:
        """The other fields' cleaned values."""
        asked = set(self.question_names.values())
        return {name: value for name, value in self.cleaned_data.items() if name not in asked}
