"""What is done with a draft: save it, give it files, hand it over, discard it, file it.

A draft is found by ``submission``, the UUID that the form carries from its first page on. So saving needs no earlier
step, and filing twice finds what was filed.
"""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from intake.forms import NewRequest
from intake.models import Draft, DraftAttachment, Texts
from supportops.accounts.models import User
from workflow.actions import Incomplete, Refused, delete_file, open_issue, settle_news, store_file, tell_news
from workflow.catalogue.answers import AnswerRow
from workflow.catalogue.models import Entry
from workflow.models import Issue

LONGEST_DRAFT = 500_000
MOST_FILES = 20
_OPEN = "Open the draft"


class NewerDraft(Exception):
    """The draft was saved from another page since this one was opened; ``draft`` is that newer one."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("Your draft is newer on another device.")
        self.draft = draft


class AlreadyFiled(Exception):
    """The form was sent before; ``issue`` is the request it became."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(f"This is filed already, as {issue.reference}.")
        self.issue = issue


@transaction.atomic
def save_draft(
    submission: UUID,
    *,
    by: User,
    entry: Entry,
    data: Texts,
    page: UUID | None = None,
    seen_version: int = 0,
    overwrite: bool = False,
) -> Draft:
    """Keep what was typed ({field: [texts]}) and return the draft.

    ``page``: the UUID of the page it was typed into. A page never finds itself too old, so that an answer which comes
    late (an autosave still under way) is no quarrel; another page is, when ``seen_version`` is not the present one.
    Raises AlreadyFiled, NewerDraft, Refused (somebody else's draft) or Incomplete (too long), and then nothing changed.
    """
    if len(json.dumps(data)) > LONGEST_DRAFT:
        raise Incomplete({"": f"Shorten your answers: together they may have {LONGEST_DRAFT:,} characters."})
    draft, is_new = Draft.objects.select_for_update().get_or_create(
        submission=submission,
        defaults={"entry": entry, "owner": by, "originator": by, "data": data, "saved_from": page},
    )
    if is_new:
        draft.begun_now = True
        return draft
    draft.entry = entry
    _check_mine(draft, by)
    if draft.issue:
        raise AlreadyFiled(draft.issue)
    if draft.version != seen_version and draft.saved_from != page and not overwrite:
        raise NewerDraft(draft)
    draft.data, draft.saved_from, draft.updated_at = data, page, timezone.now()
    draft.version += 1
    draft.save(update_fields=["data", "saved_from", "updated_at", "version"])
    return draft


def add_files(draft: Draft, uploads: Iterable[UploadedFile], *, by: User) -> list[str]:
    """Keep uploaded files with the draft. Returns a sentence for each that could not be kept."""
    problems = []
    uploads = list(uploads)
    room = MOST_FILES - draft.attachments.count() if uploads else 0
    for upload in uploads:
        draft.begun_now = False
        if room <= 0:
            problems.append(f"“{upload.name}” was not kept: a request takes {MOST_FILES} files. Remove one first.")
            continue
        try:
            with transaction.atomic():
                DraftAttachment.objects.create(draft=draft, attachment=store_file(upload, by=by))
            room -= 1
        except Incomplete as wrong:
            problems.extend(wrong.problems.values())
    return problems


@transaction.atomic
def remove_file(draft: Draft, attachment_id: int, *, by: User) -> None:
    """Take one file off the draft and delete it; one that is not there is gone already."""
    _check_mine(draft, by)
    for kept in draft.attachments.filter(attachment_id=attachment_id).select_related("attachment"):
        delete_file(kept.attachment)


@transaction.atomic
def submit(draft: Draft, request: NewRequest, *, by: User) -> Issue:
    """File the draft and return the request it became; a second time, the same one.

    ``request``: what ``RequestForm.request`` returned. Whoever the draft was handed on for stays the requester.
    Raises Refused or Incomplete, and then the draft is as it was.
    """
    draft = _locked(draft)
    _check_mine(draft, by)
    if draft.issue:
        return draft.issue
    if reason := draft.entry.refusal(by):
        raise Refused(reason)
    files = [] if draft.begun_now else [kept.attachment for kept in draft.attachments.select_related("attachment")]
    asked: NewRequest = {**request, "requester": draft.originator}
    draft.issue = open_issue(by=by, submission=draft.submission, attachments=files, continues=draft.continues, **asked)
    if draft.issue.requester_id != draft.originator_id:
        # The mark was taken from somebody else's form: nothing is said about the request it belongs to.
        raise Refused("This form was sent before, by somebody else. Open it anew.")
    if files:
        draft.attachments.all().delete()
    if not draft.begun_now:
        settle_news(draft.get_absolute_url())
    draft.data, draft.updated_at = {}, timezone.now()
    draft.save(update_fields=["issue", "data", "updated_at"])
    return draft.issue


