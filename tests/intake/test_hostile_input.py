"""Nothing a person can send ends in a 500, and nothing they write runs."""

import uuid

import pytest

from intake.models import Draft
from workflow.models import Issue

XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7|add:7 }}",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "</textarea><script>alert(1)</script>",
]


@pytest.mark.parametrize("text", XSS)
def test_what_is_typed_is_shown_as_text(requester, fill_in, text):
    page = requester.post("/new/bug/", fill_in("bug", title=text, steps=text, since=text, expected=""))

    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert page.context["form"]["title"].value() == text


@pytest.mark.parametrize("text", XSS)
def test_a_search_is_shown_as_text(requester, text):
    page = requester.get("/", {"q": text})

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


@pytest.mark.parametrize("text", XSS)
def test_titles_of_others_are_shown_as_text(requester, fill_in, text):
    requester.post("/new/bug/", fill_in("bug", title=f"Calendar {text}"))

    page = requester.get("/new/bug/similar/", {"title": "calendar"})

    assert "Calendar" in page.text
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


def test_guidance_from_the_admin_cannot_run_either(requester, entry):
    bug = entry("bug")
    bug.guidance = "<script>alert(1)</script> [x](javascript:alert(1))"
    bug.save()

    page = requester.get("/new/bug/").text

    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_nul_and_other_control_characters_are_left_out(requester, fill_in):
    requester.post("/new/bug/", fill_in("bug", title="No\x00thing\x07", steps="a\x00b\x1bc"))

    issue = Issue.objects.get()
    assert issue.title == "Nothing"
    assert next(row for row in issue.answers if row["key"] == "steps")["answer"] == "abc"


@pytest.mark.parametrize("address", ["/?q=%00", "/guide/?at=%00", "/new/bug/?draft=%00", "/new/bug/similar/?title=%00"])
def test_nul_in_an_address_is_no_error(requester, address):
    assert requester.get(address).status_code in {200, 404}


@pytest.mark.parametrize("number", ["%00", "-1", "9" * 30, "1e3", "٣", "nobody", "'"])
def test_an_odd_number_to_begin_from_is_no_error(requester, number):
    assert requester.get(f"/new/bug/?from={number}").status_code in {200, 404}


def test_a_very_long_text_is_named_and_kept_on_the_page(requester, fill_in):
    page = requester.post("/new/bug/", fill_in("bug", steps="x" * 1_000_000))

    assert page.status_code == 422
    assert "x" * 1_000_000 in page.text
    assert "20000 characters" in str(page.context["form"].errors["steps"])
    assert not Issue.objects.exists()


def test_a_text_of_the_greatest_length_is_filed(requester, fill_in):
    assert requester.post("/new/bug/", fill_in("bug", steps="x" * 20_000)).status_code == 302


def test_ten_thousand_names_are_refused(requester, fill_in):
    answer = requester.post("/new/bug/", fill_in("bug") | {f"name{number}": "x" for number in range(10_000)})

    assert answer.status_code == 400
    assert not Issue.objects.exists()


MARKS = ["", "x", "0", "-1", "\x00", "9" * 99, "٣", str(uuid.UUID(int=0)), "{}", "None"]


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
@pytest.mark.parametrize("name", ["submission", "page", "draft_version"])
def test_spoilt_marks_are_no_error(requester, fill_in, name, mark):
    assert requester.post("/new/bug/", fill_in("bug", **{name: mark})).status_code == 302


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 99, "٣", "\x00"], ids=ascii)
@pytest.mark.parametrize("name", ["approver", "person", "remove"])
def test_spoilt_choices_are_no_error(requester, fill_in, name, value):
    action = "hand-over" if name == "person" else "submit"

    answer = requester.post("/new/macros-global/", fill_in("macros-global", action=action) | {name: value})

    assert answer.status_code in {302, 422}


def test_an_unknown_action_is_not_found(requester, fill_in):
    assert requester.post("/new/bug/", fill_in("bug", action="complete")).status_code == 404
    assert not Issue.objects.exists()
    assert not Draft.objects.exists()


def test_a_file_in_place_of_a_text_is_no_error(requester, fill_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    posted = fill_in("bug", title=None) | {"title": SimpleUploadedFile("t.txt", b"x", "text/plain")}

    assert requester.post("/new/bug/", posted).status_code == 422


def test_text_in_place_of_a_file_is_no_error(requester, fill_in):
    assert requester.post("/new/bug/", fill_in("bug", attachments="text")).status_code == 302


def test_other_encodings_are_no_error(requester):
    answer = requester.post(
        "/new/bug/", b"title=%ff%fe%ed%a0%80&steps=%c3%28", content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 422


def test_forged_requests_from_elsewhere_are_refused(cast, fill_in):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.requester)

    assert strict.post("/new/bug/", fill_in("bug")).status_code == 403
    assert not Issue.objects.exists()
