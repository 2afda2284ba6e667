"""A form field for each type of answer, and the answer as it is kept with the request.

Fields clean into domain types (a date is a date, yes is True); ``kept_answer`` writes them as plain data.
"""

import datetime
import re
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.validators import URLValidator

from supportops.ui.forms import CheckboxCards, ChoiceCards, DateInput
from workflow.catalogue.models import AnswerType, Question

LONGEST_LINE = 255
LONGEST_TEXT = 20_000
LONGEST_ADDRESS = 2_000
FEW_CHOICES = 4
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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


_FIELDS: dict[AnswerType, Callable[..., forms.Field]] = {
    AnswerType.SHORT: LineField,
    AnswerType.LONG: TextField,
    AnswerType.YES_NO: YesNoField,
    AnswerType.CONFIRM: forms.BooleanField,
    AnswerType.URL: AddressField,
    AnswerType.NUMBER: _whole_number,
    AnswerType.EMAIL: forms.EmailField,
    AnswerType.CHOICE: OneOfField,
    AnswerType.CHOICES: _any_of,
}


_MISSING: dict[str, str] = {
    AnswerType.YES_NO: "Choose yes or no.",
    AnswerType.CONFIRM: "Tick this to confirm it.",
    AnswerType.DATE: "Choose a day.",
    AnswerType.CHOICE: "Choose one.",
    AnswerType.CHOICES: "Choose at least one.",
}


def field_for(question: Question, *, initial: Any = None) -> forms.Field:
    """The form field that asks ``question`` (a Question row). ``initial``: a kept answer to start from."""
    about = {
        "label": question.label,
        "help_text": question.help,
        "required": question.required,
        "initial": initial,
        "error_messages": {"required": _MISSING.get(question.type, "Answer this.")},
    }
    if question.type == AnswerType.DATE:
        return forms.DateField(widget=DateInput(), **about)
    if question.choices:
        about["choices"] = question.choices
    return _FIELDS[AnswerType(question.type)](**about)


def kept_answer(value: Any) -> Any:
    """A cleaned value as JSON holds it: dates as year-month-day, nothing as an empty text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    return "" if value is None else value
