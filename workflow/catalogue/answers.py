"""What an entry of the catalogue asks, and its answers as rows: key, label, type, answer, and who was asked."""

from datetime import date

from workflow.catalogue.field_types import field_for, row_for
from workflow.catalogue.models import Entry, Question

NONE_OF_THESE = "Something else"
"""The choice that means no system, customer or team of the list."""
_FEEDS_NOTHING = (None, "", [], NONE_OF_THESE)


def merged(kept, new):
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


def missing_answers(route_key, asked_of, rows):
    """{question key: sentence} for every required question of the entry that ``rows`` does not answer."""
    answered = {row["key"] for row in rows if row.get("answer") not in (None, "", [])}
    fields = form_fields(route_key, asked_of, {})
    return {key: f"Answer “{field.label}”." for key, field in fields.items() if field.required and key not in answered}


def fields_fed_by(rows):
    """{field of a request: value} for the answers that fill one besides: a due date, the teams it touches."""
    fed = {row["feeds"]: row["answer"] for row in rows if row.get("feeds") and row.get("answer") not in _FEEDS_NOTHING}
    known = {name: _in_one_line(fed[name]) for name in ("teams", "system", "customer") if name in fed}
    return known | ({"due_date": date.fromisoformat(fed["due_date"])} if "due_date" in fed else {})


def _in_one_line(answer):
    return ", ".join(answer) if isinstance(answer, list) else answer


def entries():
    """[(route key, name, kind)] of everything offered, in the catalogue's order."""
    return list(Entry.objects.active().values_list("route__key", "name", "route__kind"))


def form_fields(route_key, asked_of, initial=None):
    """{question key: form field}, asked_of "requester" or "approver". ``initial``: kept answers by question key, or
    rows as a request keeps them."""
    known = answers_by_key(initial)
    return {
        question.key: field_for(question, initial=known.get(question.key))
        for question in questions_of(route_key, asked_of)
    }


def rows(route_key, asked_of, cleaned):
    """The questions with their answers in ``cleaned`` ({question key: cleaned value}), as a request keeps them."""
    return [row_for(question, cleaned.get(question.key)) for question in questions_of(route_key, asked_of)]


def system_of(route_key):
    """The system all requests of the entry concern, where it says so itself; else an empty text."""
    return Entry.objects.filter(route__key=route_key).values_list("system", flat=True).first() or ""


def by_hand(route_key):
    """What is left to do by hand after filing, as the entry says it."""
    return Entry.objects.filter(route__key=route_key).values_list("after_filing", flat=True).first() or ""


def questions_of(route_key, asked_of):
    """The questions of the entry on this route for the requester or the approver, in order; none for an unknown one."""
    return Question.objects.filter(entry__route__key=route_key, asked_of=asked_of)


def answers_by_key(rows_or_answers):
    """{question key: kept answer} from such a mapping or from rows as a request keeps them."""
    if isinstance(rows_or_answers, dict) or not rows_or_answers:
        return rows_or_answers or {}
    return {row["key"]: row.get("answer") for row in rows_or_answers}
