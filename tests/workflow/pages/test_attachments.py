"""Files leave the portal only to who may see their request, and never as a page."""

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.factories import file_request, restrict
from workflow.actions import attach, comment, store_file
from workflow.models import Comment

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
