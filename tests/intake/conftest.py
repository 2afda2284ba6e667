"""Browsers of the people who ask."""

import pytest

from tests.intake.filled import filled
from workflow.catalogue.models import Entry


@pytest.fixture
def browser_of(client):
    """Signs a person in and returns their browser: ``browser_of(cast.requester)``."""

    def sign_in(person):
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def requester(cast, browser_of):
    """The requester's browser."""
    return browser_of(cast.requester)


@pytest.fixture
def entry(cast):
    """An entry by its key: ``entry("bug")``."""
    return lambda key: Entry.objects.get(route__key=key)


@pytest.fixture
def fill_in(cast):
    """What a browser posts for an entry: ``fill_in("bug", title="…")``; by the requester unless somebody is named."""

    def posted(key, person=None, **changes):
        return filled(key, person or cast.requester, **changes)

    return posted
