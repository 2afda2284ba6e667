"""Loaded by pytest before anything else (see pyproject.toml): the sample setup, in a place of its own."""

import os
import tempfile
from datetime import UTC, datetime

import time_machine

os.environ.setdefault("SAMPLE", "true")
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="supportops-tests-"))
os.environ.setdefault("GITLAB_QUARANTINE_SECONDS", "3")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright's synchronous API runs an event loop
os.environ["LOG_LEVEL"] = os.environ.get("LOG_LEVEL", "40")

if moment := os.environ.get("NOW"):  # as on another day: NOW=2028-02-29T23:30 python -m pytest tests/workflow
    time_machine.travel(datetime.fromisoformat(moment).replace(tzinfo=UTC), tick=True).start()
