"""Houses on the database and broker that the environment names, and servers to ruin."""

import shutil
from contextlib import contextmanager

import pytest

from tests.faults.nightly.servers import Postgres, Redis, own_folder
from tests.soak.house import House


@contextmanager
def a_house():
    """A House of its own in a folder of its own; nothing of it is left afterwards."""
    folder = own_folder("house")
    house = House(folder)
    try:
        yield house
    finally:
        house.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house():
    """On the database and the broker that the environment names."""
    with a_house() as house:
        yield house


@pytest.fixture
def postgres(monkeypatch):
    """A PostgreSQL of the test's own; a house that is built later stands on it."""
    server = Postgres().start()
    monkeypatch.setenv("DATABASE_URL", server.url)
    yield server
    server.close()


@pytest.fixture
def redis(monkeypatch):
    """A Redis of the test's own; a house that is built later uses it."""
    server = Redis().start()
    monkeypatch.setenv("CELERY_BROKER_URL", server.url)
    yield server
    server.close()


@pytest.fixture
def house_on_postgres(postgres):
    """A house on the test's own PostgreSQL."""
    with a_house() as house:
        yield house


@pytest.fixture
def house_on_redis(redis):
    """A house with the test's own Redis."""
    with a_house() as house:
        yield house
