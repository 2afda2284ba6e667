"""Browsers of the people who look after the catalogue."""

from tests.intake.conftest import browser_of, entry, fill_in, requester  # noqa: F401  pytest finds fixtures here
