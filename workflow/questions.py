"""The socket the catalogue plugs into: ``workflow`` may not import ``intake``, yet some steps ask a catalogue
entry's questions.

A provider offers:
  ``entries()`` → list of (route key, name, kind);
  ``form_fields(route_key, asked_of, initial)`` → {question key: django form field}, asked_of "requester" or "approver";
  ``rows(route_key, asked_of, cleaned)`` → the answers as kept with a request: [{"key", "label", "type", "answer", …}];
  ``system(route_key)`` → the system all requests of the entry concern, where it says so itself, or an empty text;
  ``by_hand(route_key)`` → what the requester still does by hand, as a text, or an empty one;
  ``leave_draft(route_key, owner, title, description, rows, continues)`` → the address of a form left for ``owner``
  to finish.
"""

from datetime import date

NONE_OF_THESE = "Something else"
"""The choice that means no system, customer or team of the list."""
_FEEDS_NOTHING = (None, "", [], NONE_OF_THESE)


class _NoCatalogue:
    def entries(self):
        return []

    def form_fields(self, route_key, asked_of, initial=None):
        return {}

    def rows(self, route_key, asked_of, cleaned):
        return []

    def system(self, route_key):
        return ""

    def by_hand(self, route_key):
        return ""

    def leave_draft(self, route_key, **what):
        raise LookupError(f"No catalogue is plugged in, so nobody can be asked about {route_key}.")


_provider = _NoCatalogue()


def register(new):
    """Plug the catalogue in; called once, when the apps are ready."""
    global _provider
    _provider = new


def provider():
    """The registered catalogue; an empty one before that."""
    return _provider


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
    fields = provider().form_fields(route_key, asked_of, {})
    return {key: f"Answer “{field.label}”." for key, field in fields.items() if field.required and key not in answered}


def fields_fed_by(rows):
    """{field of a request: value} for the answers that fill one besides: a due date, the teams it touches."""
    fed = {row["feeds"]: row["answer"] for row in rows if row.get("feeds") and row.get("answer") not in _FEEDS_NOTHING}
    known = {name: _in_one_line(fed[name]) for name in ("teams", "system", "customer") if name in fed}
    return known | ({"due_date": date.fromisoformat(fed["due_date"])} if "due_date" in fed else {})


def _in_one_line(answer):
    return ", ".join(answer) if isinstance(answer, list) else answer
