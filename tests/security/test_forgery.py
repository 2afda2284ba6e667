"""Forms sent from elsewhere, redirects to elsewhere, and pages that do something when merely looked at."""

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.urls import reverse

from tests.addresses import ADDRESSES
from tests.factories import file_request

SENDING = [address for address in ADDRESSES if "POST" in address.methods]
ELSEWHERE = (
    "https://evil.example/",
    "http://evil.example",
    "//evil.example/",
    "///evil.example",
    "////evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example\\@testserver/",
    "https://testserver@evil.example",
    "https://testserver.evil.example/",
    "\t//evil.example",
    " //evil.example",
    "//evil%2eexample",
    "http:\\\\evil.example",
    "/\t/evil.example",
    "\x00//evil.example",
    "ftp://evil.example/",
    "//①.example/",
)
SAFE = ("/mine/", "/issues/?q=a", "/new/bug/")


@pytest.mark.parametrize("role", ["requester", "ops"])
def test_no_form_is_taken_from_elsewhere(role, world, signed_in):
    client = signed_in(world.people[role], strict=True)

    taken = {}
    for address in SENDING:
        if address.path.startswith("/accounts/login/"):
            continue
        status = client.post(world.path(address), {"text": "Forged"}).status_code
        if status != 403:
            taken[world.path(address)] = status

    assert taken == {}


def test_nobody_is_signed_in_from_elsewhere(client, world):
    strict = type(client)(enforce_csrf_checks=True)

    answer = strict.post("/accounts/login/", {"login": "requester", "password": "portal"})

    assert answer.status_code == 403
    assert "sessionid" not in strict.cookies


def test_the_token_of_the_page_opens_the_form(world, signed_in):
    client = signed_in(world.cast.requester, strict=True)
    client.get("/new/bug/")
    form = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value, "next": "/mine/", "theme": "dark"}

    assert client.post(reverse("ui:theme"), form).status_code == 302


@pytest.mark.parametrize("role", ["requester", "manager", "ops", "lead", "admin"])
def test_looking_at_every_page_changes_nothing(role, world, signed_in):
    client = signed_in(world.people[role])
    before = everything()

    for address in ADDRESSES:
        answer = client.get(world.path(address))
        if answer.streaming:
            answer.getvalue()

    assert [model for model, rows in everything().items() if rows != before[model]] == []


def test_looking_at_the_administration_changes_nothing(world, signed_in):
    client = signed_in(world.cast.admin)
    before = everything()

    for address in (
        "/admin/",
        "/admin/workflow/issue/",
        f"/admin/workflow/issue/{world.bug.pk}/change/",
        "/admin/workflow/milestone/read/",
        "/admin/accounts/user/",
        "/admin/catalogue/entry/",
    ):
        client.get(address)

    assert everything() == before


def everything():
    """{model: its rows}: the whole database but sessions."""
    models = [model for model in apps.get_models() if model is not Session and model._meta.managed]
    return {model: sorted(map(repr, model.objects.values_list())) for model in models}


def test_a_change_of_anything_would_be_noticed(world):
    before = everything()

    file_request(world.cast)

    assert everything() != before


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_nowhere_else(target, client, world):
    answer = client.post(
        "/accounts/login/", {"login": world.cast.requester.username, "password": "portal", "next": target}
    )

    assert answer.status_code == 302
    assert answer["Location"] == "/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_other_address_leads_elsewhere(target, world, signed_in):
    client = signed_in(world.cast.requester)
    sent = [
        client.get("/accounts/login/", {"next": target}),
        client.post(f"/accounts/login/?next={target}"),
        client.post(reverse("ui:theme"), {"theme": "dark", "next": target}),
        client.post("/new/bug/", {"action": "draft", "title": "x", "next": target}),
        client.post(reverse("inbox-read-all"), {"next": target}),
        client.post(f"/issues/{world.bug.pk}/watch/", {"watching": "yes", "next": target}),
        client.post(reverse("account_logout"), {"next": target}),
    ]

    away = [answer["Location"] for answer in sent if answer.has_header("Location") and not _here(answer["Location"])]

    assert away == []


def _here(location):
    """Whether every browser stays: one slash, then something that no browser reads as another."""
    return location.startswith("/") and location[1:2] not in ("/", "\\", "\t", "\n") and "evil" not in location


@pytest.mark.parametrize("target", SAFE)
def test_signing_in_leads_back_to_the_page_asked_for(target, client, world):
    answer = client.post("/accounts/login/", {"login": "requester", "password": "portal", "next": target})

    assert answer["Location"] == target


@pytest.mark.parametrize("location", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/x", "evil"])
def test_a_redirect_to_elsewhere_would_be_noticed(location):
    assert not _here(location)
