"""Finds the PostgreSQL and Redis to test on: named by DATABASE_URL and CELERY_BROKER_URL, or answering on their
usual local ports.

``python -m tests.services`` prints the two as shell assignments; on CI a missing one is an error.
"""

import getpass
import os
import socket
import sys

import psycopg


def postgresql():
    """A DATABASE_URL for PostgreSQL, or None."""
    named = os.environ.get("DATABASE_URL", "")
    if named.startswith(("postgres://", "postgresql://")):
        return named
    for user in dict.fromkeys([getpass.getuser(), "postgres"]):
        for database in dict.fromkeys([user, "postgres"]):
            url = f"postgres://{user}@127.0.0.1:5432/{database}"
            try:
                with psycopg.connect(url, connect_timeout=2):
                    return url
            except psycopg.OperationalError:
                continue
    return None


def redis():
    """A CELERY_BROKER_URL for Redis, or None."""
    named = os.environ.get("CELERY_BROKER_URL", "")
    if named.startswith(("redis://", "rediss://")):
        return named
    try:
        with socket.create_connection(("127.0.0.1", 6379), timeout=2):
            return "redis://127.0.0.1:6379/15"
    except OSError:
        return None


def main():
    """Print what was found; exit 1 on CI when something is missing."""
    found = {"DATABASE_URL": postgresql(), "CELERY_BROKER_URL": redis()}
    missing = [name for name, url in found.items() if not url]
    if missing and os.environ.get("CI"):
        print(f"On CI these must be there and are not: {', '.join(missing)}", file=sys.stderr)
        return 1
    for name, url in found.items():
        if url:
            print(f"export {name}={url}")
    for name in missing:
        print(f"Skipped on {name}'s service: nothing answers. Name one in {name}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
