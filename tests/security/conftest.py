"""The world the sweeps of security walk through."""

import pytest
from django.test import Client

from tests.addresses import World


@pytest.fixture
def world(db):
    """One of everything (tests/addresses.py)."""
    return World()


@pytest.fixture
def signed_in():
    """``signed_in(person)``: their client; ``strict=True`` checks forms for forgery as the real server does."""

    def client_of(person, *, strict=False):
        client = Client(enforce_csrf_checks=strict)
        client.force_login(person)
        return client

    return client_of
