"""Files leave the portal only to who may see their request, and never as a page."""

import codecs
import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import file_request, restrict
from workflow.actions import Incomplete, attach, comment, store_file
from workflow.models import Attachment, Comment, Event
from workflow.verbs import Act

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def issue(cast):
    return file_request(cast)


def attached(issue, by, name="notes.txt", content=b"words"):
    file = store_file(ContentFile(content, name=name), by=by)
    attach(issue.pk, [file], by=by)
    return file


def read(response):
    """The whole file; reading to the end closes it."""
    return b"".join(response.streaming_content)


def test_the_file_comes_as_it_was_given(visit, cast, issue):
    file = attached(issue, cast.requester)

    response = visit(cast.colleague).get(issue, f"attachments/{file.pk}")

    assert response.status_code == 200
    assert read(response) == b"words"
    assert response["Content-Type"] == "text/plain"
    assert response["Content-Disposition"] == 'attachment; filename="notes.txt"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_a_picture_is_shown_in_place_but_never_runs(visit, cast, issue):
    file = attached(issue, cast.requester, "shot.png", PNG)

    response = visit(cast.colleague).get(issue, f"attachments/{file.pk}")
    read(response)

    assert response["Content-Disposition"].startswith("inline")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("name", ['a"; filename="x.html.txt', "ünïcode.txt", "line\nbreak.txt", "../../etc.txt"])
def test_strange_names_break_no_header(visit, cast, issue, name):
    file = store_file(ContentFile(b"words", name="plain.txt"), by=cast.requester)
    file.name = name
    file.save()
    attach(issue.pk, [file], by=cast.requester)

    response = visit(cast.colleague).get(issue, f"attachments/{file.pk}")
    read(response)

    assert response.status_code == 200
    assert "\n" not in response["Content-Disposition"]
    assert response["Content-Disposition"].startswith("attachment")


def test_a_hidden_requests_file_does_not_exist(visit, cast, issue):
    file = attached(issue, cast.requester)
    restrict(issue)

    assert visit(cast.colleague).get(issue, f"attachments/{file.pk}").status_code == 404


def test_an_internal_file_is_for_ops_only(visit, cast, issue):
    file = store_file(ContentFile(b"secret", name="secret.txt"), by=cast.ops)
    comment(issue.pk, "Between us.", by=cast.ops, internal=True, files=[file])

    ours = visit(cast.other_ops).get(issue, f"attachments/{file.pk}")

    assert read(ours) == b"secret"
    assert visit(cast.requester).get(issue, f"attachments/{file.pk}").status_code == 404


def test_a_file_is_found_under_its_own_request_only(visit, cast, issue):
    file = attached(issue, cast.requester)

    assert visit(cast.requester).get(file_request(cast), f"attachments/{file.pk}").status_code == 404


def test_the_file_of_a_deleted_comment_is_gone(visit, cast, issue):
    file = store_file(ContentFile(b"words", name="a.txt"), by=cast.colleague)
    said = comment(issue.pk, "Forget this.", by=cast.colleague, files=[file])
    Comment.objects.filter(pk=said.pk).update(deleted_at=timezone.now())

    assert visit(cast.colleague).get(issue, f"attachments/{file.pk}").status_code == 404


@pytest.mark.parametrize("pk", [0, 999_999, 2**63, 10**30])
def test_a_file_never_given_is_not_found(visit, cast, issue, pk):
    assert visit(cast.ops).get(issue, f"attachments/{pk}").status_code == 404


def test_a_file_lost_from_the_disk_is_not_found(visit, cast, issue):
    file = attached(issue, cast.requester)
    file.file.storage.delete(file.file.name)

    assert visit(cast.ops).get(issue, f"attachments/{file.pk}").status_code == 404


def test_files_are_only_read_here(visit, cast, issue):
    file = attached(issue, cast.requester)

    assert visit(cast.requester).post(issue, f"attachments/{file.pk}").status_code == 405


def test_pressed_twice_a_file_is_attached_once(visit, cast, issue):
    visitor = visit(cast.requester)
    mark = visitor.get(issue, "attach").context["form"].initial["submission"]

    for _ in range(2):
        file = ContentFile(b"words", name="a.txt")
        assert visitor.post(issue, "attach", files=file, submission=mark).status_code == 302

    assert [file.name for file in Attachment.objects.all()] == ["a.txt"]
    assert Event.objects.filter(issue=issue, verb=Act.ATTACH).count() == 1


def test_another_form_attaches_another_file(visit, cast, issue):
    for _ in range(2):
        file = ContentFile(b"words", name="a.txt")
        visit(cast.requester).post(issue, "attach", files=file, submission=uuid.uuid4())

    assert Attachment.objects.filter(issue=issue).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("photo\u202egnp.txt", "photognp.txt"),
        ("a\u2066b\u2069\u200f\u061c.txt", "ab.txt"),
        ("line\nbreak\u2028.txt", "linebreak.txt"),
        ("\U0001f469\u200d\U0001f4bb.txt", "\U0001f469\u200d\U0001f4bb.txt"),
        ("مرحبا.txt", "مرحبا.txt"),
    ],
)
def test_a_name_reads_as_it_is_written(cast, given, kept):
    assert store_file(ContentFile(b"words", name=given), by=cast.requester).name == kept


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "content"), [("film.mp4", b"<script>"), ("shot.webp", b"RIFF1234AVI LIST")])
def test_a_film_that_is_none_is_not_kept(cast, name, content):
    with pytest.raises(Incomplete, match="is not really a"):
        store_file(ContentFile(content, name=name), by=cast.requester)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content"),
    [("film.mp4", b"\x00\x00\x00\x20ftypisom"), ("shot.webp", b"RIFF\n\x00\x00\x00WEBPVP8 "), ("shot.png", PNG)],
)
def test_a_film_or_picture_is_kept(cast, name, content):
    assert store_file(ContentFile(content, name=name), by=cast.requester).size == len(content)


UTF_16 = "Größe;Zahl\n1;2\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_that_windows_saved_is_text(cast, encoding):
    mark = b"" if encoding == "utf-16" else codecs.BOM_UTF16_LE if encoding == "utf-16-le" else codecs.BOM_UTF16_BE
    kept = store_file(SimpleUploadedFile("report.csv", mark + UTF_16.encode(encoding)), by=cast.requester)
    assert kept.content_type == "text/csv"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("capture.har", b'{"log": {}}'),
        ("mail.eml", b"From: a@example.com\n\nHello"),
        ("clip.mov", b"\x00\x00\x00\x14ftypqt  "),
        ("clip.webm", b"\x1a\x45\xdf\xa3rest"),
        ("slides.pptx", b"PK\x03\x04rest"),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic"),
        ("logs.tar.gz", b"\x1f\x8b\x08rest"),
    ],
)
def test_everyday_files_are_taken(cast, name, content):
    assert store_file(SimpleUploadedFile(name, content), by=cast.requester).name == name


def test_an_administrator_allows_more_endings_and_they_are_handed_out_as_bytes(cast, settings):
    settings.ATTACHMENT_MORE_ENDINGS = [".trace", "HTML"]
    kept = store_file(SimpleUploadedFile("page.html", b"<script>"), by=cast.requester)
    assert kept.content_type == "application/octet-stream"
    assert store_file(SimpleUploadedFile("a.TRACE", b"\x00"), by=cast.requester).name == "a.TRACE"
