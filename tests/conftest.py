"""What every test stands on: fast passwords, plain static files, the catalogue, and a transactional database that
history allows."""

import os
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.test.utils import override_settings
from hypothesis import settings

from supportops.accounts.models import forget_holidays
from tests.emptying import put_back, rows_now
from tests.factories import Cast
from tests.prepared import begin_with, remove
from workflow.gitlab.models import Budget

LONGEST_TEST = timedelta(minutes=2)
# The same examples at every run: a red test must be about the change. HYPOTHESIS=random looks for new ones.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("random", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS", "same"))


@pytest.fixture(scope="session", autouse=True)
def quick_settings():
    """MD5 passwords and unhashed static files: nothing under test depends on the slow ones."""
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES=storages,
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        WHITENOISE_AUTOREFRESH=True,
    ):
        yield


@pytest.fixture(autouse=True)
def fresh_cache():
    """Rate limits of sign-in and known holidays are remembered; no test inherits another's."""
    cache.clear()
    forget_holidays()
    Budget.empty_purse()


@pytest.fixture(autouse=True)
def midnight_is_far(request):
    """Whoever asks twice what day it is gets the same answer: shortly before midnight a test begins shortly after it.

    Not where processes of their own take part: their clocks stay.
    """
    now = datetime.now(UTC)
    others = any(request.node.get_closest_marker(name) for name in ("faults", "browser"))
    if others or (now + LONGEST_TEST).date() == now.date():
        yield
        return
    with time_machine.travel(now + LONGEST_TEST, tick=True):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_modify_db_settings, django_db_blocker):
    """The migrated database with the shipped catalogue and label schemes, a copy of the one prepared for this code.

    Where Django would flush after a transactional test, what was there in the beginning is put back.
    """
    with django_db_blocker.unblock():
        name = connection.creation._get_test_db_name()
        begin_with(name)
        # Django asks SQLite once per connection whether it knows JSON; not while a test counts queries.
        assert connection.features.has_json_object_function
        rows = rows_now()
    with patch.object(TransactionTestCase, "_fixture_teardown", lambda case: put_back(rows)):
        yield
    with django_db_blocker.unblock():
        remove(name)


@pytest.fixture(scope="module")
def rows_of_the_module(django_db_setup, django_db_blocker):
    """Rows that a fixture of the module makes from here on are there for each of its tests, and gone after the last.

    For what is dear to make and that no test changes for good: each has its own savepoint. Say in tests/scheduling.py
    that the module stays together.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def cast(db):
    """The people of domain.md §1."""
    return Cast()
