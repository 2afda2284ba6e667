"""Filled forms, as a browser would send them."""

import uuid

from django import forms

from intake.forms import RequestForm
from workflow.catalogue.models import Entry

_WORDS = {forms.DateField: "2999-12-31", forms.URLField: "https://example.com/here", forms.EmailField: "a@example.com"}


def filled(key, person, **changes):
    """What a browser posts when every required question of the entry is answered; ``changes`` by field name."""
    form = RequestForm(Entry.objects.get(route__key=key), requester=person)
    posted = {"submission": str(uuid.uuid4()), "page": str(uuid.uuid4()), "draft_version": "0", "action": "submit"}
    posted |= {name: _answer(name, field) for name, field in form.fields.items() if field.required}
    return {name: value for name, value in (posted | changes).items() if value is not None}


def _answer(name, field):
    if field.initial and isinstance(field, forms.DateField | forms.ModelChoiceField):
        return str(field.initial)
    if isinstance(field, forms.BooleanField):
        return "on"
    if isinstance(field, forms.ChoiceField):
        return [value for value, _ in field.choices if value][0]
    return next((words for kind, words in _WORDS.items() if isinstance(field, kind)), f"Answer to {name}")
