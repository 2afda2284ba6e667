"""The disk is full: a clean 503, nothing half-written, and everything as before once there is room again (row 52).

Here the database is told how large it may grow (SQLite's own ``max_page_count``) and the operating system's write
fails; ``nightly/test_full_disk.py`` fills a small real one.
"""

import errno
import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tests.factories import Cast, file_request
from workflow.gitlab.models import OutgoingNote, OutgoingUpload
from workflow.models import Attachment, Comment

pytestmark = pytest.mark.fault(52)
NO_ROOM, ROOM = 1, 2**31 - 2
ONE_PAGE_LONG = "All of this is kept, or none of it. " * 400


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the limit is SQLite's; PostgreSQL's disk is filled nightly")
@pytest.mark.django_db(transaction=True)
def test_a_comment_the_database_has_no_room_for_leaves_no_trace():
    cast = Cast()
    issue = file_request(cast)
    browser = Client(raise_request_exception=False)
    browser.force_login(cast.requester)

    def say():
        return browser.post(f"/issues/{issue.pk}/comment/", {"body": ONE_PAGE_LONG}).status_code

    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {NO_ROOM}")  # SQLite takes the present size for the least
    answers = [say() for _ in range(12)]
    kept = [Comment.objects.count(), OutgoingNote.objects.count()]
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {ROOM}")

    assert 503 in answers
    assert set(answers) <= {302, 503}
    assert kept == [answers.count(302)] * 2
    assert say() == 302
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def attachments(settings, tmp_path):
    """The place of attachments, kept as an installation keeps them."""
    settings.MEDIA_ROOT = tmp_path / "attachments"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "supportops.storage.WholeFiles"}}
    return settings.MEDIA_ROOT


class Cut:
    """A file on a disk that has room for the beginning of it."""

    def __init__(self, file):
        self._file = file

    def write(self, data):
        self._file.write(data[:1000])
        self._file.flush()
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self):
        self._file.close()


@pytest.fixture
def full_disk(attachments, monkeypatch):
    """A disk that takes the first part of an attachment and then no more; the paths it was tried with."""
    fdopen, tried = os.fdopen, []

    def opening(descriptor, *how, **more):
        path = os.readlink(f"/proc/self/fd/{descriptor}") if isinstance(descriptor, int) else ""
        opened = fdopen(descriptor, *how, **more)
        if not path.startswith(str(attachments)):
            return opened
        tried.append(path)
        return Cut(opened)

    monkeypatch.setattr(os, "fdopen", opening)
    return tried


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["See the log.", ""])
def test_a_file_the_disk_has_no_room_for_leaves_no_trace(cast, attachments, full_disk, words):
    issue = file_request(cast)
    browser = Client(raise_request_exception=False)
    browser.force_login(cast.requester)
    log = SimpleUploadedFile("big.log", b"line\n" * 100_000, "text/plain")
    place, given = ("comment", {"body": words}) if words else ("attach", {"version": issue.version})

    answer = browser.post(f"/issues/{issue.pk}/{place}/", {**given, "files": log})

    assert (answer.status_code, len(full_disk)) == (503, 1)
    assert [path for path in attachments.rglob("*") if path.is_file()] == []
    counts = [rows.objects.count() for rows in (Attachment, OutgoingUpload, Comment)]
    assert counts == [0, 0, 0]
