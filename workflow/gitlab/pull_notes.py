"""Comments people write in GitLab come into the portal: created, edited, deleted; internal ones stay internal.

The portal's own are known by author and mark together: a copied mark is somebody's comment, and a comment of the bot
without one was written by hand with its token and is kept like any other.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.from_gitlab import bring_back_comment, bury_comment, receive_comment, rewrite_comment
from workflow.actions.requirements import LONGEST_TEXT
from workflow.gitlab.activity import History
from workflow.gitlab.errors import GitLabError, Gone
from workflow.gitlab.escaping import noted
from workflow.gitlab.failures import FetchWork, handle_failure
from workflow.gitlab.identities import known_as
from workflow.gitlab.intent_steps import obey
from workflow.gitlab.models import OutgoingNote, PendingFile
from workflow.gitlab.models.inbound import ImportedNote
from workflow.gitlab.pull_files import download
from workflow.gitlab.retry import ABSENT_FOR
from workflow.gitlab.schemas import RemoteNote, Words
from workflow.gitlab.session import LookRun, Run
from workflow.models import Attachment, Comment

UPLOAD = re.compile(
    r"!?\[(?P<shown>[^\[\]\n]{0,500})\]\((?:/-/project/\d{1,19})?/uploads/(?P<secret>[0-9a-f]{32})/"
    r"(?P<name>[^)\s]{1,500})\)(?:\{[^}\n]{0,200}\})?"
)
"""A file that was uploaded in GitLab. Each part is bounded, so that a text of brackets is read in no time."""
MOST_FILES = 20
_Missing = dict[tuple[str, str], GitLabError]
"""By the secret and the name in the reference: why the file could not be had."""


def take_comments(run: LookRun, history: History) -> None:
    """Bring the request's comments in step with the issue's. Each is taken in a transaction of its own, once."""
    theirs = [note for note in history.words if not note.system and not _own(run, note)]
    known = {row.note_id: row for row in _received(run)}
    for note in theirs:
        row = known.get(note.id)
        if row is None:
            _take(run, note)
        elif row.comment.deleted_at is not None:
            _bring_back(row, note)
        elif row.digest != digest_of(note.body):
            _rewrite(row, note)
    there = {note.id for note in history.words}
    _seen(known[note_id] for note_id in known.keys() & there)
    for note_id in sorted(known.keys() - there):
        if known[note_id].comment.deleted_at is None:
            _bury_if_gone(run, known[note_id])
    _forget_deleted(run, history)


def _forget_deleted(run: LookRun, history: History) -> None:
    """The portal's own comments that people deleted in GitLab stay here, and are not posted again. One that is there
    after all is the portal's again."""
    there = {note.id for note in history.words}
    ours = OutgoingNote.objects.filter(issue=run.mirror.pk)
    posted = list(ours.filter(note_id__isnull=False))
    _seen(row for row in posted if row.note_id in there)
    for row in posted:
        if row.note_id is not None and row.note_id not in there and _absent_twice(run, row, row.note_id):
            ours.filter(pk=row.pk).update(note_id=None, due_at=None, last_error="Deleted in GitLab.")
    forgotten = set(ours.filter(note_id=None, absent_since__isnull=False).values_list("pk", flat=True))
    for note in history.words if forgotten else ():
        if note.by.id == run.bot_id and (pk := noted(note.body)) in forgotten:
            ours.filter(pk=pk).update(note_id=note.id, absent_since=None, last_error="")


def _seen(rows: Iterable[ImportedNote | OutgoingNote]) -> None:
    """Whatever was thought to be gone and stands in the list is there."""
    for row in rows:
        if row.absent_since is not None:
            row.absent_since = None
            row.save(update_fields=["absent_since"])


def _absent_twice(run: LookRun, row: ImportedNote | OutgoingNote, note_id: int) -> bool:
    """Whether GitLab has not shown this comment for minutes, neither in the list nor by itself. The first time is
    remembered and looked at again: one list may be stale, one answer wrong (row 53)."""
    try:
        run.gateway.comment(*run.there, note_id)
    except Gone:
        now = timezone.now()
        since = row.absent_since or now
        if now - since >= ABSENT_FOR:
            return True
        row.absent_since = since
        row.save(update_fields=["absent_since"])
        run.look.see_again((ABSENT_FOR - (now - since)).total_seconds())
        return False
    _seen([row])
    return False


def _received(run: Run) -> QuerySet[ImportedNote]:
    return ImportedNote.objects.filter(comment__issue=run.mirror.pk).select_related("comment")


