"""What a comment, or a step worth one, says in GitLab. Pure.

Comments, and steps worth one, on their way to notes of the GitLab issue: each once, in the order they were made.

A note whose posting is not confirmed waits until it can no longer come true, and is looked for by its mark before it
is posted again (contract C2 of reliability.md).
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from workflow.gitlab.errors import GitLabError, Gone, Unknown
from workflow.gitlab.escaping import note_marker, noted, quiet, safe_line, safe_text
from workflow.gitlab.failures import PieceWork, handle_failure
from workflow.gitlab.models import OutgoingNote, OutgoingUpload
from workflow.gitlab.push_pieces import put_off
from workflow.gitlab.render import portal_address
from workflow.gitlab.retry import Doing, quarantine
from workflow.gitlab.session import Run
from workflow.models import Attachment, Comment, Event, Issue
from workflow.models.event import CONFLICT, NOT_TAKEN, UNDONE, told_of
from workflow.states import Outcome, State
from workflow.verbs import Verb

LONGEST_NOTE = 200_000
_Files = list[tuple[Attachment, OutgoingUpload]]


def comment_body(row: OutgoingNote, comment: Comment, files: Iterable[tuple[Attachment, str]] = ()) -> str:
    """The note of a comment. ``files``: (attachment, its Markdown in GitLab or "")."""
    words = [f"**{_author(comment)}** wrote:", safe_text(comment.body)]
    words += [markdown or f"{safe_line(file.name)} (in the portal)" for file, markdown in files]
    return _note(row, words)


def event_body(row: OutgoingNote, event: Event, *, ops_handle: str = "", hidden: Collection[int] = frozenset()) -> str:
    """The note of a step. ``ops_handle``: whom an approval wakes, for example ``@group/team``; ``hidden``: numbers of
    other requests that do not exist for everybody who reads this one."""
    told = told_of(event.verb)
    says = (told.note if told and told.note else f"{{who}}: {event.label.lower()}.").format(
        who=_actor(event), requester=f"**{safe_line(event.issue.requester.name)}**", outcome=_outcome(event)
    )
    return _note(row, [says, safe_text(event.text), *_particulars(event, hidden), _ping(event, ops_handle)])


def _note(row: OutgoingNote, parts: Iterable[str]) -> str:
    text = "\n\n".join(part for part in parts if part)
    if len(text) > LONGEST_NOTE:
        whole = f"[SO-{row.issue_id}]({portal_address(row.issue_id)})"
        text = f"{text[:LONGEST_NOTE]}\n>\n> …\n\nShortened; the whole text is in {whole}."
    return f"{text}\n\n{note_marker(row.pk)}"


def _author(comment: Comment) -> str:
    return safe_line(comment.author.name if comment.author else comment.author_name) or "Somebody"


def _actor(event: Event) -> str:
    if event.actor is None:
        stranger = safe_line(event.data.get("author", ""))
        return f"**{stranger}**" if stranger else "The calendar"
    name = f"**{safe_line(event.actor.name)}**"
    return f"{name} for **{safe_line(event.on_behalf_of.name)}**" if event.on_behalf_of else name


def _outcome(event: Event) -> str:
    known = event.data.get("outcome")
    return Outcome(known).label.lower() if known in Outcome.values else event.get_to_state_display().lower()


def _particulars(event: Event, hidden: Collection[int]) -> Iterator[str]:
    """What else was given, where the words do not say it."""
    data = event.data
    if event.verb in (UNDONE, NOT_TAKEN, CONFLICT):
        yield f"It is done in the portal: [{event.issue.reference}]({portal_address(event.issue_id)})."
    if "approvals" in data:
        yield "{} of {} approvals are given.".format(*data["approvals"])
    for name, words in (("continued_in", "It goes on in"), ("duplicate_of", "It duplicates")):
        if number := data.get(name):
            yield f"{words} {'another request' if number in hidden else f'[SO-{number}]({portal_address(number)})'}."
    if event.verb == Verb.BLOCK:
        yield f"Blocked by {safe_line(data.get('blocked_by', ''))}. What would unblock it:"
        yield safe_text(data.get("unblock_when", ""))
    if event.verb == Verb.RECLASSIFY and len(data.get("route", ())) == 2:
        yield f"From “{safe_line(data['route'][0])}” to “{safe_line(data['route'][1])}”."


def _ping(event: Event, handle: str) -> str:
    wakes = event.verb == Verb.APPROVE and event.to_state == State.TRIAGE and handle
    return quiet(f"{handle} this is ready for triage.", allow=[handle]) if wakes else ""


_PEOPLE = ("comment__author", "event__actor", "event__on_behalf_of", "event__issue__requester")


def send_notes(run: Run) -> None:
    """Post what is due, oldest first; one that must wait holds back those after it. Then update edited ones."""
    if not run.beside.notes_due and not run.beside.files:  # a file that was sent has its comment's note shown anew
        return
    due = OutgoingNote.objects.filter(issue=run.issue, parked=False, due_at__isnull=False).order_by("pk")
    rows = list(due.select_related(*_PEOPLE).prefetch_related("comment__attachments__mirror"))
    for row in rows:
        if row.note_id is None and (not _is_due(row) or not _post(run, row)):
            break
    for row in rows:
        if row.note_id is not None and _is_due(row):
            _bring_up_to_date(run, row, row.note_id)


def _is_due(row: OutgoingNote) -> bool:
    return row.due_at is not None and row.due_at <= timezone.now()


def _post(run: Run, row: OutgoingNote) -> bool:
    """Whether the notes after this one may follow."""
    if row.comment and row.comment.deleted_at:
        return _posted(row, None)
    files = _files_of(row)
    if any(upload.due_at and not upload.attempts for _, upload in files):
        put_off(row, 2, "Waits for its files.")
        return False
    if row.posting_since is not None:
        left = row.posting_since + quarantine() - timezone.now()
        if left.total_seconds() > 0:
            put_off(row, left.total_seconds(), "Waits to see whether GitLab took it.")
            return False
        if found := _find(run, row):  # which of its files were there when it was posted, nobody knows
            return _posted(row, found, due_at=timezone.now() if files else None)
    return _create(run, row, files)


def _create(run: Run, row: OutgoingNote, files: _Files) -> bool:
    body = _body(run, row, files)
    row.attempts += 1
    _write(row, posting_since=timezone.now(), attempts=F("attempts") + 1)
    try:
        note = run.gateway.create_note(*run.there, body, internal=_internal(row))
    except GitLabError as error:
        if not isinstance(error, Unknown):
            _write(row, posting_since=None)
        handle_failure(error, PieceWork(run, row, Doing.NOTE))
        return OutgoingNote.objects.filter(pk=row.pk, parked=True).exists()
    return _posted(row, note.id)


def _bring_up_to_date(run: Run, row: OutgoingNote, note_id: int) -> None:
    """The comment was edited or deleted in the portal after it was posted."""
    row.attempts += 1
    _write(row, attempts=F("attempts") + 1)
    where = (*run.there, note_id)
    try:
        if row.comment and row.comment.deleted_at:
            run.gateway.delete_note(*where)
        else:
            run.gateway.update_note(*where, _body(run, row, _files_of(row)))
    except Gone:
        pass  # deleted in GitLab; the portal keeps its own
    except GitLabError as error:
        handle_failure(error, PieceWork(run, row, Doing.NOTE))
        return
    _posted(row, note_id)


def _find(run: Run, row: OutgoingNote) -> int | None:
    notes = run.gateway.notes(*run.there)
    return next((note.id for note in notes if note.author_id == run.bot_id and noted(note.body) == row.pk), None)


def _body(run: Run, row: OutgoingNote, files: _Files) -> str:
    if row.comment:
        return comment_body(row, row.comment, [(file, upload.markdown) for file, upload in files])
    if row.event is None:
        raise LookupError("A note mirrors a comment or a step.")
    return event_body(row, row.event, ops_handle=run.connection.ops_handle, hidden=_hidden(row.event))


def _hidden(event: Event) -> Collection[int]:
    """The numbers an event names of requests that do not exist for everybody who reads its own."""
    named = {event.data.get("continued_in"), event.data.get("duplicate_of")} - {None}
    if not named:
        return frozenset()
    readers = Q(restricted_to=None) | Q(restricted_to=event.issue.restricted_to_id)
    return named - set(Issue.objects.filter(readers, pk__in=named).values_list("pk", flat=True))


def _internal(row: OutgoingNote) -> bool:
    return bool(row.comment and row.comment.internal)


def _files_of(row: OutgoingNote) -> _Files:
    """The comment's files with their uploads."""
    if row.comment is None:
        return []
    return [(file, file.mirror) for file in row.comment.attachments.all() if hasattr(file, "mirror")]


def _posted(row: OutgoingNote, note_id: int | None, *, due_at: datetime | None = None) -> bool:
    _write(row, note_id=note_id, posting_since=None, due_at=due_at, attempts=0, last_error="", refused_since=None)
    return True


def _write(row: OutgoingNote, **fields: Any) -> None:
    OutgoingNote.objects.filter(pk=row.pk).update(**fields)
