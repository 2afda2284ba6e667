"""The ways GitLab writes time, and reads it."""

import re
from datetime import UTC, date, datetime, timedelta


def stamp(moment: datetime) -> str:
    """As the API writes it: 2026-11-21T22:26:47.123Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def hook_stamp(text: str | None) -> str | None:
    """As hooks write it: 2015-05-17 17:06:40 UTC (two forms of date are GitLab's own habit)."""
    return f"{text[:10]} {text[11:19]} UTC" if text else None


def parse_moment(text: str) -> str | None:
    """What a client sent as a time, as `stamp`; None when it is none. A bare date is its first second."""
    try:
        moment = datetime.fromisoformat(str(text).strip().replace(" UTC", "+00:00").replace("Z", "+00:00"))
    except ValueError:
        return None
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def parse_date(text: str | None, today: date) -> str | None:
    """A date as API fields and quick actions take it (ISO, today, tomorrow, in 3 days …), as YYYY-MM-DD, or None."""
    words = str(text or "").strip().lower()
    if words in ("today", "tomorrow"):
        return (today + timedelta(days=words == "tomorrow")).isoformat()
    if ahead := re.fullmatch(r"in (\d+) (day|week|month)s?", words):
        days = {"day": 1, "week": 7, "month": 30}[ahead[2]] * int(ahead[1])
        return (today + timedelta(days=days)).isoformat()
    try:
        return date.fromisoformat(words[:10]).isoformat()
    except ValueError:
        return None