def _own(run: LookRun, note: Words) -> bool:
    """Whether the portal wrote it: by the bot, with the mark of a row of this request."""
    if note.by.id != run.bot_id:
        return False
    pk = noted(note.body)
    return pk is not None and OutgoingNote.objects.filter(pk=pk, issue=run.mirror.pk).exists()


def _take(run: LookRun, note: Words) -> None:
    if not note.body.strip():
        return
    author = known_as(note.by)
    files, missing = _files_of(run, note, author)
    with transaction.atomic():
        if ImportedNote.objects.filter(note_id=note.id).exists():
            return
        comment = receive_comment(
            run.mirror.pk,
            _in_the_portal(note),
            author=author,
            author_name=f"{note.by.name} (@{note.by.username})" if note.by.id else "Somebody who left GitLab",
            internal=note.internal,
            at=note.created_at,
            files=files,
        )
        ImportedNote.objects.create(
            comment=comment,
            note_id=note.id,
            author_id=note.by.id,
            written_at=note.created_at,
            digest=digest_of(note.body),
        )
        rows = [_pending(run, comment, found) for found in missing]
        if not note.internal:
            obey(run, note, author)
    for row, error in zip(rows, missing.values(), strict=True):
        handle_failure(error, FetchWork(run.connection, run.gateway, row))


def _rewrite(row: ImportedNote, note: Words) -> None:
    with transaction.atomic():
        rewrite_comment(row.comment, _in_the_portal(note))
        ImportedNote.objects.filter(pk=row.pk).update(digest=digest_of(note.body))


def _bring_back(row: ImportedNote, note: Words) -> None:
    with transaction.atomic():
        bring_back_comment(row.comment, _in_the_portal(note))
        ImportedNote.objects.filter(pk=row.pk).update(digest=digest_of(note.body))


def _bury_if_gone(run: LookRun, row: ImportedNote) -> None:
    """Absent from the list is not deleted: GitLab must say so of the comment itself, and show the bot such ones."""
    if row.comment.internal and not run.reads_internal_notes:
        return
    if _absent_twice(run, row, row.note_id):
        bury_comment(row.comment)


def _files_of(run: LookRun, note: Words, author: User | None) -> tuple[list[Attachment], _Missing]:
    """(stored attachments, what could not be had); what is not to be had keeps nothing waiting."""
    files: list[Attachment] = []
    missing: _Missing = {}
    for found in list(UPLOAD.finditer(note.body))[:MOST_FILES]:
        try:
            stored = download(run.gateway, run.there[0], found["secret"], found["name"], author)
        except GitLabError as error:
            missing[found["secret"], found["name"]] = error
        else:
            files += [stored] if stored else []
    return files, missing


def _pending(run: LookRun, comment: Comment, found: tuple[str, str]) -> PendingFile:
    """The row of a file that follows later. The attempt just made counts."""
    secret, name = found
    return PendingFile.objects.create(
        comment=comment,
        project_id=run.there[0],
        secret=secret,
        name=name[-255:],
        attempts=1,
        due_at=timezone.now(),
    )


def file_words(found: re.Match[str]) -> str:
    return f"*{found['name']}*" if found["shown"] in ("", found["name"]) else f"*{found['shown']} ({found['name']})*"


def _in_the_portal(note: Words) -> str:
    """The words as they are kept here: links to files only work in GitLab."""
    return _shortened(UPLOAD.sub(file_words, note.body))


def _shortened(body: str) -> str:
    body = body.replace("\x00", "").strip() or "(empty)"
    return body if len(body) <= LONGEST_TEXT else f"{body[: LONGEST_TEXT - 60]}\n\n… shortened; the rest is in GitLab."


def digest_of(body: str) -> str:
    """What is kept of a comment's words, to see whether they were edited."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def remap_after_move(run: Run, notes: Iterable[RemoteNote]) -> None:
    """The issue moved: its comments were copied and have new numbers. The same ones are known again by author and time.

    Without this every comment would be taken a second time, and the portal's own would be looked for in vain. Words
    decide only between comments of the same moment: they may have been edited since, and links to files change.
    """
    rows: dict[tuple[int | None, datetime | None], list[ImportedNote]] = defaultdict(list)
    for row in _received(run).filter(comment__deleted_at=None):
        rows[row.author_id, row.written_at].append(row)
    for note in notes:
        if note.system:
            continue
        if note.author_id == run.bot_id and (pk := noted(note.body)):
            OutgoingNote.objects.filter(pk=pk, issue=run.mirror.pk, note_id__isnull=False).update(note_id=note.id)
        elif same := rows[note.author_id, note.created_at]:
            row = next((row for row in same if row.digest == digest_of(note.body)), same[0])
            same.remove(row)
            ImportedNote.objects.filter(pk=row.pk).update(note_id=note.id)
