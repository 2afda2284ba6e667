"""Comments and files."""

import re
import unicodedata

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from workflow.actions.clashes import again_after_a_clash
from workflow.actions.discussion import is_discussed
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.given import LONGEST_TEXT
from workflow.actions.history import record, tell_people
from workflow.actions.lock import locked
from workflow.actions.participants import ASKED_IN, ask_ops_in, takes_part
from workflow.actions.signals import announce
from workflow.models import Attachment, Comment, NoteMirror, UploadMirror
from workflow.permissions import refusal, sees_internal
from workflow.states import Act, Source

CONTENT_TYPES = {
    "png": ("image/png", rb"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", rb"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", rb"\xff\xd8\xff"),
    "gif": ("image/gif", rb"GIF8"),
    "webp": ("image/webp", rb"RIFF.{4}WEBP"),
    "pdf": ("application/pdf", rb"%PDF-"),
    "txt": ("text/plain", b""),
    "log": ("text/plain", b""),
    "md": ("text/plain", b""),
    "csv": ("text/csv", b""),
    "json": ("application/json", b""),
    "yml": ("text/plain", b""),
    "yaml": ("text/plain", b""),
    "zip": ("application/zip", b"PK"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
    "mp4": ("video/mp4", rb".{4}ftyp"),
}
"""What may be attached: extension → (type it is served as, pattern of how such a file begins). No SVG, no HTML
(reliability.md §3)."""


def store_file(upload, *, by):
    """Keep an uploaded file that belongs to no request yet. Raises Incomplete({"file": sentence}) on a bad type or
    size."""
    name = _safe_name(upload.name)
    extension = name.rpartition(".")[2].lower()
    if extension not in CONTENT_TYPES:
        raise Incomplete({"file": f"“{name}” cannot be attached. Use one of: {', '.join(sorted(CONTENT_TYPES))}."})
    if upload.size > settings.ATTACHMENT_MAX_BYTES:
        raise Incomplete({"file": f"“{name}” is larger than {settings.ATTACHMENT_MAX_BYTES // 2**20} MB."})
    content_type, beginning = CONTENT_TYPES[extension]
    head = upload.read(2048)
    upload.seek(0)
    binary = not beginning and content_type.startswith("text") and b"\x00" in head
    if binary or not re.match(beginning, head, re.DOTALL):
        raise Incomplete({"file": f"“{name}” is not really a .{extension} file."})
    return Attachment.objects.create(
        uploaded_by=by, file=upload, name=name, content_type=content_type, size=upload.size
    )


def _safe_name(name):
    """The name on one line and read as it is written: “photo<right-to-left override>gpj.exe” does not pass for a
    picture."""
    shown = "".join(letter for letter in name if not _turns_text(letter))
    return shown.replace("/", "_").replace("\\", "_")[-200:] or "file"


def _turns_text(letter):
    """Whether it is a control character, or one that turns the direction of the letters after it."""
    kind = unicodedata.category(letter)  # joiners, which emoji and some scripts need, are Cf too, but of no direction
    return kind in {"Cc", "Zl", "Zp"} or (kind == "Cf" and unicodedata.bidirectional(letter) != "BN")


@again_after_a_clash
def comment(
    number, body, *, by, internal=False, files=(), submission=None, asks_ops_in=False, source=Source.PORTAL
):
    """Add a comment and return it; the same ``submission`` again returns the one that is there. Does not raise the
    version.

    ``files``: Attachments from ``store_file``. Only Support Operations writes internal ones. ``asks_ops_in``: they are
    asked to join the discussion, which the comment says.
    """
    body = body.replace("\x00", "").strip()
    if submission and (earlier := Comment.objects.filter(submission=submission).first()):
        return earlier
    try:
        with locked(number) as issue:
            if reason := refusal(by, Act.COMMENT, issue):
                raise Refused(reason)
            if internal and not sees_internal(by):
                raise Refused("Only Support Operations writes internal comments.")
            _check_body(body)
            if asks_ops_in and is_discussed(issue):
                return _ask_ops_in(issue, body, by=by, files=files, submission=submission, source=source)
            return _write(issue, body, by=by, internal=internal, files=files, submission=submission, source=source)
    except IntegrityError:
        if submission and (earlier := Comment.objects.filter(submission=submission).first()):
            return earlier
        raise


def _ask_ops_in(issue, body, *, by, **given):
    new = _write(issue, f"{body}\n\n{ASKED_IN}", by=by, internal=False, **given)
    ask_ops_in(issue, new, by)
    return new


def _check_body(body):
    if not body:
        raise Incomplete({"body": "Write something first."})
    if len(body) > LONGEST_TEXT:
        raise Incomplete({"body": f"Shorten this to {LONGEST_TEXT:,} characters; it has {len(body):,}."})


def _write(issue, body, *, by, internal, files, submission, source):
    now = timezone.now()
    new = Comment.objects.create(
        issue=issue, author=by, body=body, internal=internal, source=source, submission=submission, created_at=now
    )
    for attachment in files:
        _keep(attachment, issue, comment=new, internal=internal)
    if issue.tracker_id and source != Source.GITLAB:
        NoteMirror.objects.create(issue=issue, comment=new, due_at=now)
    if not internal:
        takes_part(issue, by)
    tell_people(issue, comment=new, actor=by)
    announce(issue.pk)
    return new


@again_after_a_clash
def attach(number, files, *, by, version=None):
    """Add files (Attachments from ``store_file``) to the request itself."""
    with locked(number, version=version) as issue:
        _check_attach(issue, by, files)
        _attach(issue, files, by=by)
        return issue


@again_after_a_clash
def attach_uploads(number, uploads, *, by, submission=None):
    """Keep uploaded files with the request itself; the same ``submission`` (a UUID) again keeps nothing more."""
    with locked(number) as issue:
        _check_attach(issue, by, uploads)
        mark = {"submission": str(submission)} if submission else {}
        if mark and issue.events.filter(verb=Act.ATTACH, actor=by, data__submission=mark["submission"]).exists():
            return issue
        _attach(issue, [store_file(upload, by=by) for upload in uploads], by=by, **mark)
        return issue


def _check_attach(issue, by, files):
    if reason := refusal(by, Act.ATTACH, issue):
        raise Refused(reason)
    if not files:
        raise Incomplete({"files": "Choose a file first."})


def _attach(issue, files, *, by, **mark):
    for attachment in files:
        _keep(attachment, issue)
    record(issue, Act.ATTACH, by=by, from_state=issue.state, data={"files": [file.name for file in files], **mark})


def _keep(attachment, issue, *, comment=None, internal=False):
    attachment.issue, attachment.comment, attachment.internal = issue, comment, internal
    attachment.save(update_fields=["issue", "comment", "internal"])
    if issue.tracker_id:
        UploadMirror.objects.create(attachment=attachment, due_at=timezone.now())
