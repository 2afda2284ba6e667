"""The types of answer: a row each of ``TYPES``, with its form field; and the answer as it is kept with the request.

A new type is its member and row here, and a migration for the new choice; nothing else.

Fields clean into domain types (a date is a date, yes is True); ``kept_answer`` writes them as plain data.
"""

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import URLValidator
from django.db.models import TextChoices

from supportops.accounts.directory import meant_by
from supportops.ui.forms import CheckboxCards, ChoiceCards, DateInput

if TYPE_CHECKING:
    from workflow.catalogue.models import Question

LONGEST_LINE = 255
LONGEST_TEXT = 20_000
LONGEST_ADDRESS = 2_000
FEW_CHOICES = 4
_ANSWER = "Answer this."
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Shown(Enum):
    """How a kept answer is drawn."""

    TEXT = "as it is"
    MARKDOWN = "as Markdown"
    LINK = "as a link"
    DAY = "as a day"


def printable(text: str) -> str:
    """``text`` without NUL and the other control characters that no database or page can take, line ends as ``\\n``."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class LineField(forms.CharField):
    """One line of text; line ends become spaces, as a browser's own field would have it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_LINE, **kwargs)

    def to_python(self, value: Any) -> str:
        """The text without control characters, in one line."""
        return " ".join(printable(super().to_python(value) or "").split())


