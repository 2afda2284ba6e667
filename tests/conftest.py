"""What every test stands on: fast passwords, plain static files, the catalogue, and a transactional database that
history allows."""

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings

from supportops.accounts.models import forget_holidays
from tests.append_only import lifted
from tests.factories import Cast
from workflow.models import StageTarget
from workflow.stages import TARGET_WORKING_DAYS


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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The shipped catalogue and label schemes, once for all tests."""
    with django_db_blocker.unblock():
        seed()


def seed():
    """What every installation has."""
    call_command("seed_catalogue", verbosity=0)
    call_command("seed_label_schemes", verbosity=0)
    for state, days in TARGET_WORKING_DAYS.items():
        StageTarget.objects.get_or_create(state=state, defaults={"working_days": days})


@pytest.fixture(autouse=True)
def history_lets_clean_up(request):
    """Transactional tests begin with the catalogue and end with a flush, which history's triggers would refuse."""
    marker = request.node.get_closest_marker("django_db")
    transactional = (marker and marker.kwargs.get("transaction")) or {"transactional_db", "live_server"} & set(
        request.fixturenames
    )
    if not transactional:
        yield
        return
    request.getfixturevalue("_django_db_helper")
    seed()
    yield
    with lifted(connection):
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def cast(db):
    """The people of domain.md §1."""
    return Cast()
