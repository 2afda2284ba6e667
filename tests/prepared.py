"""The database every test begins with, migrated and seeded: made once for this state of the code, then copied.

SQLite: a file in ``var/tests``. PostgreSQL: a database used as a template. Both carry in their names the checkout and
a digest of all that may put something into them, so that another checkout, or a change to the code, has its own.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
_PLACE = ROOT / "var" / "tests"
_MADE_FROM = ("supportops", "intake", "workflow", "tests/prepared.py", "requirements.txt")


def begin_with(name: str) -> None:
    """The connection's database is called ``name`` from now on, and holds what every installation has, nothing else."""
    connection.close()
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name
    ways = _OnPostgreSQL() if connection.vendor == "postgresql" else _OnSQLite()
    with _one_at_a_time():
        if ways.is_kept():
            ways.copy(name)
        else:
            ways.remove(name)
            ways.create(name)
            call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
            call_command("createcachetable")
            seed()
            connection.close()
            ways.keep(name)


def remove(name: str) -> None:
    """The database of this name is gone."""
    connection.close()
    (_OnPostgreSQL() if connection.vendor == "postgresql" else _OnSQLite()).remove(name)


def seed() -> None:
    """What every installation has."""
    from workflow.models import StageTarget
    from workflow.states import TARGET_WORKING_DAYS

    call_command("seed_catalogue", verbosity=0)
    call_command("seed_label_schemes", verbosity=0)
    for state, days in TARGET_WORKING_DAYS.items():
        StageTarget.objects.get_or_create(state=state, defaults={"working_days": days})


class _OnSQLite:
    """A database is a file."""

    def __init__(self):
        self.kept = _PLACE / f"prepared-{_digest()}.sqlite3"

    def is_kept(self):
        return self.kept.exists()

    def create(self, name):
        Path(name).parent.mkdir(parents=True, exist_ok=True)

    def copy(self, name):
        self.remove(name)
        self.create(name)
        shutil.copyfile(self.kept, name)

    def keep(self, name):
        for old in _PLACE.glob("prepared-*"):
            old.unlink()
        half = _PLACE / "half-made.sqlite3"
        half.unlink(missing_ok=True)
        with closing(sqlite3.connect(name)) as made, closing(sqlite3.connect(half)) as copy:
            made.backup(copy)
        half.rename(self.kept)

    def remove(self, name):
        for ending in ("", "-wal", "-shm"):
            Path(f"{name}{ending}").unlink(missing_ok=True)


class _OnPostgreSQL:
    """A database is a copy of another one, made by the server."""

    def __init__(self):
        self._ours = f"supportops_prepared_{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}_"
        self.kept = f"{self._ours}{_digest()}"

    def _names(self):
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self._ours])
            return [name for (name,) in cursor.fetchall()]

    def is_kept(self):
        return self.kept in self._names()

    def create(self, name, template=None):
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))

    def copy(self, name):
        self.remove(name)
        self.create(name, self.kept)

    def keep(self, name):
        for old in self._names():
            self.remove(old)
        self.create(self.kept, name)

    def remove(self, name):
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@cache
def _digest():
    """Changes with the code of the portal, with its libraries, and with the day it is made to be."""
    known = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version} {os.environ.get('NOW')}".encode())
    for part in _MADE_FROM:
        files = sorted((ROOT / part).rglob("*")) if (ROOT / part).is_dir() else [ROOT / part]
        for file in files:
            if file.suffix in {".py", ".json", ".txt", ".toml", ".yml", ".yaml", ".csv"}:
                known.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return known.hexdigest()[:16]


@contextmanager
def _one_at_a_time():
    """While one worker makes the database, the others wait for it."""
    _PLACE.mkdir(parents=True, exist_ok=True)
    with (_PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
