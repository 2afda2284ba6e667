"""Drafts that wait for a person: Support Operations carry a question on in them, or somebody handed them over."""

from collections.abc import Sequence

from django.db.models import QuerySet

from intake.models import Draft
from supportops.accounts.models import User
from workflow.pages.my_requests import OtherWork, ToFinish

MOST_SHOWN = 25


def _ids(person: User) -> QuerySet[Draft]:
    return Draft.objects.filter(pk__in=Draft.objects.waiting(person).values("pk")[:MOST_SHOWN])


def _read(ids: Sequence[int]) -> list[ToFinish]:
    if not ids:
        return []
    drafts = Draft.objects.filter(pk__in=ids).with_entry().select_related("continues")
    return [{"title": str(draft), "url": draft.get_absolute_url(), "why": _why(draft)} for draft in drafts]


def _why(draft: Draft) -> str:
    if draft.continues:
        return f"{draft.continues.reference} goes on in it: a few answers are still needed from you."
    return f"{draft.originator} handed it over to you."


TO_FINISH = OtherWork("drafts", _ids, _read)
