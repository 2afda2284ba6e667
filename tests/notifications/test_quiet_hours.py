"""When a message may leave: quiet hours, weekends and the digest, in the person's zone, over changes of the clock."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from supportops.accounts.models import User
from tests.factories import file_request
from tests.notifications.telling import at, mails_to, only_by, prefer, tell
from workflow.actions import comment, watch
from workflow.notifications.models import Channel, When
from workflow.notifications.preferences import DEFAULTS, QUIET_BY_DEFAULT, Preferences, preferences_of

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def hours(begins, ends, zone="UTC", weekends=False):
    return Preferences(DEFAULTS, begins and time(begins), ends and time(ends), weekends, ZoneInfo(zone))


NOT_BEFORE = {
    "in the day": (hours(20, 7), at(2026, 3, 10, 12), at(2026, 3, 10, 12)),
    "in the evening": (hours(20, 7), at(2026, 3, 10, 23), at(2026, 3, 11, 7)),
    "at the first quiet minute": (hours(20, 7), at(2026, 3, 10, 20), at(2026, 3, 11, 7)),
    "in the night": (hours(20, 7), at(2026, 3, 10, 3), at(2026, 3, 10, 7)),
    "when they end": (hours(20, 7), at(2026, 3, 10, 7), at(2026, 3, 10, 7)),
    "at noon, where noon is quiet": (hours(12, 14), at(2026, 3, 10, 13), at(2026, 3, 10, 14)),
    "never quiet": (hours(None, None), at(2026, 3, 10, 3), at(2026, 3, 10, 3)),
    "from and until the same": (hours(8, 8), at(2026, 3, 10, 8), at(2026, 3, 10, 8)),
    "in another zone": (hours(20, 7, "Asia/Tokyo"), at(2026, 3, 10, 12), at(2026, 3, 11, 7, zone="Asia/Tokyo")),
    "Friday night before a quiet weekend": (hours(20, 7, weekends=True), at(2026, 3, 13, 23), at(2026, 3, 16, 7)),
    "Saturday noon": (hours(None, None, weekends=True), at(2026, 3, 14, 12), at(2026, 3, 16, 0)),
    "Sunday of the person, Monday of the portal": (
        hours(None, None, NEW_YORK, weekends=True),
        at(2026, 3, 16, 2),
        at(2026, 3, 16, 0, zone=NEW_YORK),
    ),
    "the night clocks go forward": (hours(20, 7, BERLIN), at(2026, 3, 28, 23, zone=BERLIN), at(2026, 3, 29, 5)),
    "the night clocks go back": (hours(20, 7, BERLIN), at(2026, 10, 24, 23, zone=BERLIN), at(2026, 10, 25, 6)),
    "the night America's clocks go forward": (
        hours(20, 7, NEW_YORK),
        at(2026, 3, 7, 23, zone=NEW_YORK),
        at(2026, 3, 8, 11),
    ),
    "the night America's clocks go back": (
        hours(20, 7, NEW_YORK),
        at(2026, 10, 31, 23, zone=NEW_YORK),
        at(2026, 11, 1, 12),
    ),
    "the Sunday America's clocks go forward": (
        hours(None, None, NEW_YORK, weekends=True),
        at(2026, 3, 8, 12),
        at(2026, 3, 9, 4),
    ),
    "until an hour that is skipped": (hours(20, 2, BERLIN), at(2026, 3, 28, 23, zone=BERLIN), at(2026, 3, 29, 1)),
    "in the hour that comes twice, the first time": (
        hours(20, 2, BERLIN),
        at(2026, 10, 24, 23, 30),
        at(2026, 10, 25, 0),
    ),
    "in the hour that comes twice, the second time": (
        Preferences(DEFAULTS, time(20), time(2, 30), False, ZoneInfo(BERLIN)),
        at(2026, 10, 25, 1, 15),
        at(2026, 10, 25, 1, 30),
    ),
}


@pytest.mark.parametrize(("chosen", "moment", "leaves"), NOT_BEFORE.values(), ids=NOT_BEFORE)
def test_quiet_hours(chosen, moment, leaves):
    assert chosen.not_before(moment) == leaves


DIGESTS = {
    "before nine": (hours(None, None), at(2026, 3, 10, 8), at(2026, 3, 10, 9)),
    "at nine": (hours(None, None), at(2026, 3, 10, 9), at(2026, 3, 11, 9)),
    "after nine": (hours(None, None), at(2026, 3, 10, 10), at(2026, 3, 11, 9)),
    "nine by the person's clock": (hours(None, None, NEW_YORK), at(2026, 3, 10, 12), at(2026, 3, 10, 13)),
    "the day clocks go forward": (hours(None, None, BERLIN), at(2026, 3, 28, 12), at(2026, 3, 29, 7)),
    "the day clocks go back": (hours(None, None, BERLIN), at(2026, 10, 24, 12), at(2026, 10, 25, 8)),
    "the day America's clocks go forward": (hours(None, None, NEW_YORK), at(2026, 3, 7, 20), at(2026, 3, 8, 13)),
    "the day America's clocks go back": (hours(None, None, NEW_YORK), at(2026, 10, 31, 20), at(2026, 11, 1, 14)),
    "nine is quiet": (hours(20, 10), at(2026, 3, 10, 8), at(2026, 3, 10, 10)),
    "not on a quiet weekend": (hours(20, 7, weekends=True), at(2026, 3, 13, 12), at(2026, 3, 16, 7)),
}


@pytest.mark.parametrize(("chosen", "moment", "leaves"), DIGESTS.values(), ids=DIGESTS)
def test_digests(chosen, moment, leaves):
    assert chosen.next_digest(moment) == leaves


def test_who_chose_nothing_has_quiet_nights(cast):
    chosen = preferences_of(cast.ops)
    assert (chosen.begins, chosen.ends, chosen.weekends) == QUIET_BY_DEFAULT


def test_an_unknown_zone_counts_as_the_portals(cast, settings):
    cast.ops.time_zone = "Mars/Olympus"
    assert preferences_of(cast.ops).zone == ZoneInfo(settings.TIME_ZONE)


def test_a_message_waits_for_the_persons_morning(cast, clock):
    User.objects.filter(pk=cast.requester.pk).update(time_zone=NEW_YORK)
    prefer(cast.requester, When.AT_ONCE, begins=time(20), ends=time(7))
    clock.move_to(at(2026, 3, 10, 9))  # five in the morning there
    comment(file_request(cast).pk, "Hello", by=cast.ops)
    clock.move_to(at(2026, 3, 10, 10, 59))
    tell()
    assert mails_to(cast.requester) == []
    clock.move_to(at(2026, 3, 10, 11))
    tell()
    assert len(mails_to(cast.requester)) == 1


def test_what_happens_in_the_night_is_one_message_in_the_morning(cast, clock):
    prefer(cast.requester, When.AT_ONCE, begins=time(20), ends=time(7))
    clock.move_to(at(2026, 3, 10, 21))
    issue = file_request(cast)
    for hour in range(3):
        comment(issue.pk, f"At night {hour}", by=cast.ops)
        clock.shift(3600)
        tell()
    clock.move_to(at(2026, 3, 11, 7))
    tell()
    [arrived] = mails_to(cast.requester)
    assert all(f"At night {hour}" in arrived.body for hour in range(3))


def test_a_digest_gathers_a_day_of_several_requests_once(cast, clock):
    only_by(cast.colleague, Channel.EMAIL, When.DIGEST)
    issues = [file_request(cast) for _ in range(3)]
    for issue in issues:
        watch(issue.pk, True, by=cast.colleague)
        comment(issue.pk, "Hello", by=cast.ops)
        clock.shift(3600)
        tell()
    assert mails_to(cast.colleague) == []
    clock.move_to(at(2026, 3, 11, 9))
    tell()
    tell()
    [arrived] = mails_to(cast.colleague)
    assert arrived.subject == "SupportOps: what happened to 3 requests"
    assert all(f"SO-{issue.pk} {issue.title}" in arrived.body for issue in issues)
    assert "This is your daily digest" in arrived.body and "References" not in arrived.extra_headers


def test_a_message_put_off_into_quiet_hours_waits_for_their_end(cast, clock):
    comment(file_request(cast).pk, "Hello", by=cast.ops)
    tell()
    prefer(cast.requester, When.AT_ONCE, begins=time(9), ends=time(11))
    clock.shift(120)
    tell()
    assert mails_to(cast.requester) == []
    clock.move_to(at(2026, 3, 10, 11))
    tell()
    assert len(mails_to(cast.requester)) == 1
