"""People with addresses, and a clock that stands on an ordinary Tuesday morning."""

import pytest
import time_machine

from supportops.accounts.models import User
from tests.notifications.telling import at

MORNING = at(2026, 3, 10, 9)


@pytest.fixture
def clock():
    """The time, which moves only when a test moves it."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock, cast):
    """The people of domain.md §1, with e-mail addresses."""
    for one in cast:
        one.email = f"{one.username}@example.com"
        User.objects.filter(pk=one.pk).update(email=one.email)
    return cast
