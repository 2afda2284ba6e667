"""Uploaded files survive that the database ends an action for another one, and leave nothing where it is refused."""

import io
from contextlib import closing

import psycopg
import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile
from django.db import OperationalError

from tests.factories import Cast, request_at, step
from workflow import actions
from workflow.actions import Incomplete, check, comments, validation
from workflow.models import Attachment
from workflow.states import State
from workflow.verbs import Verb

PICTURE = b"\x89PNG\r\n\x1a\n and so on"


def small():
    """An upload that is kept in memory."""
    return InMemoryUploadedFile(io.BytesIO(PICTURE), "files", "a.png", "image/png", len(PICTURE), None)


def large():
    """An upload that lies in a file of its own, which is moved away when it is stored."""
    upload = TemporaryUploadedFile("a.png", "image/png", len(PICTURE), None)
    upload.write(PICTURE)
    upload.seek(0)
    return upload


def attach(issue, cast, upload):
    """Attach it to the request."""
    with actions.stored([upload], by=cast.requester) as files:
        actions.attach(issue.pk, files, by=cast.requester)


def say(issue, cast, upload):
    """Give it with a comment."""
    with actions.stored([upload], by=cast.requester) as files:
        actions.comment(issue.pk, "See the picture.", by=cast.requester, files=files)


def look(issue, cast, upload):
    """Give it with what was found on an item."""
    check(issue.pk, issue.checklist[0].pk, "failed", by=cast.requester, note="No.", files=[upload])


def clash_once(monkeypatch, module, name):
    """The last thing the action does fails once, as the database ends one of two that wait for each other."""
    real, clashed = getattr(module, name), []

    def clash(*args, **kwargs):
        done = real(*args, **kwargs)
        if not clashed:
            clashed.append(True)
            error = psycopg.OperationalError("deadlock detected")
            error.sqlstate = "40P01"
            raise OperationalError("deadlock detected") from error
        return done

    monkeypatch.setattr(module, name, clash)
    return clashed


@pytest.fixture
def stage(transactional_db, settings, tmp_path):
    """(a request in validation, its people)."""
    settings.MEDIA_ROOT = tmp_path
    cast = Cast()
    issue = request_at(State.DEVELOPMENT, cast=cast)
    return step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Look.", items=["It opens"]), cast


def stored_files(settings):
    """What lies in the store."""
    return [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


@pytest.mark.parametrize("upload", [small, large])
@pytest.mark.parametrize(
    ("act", "last"),
    [(attach, (comments, "record")), (say, (comments, "announce")), (look, (validation, "announce"))],
)
def test_what_is_done_again_finds_its_files(act, last, upload, stage, settings, monkeypatch):
    issue, cast = stage
    clashed = clash_once(monkeypatch, *last)
    with closing(upload()) as given:
        act(issue, cast, given)
    with issue.attachments.get().file.open() as kept:
        assert clashed and kept.read() == PICTURE
    assert Attachment.objects.count() == len(stored_files(settings)) == 1


def test_what_is_refused_leaves_no_file(stage, settings):
    issue, cast = stage
    with pytest.raises(Incomplete):
        check(issue.pk, issue.checklist[0].pk, "failed", by=cast.requester, note="", files=[small()])
    other = small()
    other.name = "a.exe"
    with pytest.raises(Incomplete), actions.stored([small(), other], by=cast.requester) as files:
        actions.attach(issue.pk, files, by=cast.requester)
    assert not Attachment.objects.exists() and not stored_files(settings)