class TextField(forms.CharField):
    """Several lines of text."""

    def __init__(self, *, rows: int = 4, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(max_length=LONGEST_TEXT, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        """The text without control characters, with plain line ends."""
        return printable(super().to_python(value) or "").strip()


class PeopleField(LineField):
    """People and teams by their names, separated by commas; cleans to their names as they are called here."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"data-suggest": "names", "autocomplete": "off"}), **kwargs)

    def clean(self, value: Any) -> str:
        """Refuses what names nobody, so that nobody is thought to be told who is not."""
        meant = meant_by(super().clean(value))
        problems = [_unknown(name, nearest) for name, nearest in meant.unknown.items()]
        problems += [
            f"Several people are called “{name}”: write {' or '.join(people)}."
            for name, people in meant.ambiguous.items()
        ]
        names = ", ".join(meant.names)
        if len(names) > LONGEST_LINE:
            problems.append(f"Name fewer: written out these are {len(names)} characters, {LONGEST_LINE} fit.")
        if problems:
            raise forms.ValidationError(problems)
        return names


def _unknown(name: str, nearest: str) -> str:
    mended = f"Did you mean “{nearest}”?" if nearest else "Write a person's name, a division, or a group."
    return f"“{name}” is no person and no team here. {mended}"


class AddressField(forms.URLField):
    """An address on the web; other schemes are refused, because it is shown as a link."""

    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_ADDRESS, assume_scheme="https", **kwargs)


class YesNoField(forms.TypedChoiceField):
    """Yes or no, neither preselected; cleans to True, False or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=[("yes", "Yes"), ("no", "No")],
            coerce=lambda value: value == "yes",
            empty_value=None,
            widget=ChoiceCards(in_row=True),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        """A kept True or False, as the widget's value."""
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


class OneOfField(forms.ChoiceField):
    """One of several: cards for a few, a list for many."""

    def __init__(self, *, choices: Iterable[str], **kwargs: Any) -> None:
        pairs = [(choice, choice) for choice in choices]
        few = len(pairs) <= FEW_CHOICES
        super().__init__(
            choices=pairs if few else [("", "Choose one"), *pairs],
            widget=ChoiceCards() if few else forms.Select(),
            **kwargs,
        )


def _any_of(*, choices: Iterable[str], **kwargs: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(choices=[(choice, choice) for choice in choices], widget=CheckboxCards(), **kwargs)


def _whole_number(**kwargs: Any) -> forms.IntegerField:
    # SQLite and PostgreSQL hold 64 bits; nobody counts further.
    return forms.IntegerField(min_value=-(2**53), max_value=2**53, **kwargs)


def _day(**kwargs: Any) -> forms.DateField:
    return forms.DateField(widget=DateInput(), **kwargs)


class AnswerType(TextChoices):
    """What an answer looks like."""

    SHORT = "short", "Short text"
    LONG = "long", "Long text"
    CHOICE = "choice", "One of several"
    CHOICES = "choices", "Any of several"
    YES_NO = "yes-no", "Yes or no"
    CONFIRM = "confirm", "Confirmation to tick"
    DATE = "date", "Date"
    URL = "url", "Web address"
    NUMBER = "number", "Whole number"
    EMAIL = "email", "E-mail address"
    PEOPLE = "people", "People and teams"


@dataclass(frozen=True, kw_only=True)
class FieldType:
    """All there is to know about a type of answer; no cell has a default.

    ``field``: makes the form field; ``missing``: what is said when a required one is left out; ``has_choices``: whether
    the question lists them; ``several``: whether there may be more than one answer; ``shown``: how pages draw it.
    """

    field: Callable[..., forms.Field]
    missing: str
    has_choices: bool
    several: bool
    shown: Shown


TYPES = {
    AnswerType.SHORT: FieldType(field=LineField, missing=_ANSWER, shown=Shown.TEXT, has_choices=False, several=False),
    AnswerType.LONG: FieldType(
        field=TextField, missing=_ANSWER, shown=Shown.MARKDOWN, has_choices=False, several=False
    ),
    AnswerType.CHOICE: FieldType(
        field=OneOfField, missing="Choose one.", has_choices=True, several=False, shown=Shown.TEXT
    ),
    AnswerType.CHOICES: FieldType(
        field=_any_of, missing="Choose at least one.", has_choices=True, several=True, shown=Shown.TEXT
    ),
    AnswerType.YES_NO: FieldType(
        field=YesNoField, missing="Choose yes or no.", shown=Shown.TEXT, has_choices=False, several=False
    ),
    AnswerType.CONFIRM: FieldType(
        field=forms.BooleanField, missing="Tick this to confirm it.", shown=Shown.TEXT, has_choices=False, several=False
    ),
    AnswerType.DATE: FieldType(field=_day, missing="Choose a day.", shown=Shown.DAY, has_choices=False, several=False),
    AnswerType.URL: FieldType(field=AddressField, missing=_ANSWER, shown=Shown.LINK, has_choices=False, several=False),
    AnswerType.NUMBER: FieldType(
        field=_whole_number, missing=_ANSWER, shown=Shown.TEXT, has_choices=False, several=False
    ),
    AnswerType.EMAIL: FieldType(
        field=forms.EmailField, missing=_ANSWER, shown=Shown.TEXT, has_choices=False, several=False
    ),
    AnswerType.PEOPLE: FieldType(
        field=PeopleField, missing="Name somebody.", shown=Shown.TEXT, has_choices=False, several=False
    ),
}
if _left_out := [one.name for one in AnswerType if one not in TYPES]:
    raise TypeError(f"TYPES in workflow/catalogue/field_types.py has no row for {', '.join(_left_out)}.")


def field_for(question: "Question", *, initial: Any = None) -> forms.Field:
    """The form field that asks ``question`` (a Question row). ``initial``: a kept answer to start from."""
    type_ = TYPES[AnswerType(question.type)]
    about = {
        "label": question.label,
        "help_text": question.help,
        "required": question.required,
        "initial": initial,
        "error_messages": {"required": type_.missing},
    }
    return type_.field(**about, **({"choices": question.choices} if question.choices else {}))


def shown_as(type_: str | None) -> Shown:
    """How pages draw an answer that was kept with this type; as text where the type is none of today's."""
    return TYPES[AnswerType(type_)].shown if type_ and type_ in AnswerType else Shown.TEXT


def kept_answer(value: Any) -> Any:
    """A cleaned value as JSON holds it: dates as year-month-day, nothing as an empty text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    return "" if value is None else value
