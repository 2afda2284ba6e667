"""Signed out in the middle of a form: come back to it filled (look.md)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from intake.models import Draft
from workflow.models import Issue


def sign_in(client, username="requester"):
    return client.post("/accounts/login/?next=/new/bug/", {"login": username, "password": "portal"})


@pytest.fixture
def sent_while_signed_out(client, fill_in):
    """A filled form that was sent after the session had ended; returns what was sent."""
    posted = fill_in("bug", title="Before the sign-in", steps="1. One\n2. Two", confidential="on")
    answer = client.post("/new/bug/", posted)
    assert answer.url == "/accounts/login/?next=/new/bug/"
    return posted


def test_the_form_is_filled_again_after_signing_in(client, sent_while_signed_out):
    page = sign_in(client)
    assert page.url == "/new/bug/"

    form = client.get("/new/bug/")

    assert 'value="Before the sign-in"' in form.text
    assert form.context["form"]["steps"].value() == "1. One\n2. Two"
    assert form.context["form"]["confidential"].value() == "on"
    assert not Issue.objects.exists(), "signing in files nothing"


def test_looking_twice_loses_nothing(client, sent_while_signed_out):
    sign_in(client)
    client.get("/new/bug/")

    assert 'value="Before the sign-in"' in client.get("/new/bug/").text


def test_it_can_be_filed_then_and_is_forgotten(client, sent_while_signed_out):
    sign_in(client)

    answer = client.post("/new/bug/", sent_while_signed_out)

    assert answer.url == f"/issues/{Issue.objects.get().pk}/"
    assert "Before the sign-in" not in client.get("/new/bug/").text


def test_another_form_is_not_filled_with_it(client, sent_while_signed_out):
    sign_in(client)

    assert "Before the sign-in" not in client.get("/new/fix/").text


def test_it_goes_on_with_the_draft_that_was_saved_before(client, cast, fill_in):
    posted = fill_in("bug", title="Saved before")
    client.force_login(cast.requester)
    client.post("/new/bug/autosave/", posted)
    client.logout()
    client.post("/new/bug/", posted | {"title": "And more"})
    sign_in(client)

    page = client.get("/new/bug/")

    assert f'name="submission" value="{posted["submission"]}"' in page.text
    assert 'value="And more"' in page.text


def test_somebody_else_who_signs_in_does_not_write_into_that_draft(client, cast, fill_in):
    posted = fill_in("bug", title="Saved before")
    client.force_login(cast.requester)
    client.post("/new/bug/autosave/", posted)
    client.logout()
    client.post("/new/bug/", posted)
    sign_in(client, "colleague")

    page = client.get("/new/bug/")

    assert page.status_code == 200
    assert posted["submission"] not in page.text
    assert Draft.objects.get().owner == cast.requester


def test_what_is_too_long_to_keep_is_said(client, fill_in):
    answer = client.post("/new/bug/", fill_in("bug", steps="x" * 300_000), follow=True)

    assert "too long to be kept" in answer.text
    assert "kept_form" not in client.session


def test_files_are_to_be_attached_again(client, fill_in):
    file = SimpleUploadedFile("a.txt", b"text", "text/plain")

    answer = client.post("/new/bug/", fill_in("bug") | {"attachments": file}, follow=True)

    assert "attach files again" in answer.text


@pytest.mark.parametrize(
    "address", ["/", "/guide/", "/new/bug/", "/new/nothing/", "/drafts/", "/new/bug/similar/?title=x"]
)
def test_nothing_is_shown_without_signing_in(client, cast, address):
    answer = client.get(address)

    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=")


def test_nothing_is_saved_without_signing_in(client, cast):
    client.post("/new/bug/autosave/", {"title": "Anonymous"})

    assert not Draft.objects.exists()
