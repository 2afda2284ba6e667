"""Files that people attach: checked and kept, and given to a request."""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from supportops.accounts.models import User
from workflow.actions.errors import Incomplete
from workflow.actions.signals import attachment_given
from workflow.models import Attachment, Comment, Issue

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
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", b"PK"),
    "odt": ("application/vnd.oasis.opendocument.text", b"PK"),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", b"PK"),
    "gz": ("application/gzip", rb"\x1f\x8b"),
    "tgz": ("application/gzip", rb"\x1f\x8b"),
    "mp4": ("video/mp4", rb".{4}ftyp"),
    "mov": ("video/quicktime", rb".{4}(?:ftyp|moov|mdat|wide|free)"),
    "webm": ("video/webm", rb"\x1a\x45\xdf\xa3"),
    "heic": ("image/heic", rb".{4}ftyp"),
    "har": ("application/json", b""),
    "eml": ("text/plain", b""),
    "ics": ("text/plain", b""),
    "diff": ("text/plain", b""),
    "patch": ("text/plain", b""),
    "tsv": ("text/plain", b""),
}
"""What may be attached: extension → (type it is served as, pattern of how such a file begins). No SVG, no HTML
(reliability.md §3)."""


def content_types() -> dict[str, tuple[str, bytes]]:
    """CONTENT_TYPES, and what an administrator allows besides (ATTACHMENT_MORE_ENDINGS), handed out as bytes."""
    more = (ending.lstrip(".").lower() for ending in settings.ATTACHMENT_MORE_ENDINGS)
    return {ending: ("application/octet-stream", b"") for ending in more} | CONTENT_TYPES


def store_file(upload: File[bytes], *, by: User | None) -> Attachment:
    """Keep an uploaded file that belongs to no request yet. Raises Incomplete({"file": sentence}) on a bad type or
    size."""
    name = _safe_name(upload.name or "")
    extension, types = name.rpartition(".")[2].lower(), content_types()
    if extension not in types:
        raise Incomplete({"file": f"“{name}” cannot be attached. Use one of: {', '.join(sorted(types))}."})
    if upload.size > settings.ATTACHMENT_MAX_BYTES:
        raise Incomplete({"file": f"“{name}” is larger than {settings.ATTACHMENT_MAX_BYTES // 2**20} MB."})
    content_type, beginning = types[extension]
    head = upload.read(2048)
    upload.seek(0)
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # text as some programs of Windows save it
    binary = not beginning and content_type.startswith("text") and b"\x00" in head and not wide
    if binary or not re.match(beginning, head, re.DOTALL):
        raise Incomplete({"file": f"“{name}” is not really a .{extension} file."})
    with transaction.atomic():  # what a full disk cuts short spoils nothing around it
        return Attachment.objects.create(
            uploaded_by=by, file=upload, name=name, content_type=content_type, size=upload.size
        )


def _safe_name(name: str) -> str:
    """The name on one line and read as it is written: “photo<right-to-left override>gpj.exe” does not pass for a
    picture."""
    shown = "".join(letter for letter in name if not _turns_text(letter))
    return shown.replace("/", "_").replace("\\", "_")[-200:] or "file"


def _turns_text(letter: str) -> bool:
    """Whether it is a control character, or one that turns the direction of the letters after it."""
    kind = unicodedata.category(letter)  # joiners, which emoji and some scripts need, are Cf too, but of no direction
    return kind in {"Cc", "Zl", "Zp"} or (kind == "Cf" and unicodedata.bidirectional(letter) != "BN")


@contextmanager
def stored(uploads: Iterable[File[bytes]], *, by: User) -> Iterator[list[Attachment]]:
    """Uploaded files as Attachments, for an action that locks the request afterwards.

    Outside what is done again after a clash: an upload can be read only once. What the action takes no hold of,
    because it refuses or has happened before, is deleted.
    """
    files = []
    try:
        for upload in uploads:
            files.append(store_file(upload, by=by))
        yield files
    finally:
        if files:
            _drop_unused(files)


def _drop_unused(files: list[Attachment]) -> None:
    for unused in Attachment.objects.filter(pk__in=[file.pk for file in files], issue__isnull=True):
        delete_file(unused)


def delete_file(attachment: Attachment) -> None:
    """Delete an attachment and what is stored of it."""
    file = attachment.file
    attachment.delete()
    # After the commit: a rollback brings the row back, and then its file must still be there.
    if name := file.name:
        transaction.on_commit(lambda: file.storage.delete(name))


def keep(attachment: Attachment, issue: Issue, *, comment: Comment | None = None, internal: bool = False) -> None:
    """Give a stored file to a request, or to a comment of it; GitLab gets it where the request is mirrored."""
    attachment.issue, attachment.comment, attachment.internal = issue, comment, internal
    attachment.save(update_fields=["issue", "comment", "internal"])
    attachment_given.send(sender=None, issue=issue, attachment=attachment)
