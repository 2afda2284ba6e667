"""Loaders: what is not offered, or not the person's, does not exist for them."""

from uuid import UUID

from django.http import Http404

from intake.models import Draft
from supportops.accounts.models import User
from workflow.catalogue.models import Entry


def entry_or_404(key: str) -> Entry:
    """The offered entry on this route, with its rules and questions."""
    entry = Entry.objects.active().with_rules().prefetch_related("questions").filter(route__key=key).first()
    if entry is None:
        raise Http404("There is no such form.")
    return entry


def draft_or_404(person: User, submission: UUID | None) -> Draft:
    """The person's own draft, with its entry; filed ones included, so that their old addresses lead on."""
    own = Draft.objects.with_entry().filter(owner=person)
    draft = own.filter(submission=submission).first() if submission else None
    if draft is None:
        raise Http404("There is no such draft.")
    return draft
