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
from workflow.actions.from_gitlab import bury_comment, receive_comment, rewrite_comment
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
        elif row.digest != digest_of(note.body):
            _rewrite(row, note)
    gone = known.keys() - {note.id for note in history.words}
    for note_id in sorted(gone):
        _bury_if_gone(run, known[note_id])
    _forget_deleted(run, history)


def _forget_deleted(run: LookRun, history: History) -> None:
    """The portal's own comments that people deleted in GitLab stay here, and are not posted again."""
    there = {note.id for note in history.words}
    for row in OutgoingNote.objects.filter(issue=run.mirror.pk, note_id__isnull=False).exclude(note_id__in=there):
        if row.note_id is not None and _is_gone(run, row.note_id):
            OutgoingNote.objects.filter(pk=row.pk).update(note_id=None, due_at=None, last_error="Deleted in GitLab.")


def _is_gone(run: LookRun, note_id: int) -> bool:
    try:
        run.gateway.comment(*run.there, note_id)
    except Gone:
        return True
    return False


def _received(run: Run) -> QuerySet[ImportedNote]:
    rows = ImportedNote.objects.filter(comment__issue=run.mirror.pk, comment__deleted_at=None)
    return rows.select_related("comment")


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
    body = UPLOAD.sub(file_words, note.body)  # links only work in GitLab
    with transaction.atomic():
        if ImportedNote.objects.filter(note_id=note.id).exists():
            return
        comment = receive_comment(
            run.mirror.pk,
            _shortened(body),
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
    body = UPLOAD.sub(file_words, note.body)
    with transaction.atomic():
        rewrite_comment(row.comment, _shortened(body))
        ImportedNote.objects.filter(pk=row.pk).update(digest=digest_of(note.body))


def _bury_if_gone(run: LookRun, row: ImportedNote) -> None:
    """Absent from the list is not deleted: GitLab must say so of the comment itself, and show the bot such ones."""
    if row.comment.internal and not run.reads_internal_notes:
        return
    if _is_gone(run, row.note_id):
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
    for row in _received(run):
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