def _locked(draft: Draft) -> Draft:
    """The draft as it is now, under its lock; with what the page knows already of its entry and who asked."""
    now = Draft.objects.select_for_update().get(pk=draft.pk)
    now.begun_now = draft.begun_now and now.version == draft.version
    if now.entry_id == draft.entry_id:
        now.entry = draft.entry
    if now.originator_id == draft.originator_id:
        now.originator = draft.originator
    return now


@transaction.atomic
def hand_over(draft: Draft, *, to: User, by: User) -> Draft:
    """Give the draft to somebody who may file it, or back to whoever asked. The originator stays the requester."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    _check_mine(draft, by)
    if draft.issue:
        raise AlreadyFiled(draft.issue)
    if not to.is_active or to == by:
        raise Refused("Choose somebody else who can sign in.")
    if to.pk != draft.originator_id and (reason := draft.entry.refusal(to)):
        raise Refused(f"{to} may not file this either. {reason}")
    draft.owner, draft.updated_at, draft.saved_from = to, timezone.now(), None
    draft.version += 1
    draft.save(update_fields=["owner", "updated_at", "saved_from", "version"])
    settle_news(draft.get_absolute_url())
    tell_news([to], f"{by} handed you a draft", text=_asked(draft, to), path=draft.get_absolute_url(), button=_OPEN)
    return draft


def _asked(draft: Draft, to: User) -> str:
    """What whoever now has the draft should know. Nothing of what it says, and of a restricted one not even what it
    asks for or for whom."""
    if is_restricted(draft):
        return "It is about something restricted, so this says nothing of it. Complete it, hand it on, or hand it back."
    if to.pk == draft.originator_id:
        return f"Your “{draft.entry}” is back with you. Go on with it, hand it to somebody else, or discard it."
    return f"“{draft.entry}” for {draft.originator}: complete it and file it, or hand it back. Both names are kept."


def is_restricted(draft: Draft) -> bool:
    """Whether the request it becomes would be restricted, as it stands now."""
    return draft.entry.route.restricted_to_id is not None or any(draft.data.get("confidential", ()))


@transaction.atomic
def discard(draft: Draft, *, by: User) -> None:
    """Delete the draft with its files. Raises Refused for one that carries on a question: without it nothing would."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    _check_mine(draft, by)
    if draft.issue:
        raise AlreadyFiled(draft.issue)
    if draft.continues:
        raise Refused(
            f"This carries on {draft.continues.reference}, which ended for it. File it; you can withdraw it afterwards."
        )
    for kept in draft.attachments.select_related("attachment"):
        delete_file(kept.attachment)
    settle_news(draft.get_absolute_url())
    draft.delete()


def _check_mine(draft: Draft, person: User) -> None:
    if draft.owner_id != person.pk:
        raise Refused("This draft is with somebody else now.")


def leave_draft(
    sender: Any,
    entry: str,
    *,
    owner: User,
    title: str,
    description: str,
    rows: Iterable[AnswerRow],
    continues: Issue,
    **kwargs: Any,
) -> str:
    """Receives ``draft_wanted``: leave the entry's form, filled with what is known, among the drafts of ``owner``;
    returns its address."""
    draft = Draft.objects.create(
        entry=Entry.objects.get(route__key=entry),
        owner=owner,
        originator=owner,
        continues=continues,
        data={"title": [title], "description": [description], **_typed(rows)},
    )
    return draft.get_absolute_url()


def _typed(rows: Iterable[AnswerRow]) -> Texts:
    """Answers as a draft keeps them: lists of texts."""
    answers = {row["key"]: row.get("answer") for row in rows if row.get("answer") not in (None, "", [])}
    return {
        key: [str(part) for part in answer] if isinstance(answer, list) else [str(answer)]
        for key, answer in answers.items()
    }
