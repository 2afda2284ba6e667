"""What an entry of the catalogue asks, and its answers as rows: key, label, type, answer, and who was asked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypedDict

from django import forms
from django.db.models import QuerySet

from workflow.catalogue.field_types import field_for, kept_answer
from workflow.catalogue.models import Entry, Question

Answer = str | bool | int | list[str]
"""A cleaned answer as JSON holds it; a date is year-month-day, nothing is an empty text."""


class AnswerRow(TypedDict):
    """A question as it was asked, with its answer: what a request, a decision and a draft keep of a form."""

    key: str
    label: str
    type: str
    answer: Answer
    asked_of: str
    choices: list[str]
    feeds: str


class FedFields(TypedDict, total=False):
    """The fields of a request that answers fill besides."""

    system: str
    customer: str
    teams: str
    due_date: date


NONE_OF_THESE = "Something else"
"""The choice that means no system, customer or team of the list."""
_FEEDS_NOTHING: tuple[object, ...] = (None, "", [], NONE_OF_THESE)


def merged(kept: Iterable[AnswerRow], new: Sequence[AnswerRow]) -> list[AnswerRow]:
    """``kept`` rows with those whose answer differs in ``new`` replaced, and the rest of ``new`` after them.

    A row whose answer is the same keeps the question as it was asked then.
    """
    by_key = {row["key"]: row for row in new}
    rows = [
        by_key[row["key"]] if row["key"] in by_key and by_key[row["key"]].get("answer") != row.get("answer") else row
        for row in kept
    ]
    known = {row["key"] for row in kept}
    return [*rows, *(row for row in new if row["key"] not in known)]


def missing_answers(route_key: str, asked_of: str, rows: Iterable[AnswerRow]) -> dict[str, str]:
    """{question key: sentence} for every required question of the entry that ``rows`` does not answer."""
    answered = {row["key"] for row in rows if row.get("answer") not in (None, "", [])}
    fields = form_fields(route_key, asked_of, {})
    return {key: f"Answer “{field.label}”." for key, field in fields.items() if field.required and key not in answered}


def fields_fed_by(rows: Iterable[AnswerRow]) -> FedFields:
    """{field of a request: value} for the answers that fill one besides: a due date, the teams it touches."""
    fed = {row["feeds"]: row["answer"] for row in rows if row.get("feeds") and row.get("answer") not in _FEEDS_NOTHING}
    known: FedFields = {}
    for name in ("teams", "system", "customer"):
        if answer := fed.get(name):
            known[name] = ", ".join(answer) if isinstance(answer, list) else str(answer)
    if "due_date" in fed:
        known["due_date"] = date.fromisoformat(str(fed["due_date"]))
    return known


def entries() -> list[tuple[str, str, str]]:
    """[(route key, name, kind)] of everything offered, in the catalogue's order."""
    return list(Entry.objects.active().values_list("route__key", "name", "route__kind"))


def form_fields(
    route_key: str, asked_of: str, initial: Mapping[str, Any] | Sequence[AnswerRow] | None = None
) -> dict[str, forms.Field]:
    """{question key: form field}, asked_of "requester" or "approver". ``initial``: kept answers by question key, or
    rows as a request keeps them."""
    known = answers_by_key(initial)
    return {
        question.key: field_for(question, initial=known.get(question.key))
        for question in questions_of(route_key, asked_of)
    }


def rows(route_key: str, asked_of: str, cleaned: Mapping[str, Any]) -> list[AnswerRow]:
    """The questions with their answers in ``cleaned`` ({question key: cleaned value}), as a request keeps them."""
    return [row_for(question, cleaned.get(question.key)) for question in questions_of(route_key, asked_of)]


def row_for(question: Question, value: Any) -> AnswerRow:
    """The question as it is asked now with the cleaned ``value``, as the plain data a request keeps."""
    return {
        "key": question.key,
        "label": question.label,
        "type": question.type,
        "answer": kept_answer(value),
        "asked_of": question.asked_of,
        "choices": list(question.choices),
        "feeds": question.feeds,
    }


def system_of(route_key: str) -> str:
    """The system all requests of the entry concern, where it says so itself; else an empty text."""
    return Entry.objects.filter(route__key=route_key).values_list("system", flat=True).first() or ""


def by_hand(route_key: str) -> str:
    """What is left to do by hand after filing, as the entry says it."""
    return Entry.objects.filter(route__key=route_key).values_list("after_filing", flat=True).first() or ""


def questions_of(route_key: str, asked_of: str) -> QuerySet[Question]:
    """The questions of the entry on this route for the requester or the approver, in order; none for an unknown one."""
    return Question.objects.filter(entry__route__key=route_key, asked_of=asked_of)


def answers_by_key(rows_or_answers: Mapping[str, Any] | Sequence[AnswerRow] | None) -> Mapping[str, Any]:
    """{question key: kept answer} from such a mapping or from rows as a request keeps them."""
    if not rows_or_answers:
        return {}
    if isinstance(rows_or_answers, Mapping):
        return rows_or_answers
    return {row["key"]: row.get("answer") for row in rows_or_answers}
