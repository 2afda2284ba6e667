"""The catalogue as ``workflow`` sees it: the plug for the socket in ``workflow.questions``."""

from intake.fields import field_for, row_for
from intake.models import Draft, Entry, Question


class Catalogue:
    """What may be asked, in the words of ``workflow.questions``. Reads the database at every call."""

    def entries(self):
        """[(route key, name, kind)] of everything offered, in the catalogue's order."""
        return list(Entry.objects.active().values_list("route__key", "name", "route__kind"))

    def form_fields(self, route_key, asked_of, initial=None):
        """{question key: form field}. ``initial``: kept answers by question key, or rows as a request keeps them."""
        known = answers_by_key(initial)
        return {
            question.key: field_for(question, initial=known.get(question.key))
            for question in questions_of(route_key, asked_of)
        }

    def rows(self, route_key, asked_of, cleaned):
        """The questions with their answers in ``cleaned`` ({question key: cleaned value}), as a request keeps them."""
        return [row_for(question, cleaned.get(question.key)) for question in questions_of(route_key, asked_of)]

    def system(self, route_key):
        """The system all requests of the entry concern, where it says so itself."""
        return Entry.objects.filter(route__key=route_key).values_list("system", flat=True).first() or ""

    def by_hand(self, route_key):
        """What is left to do by hand after filing, as the entry says it."""
        return Entry.objects.filter(route__key=route_key).values_list("after_filing", flat=True).first() or ""

    def leave_draft(self, route_key, *, owner, title, description, rows, continues):
        """Leave the entry's form, filled with what is known, among the drafts of ``owner``; returns its address."""
        draft = Draft.objects.create(
            entry=Entry.objects.get(route__key=route_key),
            owner=owner,
            originator=owner,
            continues=continues,
            data={"title": [title], "description": [description], **_typed(rows)},
        )
        return draft.get_absolute_url()


def questions_of(route_key, asked_of):
    """The questions of the entry on this route for the requester or the approver, in order; none for an unknown one."""
    return Question.objects.filter(entry__route__key=route_key, asked_of=asked_of)


def answers_by_key(rows_or_answers):
    """{question key: kept answer} from such a mapping or from rows as a request keeps them."""
    if isinstance(rows_or_answers, dict) or not rows_or_answers:
        return rows_or_answers or {}
    return {row["key"]: row.get("answer") for row in rows_or_answers}


def _typed(rows):
    """Answers as a draft keeps them: lists of texts."""
    answers = {row["key"]: row.get("answer") for row in rows if row.get("answer") not in (None, "", [])}
    return {
        key: [str(part) for part in answer] if isinstance(answer, list) else [str(answer)]
        for key, answer in answers.items()
    }
