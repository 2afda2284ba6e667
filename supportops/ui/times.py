"""Points in time and spans in words: "3 days ago", "in 2 hours", "3d"."""

from datetime import date, datetime, timedelta

from django.utils import timezone

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = (
    (365 * DAY, 365 * DAY, "year", "y"),
    (60 * DAY, 30 * DAY, "month", "mo"),
    (14 * DAY, 7 * DAY, "week", "w"),  # "9 days" says more than "1 week"
    (DAY, DAY, "day", "d"),
    (HOUR, HOUR, "hour", "h"),
    (MINUTE, MINUTE, "minute", "m"),
)
"""(from how many seconds on it is used, its length in seconds, its name, its letters) of each unit."""


def day_of(moment: date) -> str:
    """The day as it is written everywhere: "4 May 2026"."""
    return f"{moment.day} {moment:%B %Y}"


def in_words(moment: date, *, now: datetime | None = None) -> str:
    """How long ago, or how soon, in words. Takes a datetime or a date; a date is compared by calendar day."""
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return _day_in_words(moment, now)
    seconds = ((now or timezone.now()) - moment).total_seconds()
    if abs(seconds) < MINUTE:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds)}"


def span(value: timedelta | float) -> str:
    """A length in its largest sensible unit ("3 days"). Takes a timedelta or seconds; the sign is dropped."""
    number, unit, _ = _largest(value)
    if not number:
        return "less than a minute"
    return f"{number} {unit}{'' if number == 1 else 's'}"


def exact_span(value: timedelta | float) -> str:
    """A length to the second ("1 day 2 hours 0 minutes 5 seconds"), from its first unit that is not nought on."""
    left = int(value.total_seconds() if isinstance(value, timedelta) else value)
    parts: list[str] = []
    for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        number, left = divmod(left, size)
        if number or parts or size == 1:
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    return " ".join(parts)


def short_span(value: datetime | timedelta | float) -> str:
    """The same in a few characters ("3d"), for dense lists: of a datetime (until now), a timedelta or seconds."""
    if isinstance(value, datetime):
        value = timezone.now() - value
    number, _, letter = _largest(value)
    return f"{number}{letter}" if number else "now"


def _largest(value: timedelta | float) -> tuple[int, str, str]:
    seconds = abs(value.total_seconds() if isinstance(value, timedelta) else value)
    for floor, size, unit, letter in STEPS:
        if seconds >= floor:
            return int(seconds // size), unit, letter
    return 0, "", ""


def _day_in_words(day: date, now: datetime | None) -> str:
    days = (timezone.localdate(now) - day).days
    if days in (0, 1, -1):
        return {0: "today", 1: "yesterday", -1: "tomorrow"}[days]
    words = span(days * DAY)
    return f"{words} ago" if days > 0 else f"in {words}"
