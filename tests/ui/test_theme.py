"""The choice of colours is remembered in a cookie and works without JavaScript."""

import pytest
from django.urls import reverse

from tests.factories import person


@pytest.fixture
def signed_in(client, db):
    client.force_login(person("painter", is_staff=True))
    return client


def test_the_chosen_colours_are_on_the_next_page(signed_in):
    signed_in.post(reverse("ui:theme"), {"theme": "dark", "next": "/ui/"})

    assert 'data-theme="dark"' in signed_in.get("/ui/").content.decode()


def test_choosing_colours_leads_back_to_where_one_was(signed_in):
    reply = signed_in.post(reverse("ui:theme"), {"theme": "light", "next": "/issues/?q=macro"})

    assert reply["Location"] == "/issues/?q=macro"


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_choosing_colours_never_leads_to_another_site(signed_in, address):
    reply = signed_in.post(reverse("ui:theme"), {"theme": "light", "next": address})

    assert reply["Location"] == "/"


def test_unknown_colours_are_not_remembered(signed_in):
    signed_in.post(reverse("ui:theme"), {"theme": '"><script>'})

    assert "theme" not in signed_in.cookies


def test_reading_the_address_changes_nothing(signed_in):
    assert signed_in.get(reverse("ui:theme")).status_code == 405
