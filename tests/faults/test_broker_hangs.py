"""A broker that takes the connection and never answers, or is not there at all, holds up nobody (rows 64 and 65)."""

import socket
import threading
from contextlib import closing

import pytest
from django.core.management import call_command

from tests.processes import portal_python, run
from tests.security.test_settings import REAL

WAKES = """
import time
import supportops.celery
from workflow.enqueue import enqueue
for _ in range(2):
    began = time.monotonic()
    print(enqueue("nothing", 1), time.monotonic() - began)
"""


TELLS = "print(settings.CACHES['default']['BACKEND'])"


@pytest.fixture
def real_settings(tmp_path):
    """What the portal is told where it runs for real, with data of its own."""
    return {**REAL, "VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3"}


@pytest.fixture
def silent():
    """The port of a server that takes every connection and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        kept = []

        def listen():
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1]
        for one in kept:
            one.close()


@pytest.mark.fault(64)
@pytest.mark.parametrize("url", ["redis://127.0.0.1:{}/0", "amqp://guest:guest@127.0.0.1:{}//"])
def test_a_wake_up_waits_two_seconds_at_most_and_the_next_not_at_all(url, silent):
    told = portal_python(WAKES, CELERY_BROKER_URL=url.format(silent))
    assert told.returncode == 0, told.stderr
    (first, took), (second, again) = (line.split() for line in told.stdout.split("\n")[:2])
    assert (first, second) == ("False", "False")
    assert float(took) < 2 and float(again) < 0.1


@pytest.mark.fault(65)
@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "rediss://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_nothing_but_waking_needs_the_broker(broker, real_settings):
    told = run("-c", f"from django.conf import settings; {TELLS}", CELERY_BROKER_URL=broker, **real_settings)
    assert told.stdout.split() == ["django.core.cache.backends.db.DatabaseCache"], told.stderr


@pytest.mark.fault(65)
def test_sign_in_is_limited_in_the_database(client, cast, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
    call_command("createcachetable", "cache", verbosity=0)  # as every migration does where it is run for real
    assert client.post("/accounts/login/", {"login": "ops", "password": "portal"}).status_code == 302
    client.logout()
    wrong = {"login": "requester", "password": "wrong"}
    answers = [client.post("/accounts/login/", wrong) for _ in range(12)]
    assert "Too many failed login attempts" in answers[-1].text or answers[-1].status_code == 429


@pytest.mark.fault(65)
@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("", "ssl_cert_reqs=required"),
        ("?ssl_cert_reqs=none", "ssl_cert_reqs=none"),
        ("?x=1", "x=1&ssl_cert_reqs=required"),
    ],
)
def test_a_broker_over_tls_is_checked_unless_told_otherwise(asked, kept, real_settings):
    code = "from django.conf import settings; print(settings.CELERY_BROKER_URL)"
    told = run("-c", code, CELERY_BROKER_URL=f"rediss://broker/0{asked}", **real_settings)
    assert told.stdout.strip() == f"rediss://broker/0?{kept}", told.stderr
