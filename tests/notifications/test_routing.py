"""From notices to messages: who gets what by which way, once, and one message for one sitting."""

import pytest
from django.core import mail

from supportops.accounts.models import User
from tests.factories import file_request, request_at
from tests.notifications.telling import Reason, mails_to, message_to, only_by, prefer, tell
from workflow.actions import comment, watch
from workflow.notifications.models import Channel, Message, Notice, Part, When
from workflow.notifications.preferences import DEFAULTS
from workflow.notifications.routing import route, route_new
from workflow.states import State


@pytest.fixture
def quiet_start(cast, clock):
    """A request in development, with everything that led there told already."""
    issue = request_at(State.DEVELOPMENT, cast=cast)
    clock.shift(700)
    tell()
    mail.outbox.clear()
    Message.objects.all().delete()
    return issue


@pytest.mark.parametrize(("reason", "channel"), list(DEFAULTS))
def test_every_kind_of_event_has_a_default_on_every_channel(reason, channel):
    assert DEFAULTS[reason, channel] in When


def test_what_needs_somebody_reaches_them_everywhere_at_once():
    assert {DEFAULTS[Reason.NEEDS_YOU, channel] for channel in Channel} == {When.AT_ONCE}


def test_nothing_leaves_before_the_sitting_is_over(quiet_start, cast, clock):
    comment(quiet_start.pk, "Hello", by=cast.ops)
    clock.shift(119)
    tell()
    assert mail.outbox == []
    clock.shift(1)
    tell()
    assert len(mails_to(cast.requester)) == 1


def test_a_burst_becomes_one_message(quiet_start, cast, clock):
    for words in ("One", "Two", "Three"):
        comment(quiet_start.pk, words, by=cast.ops)
        tell()
        clock.shift(60)
    clock.shift(60)
    tell()
    [arrived] = mails_to(cast.requester)
    assert all(words in arrived.body for words in ("One", "Two", "Three"))


def test_a_burst_that_does_not_end_is_told_after_ten_minutes(quiet_start, cast, clock):
    for number in range(12):
        comment(quiet_start.pk, f"Word {number}", by=cast.ops)
        tell()
        clock.shift(60)
    [arrived] = mails_to(cast.requester)
    assert "Word 9" in arrived.body and "Word 11" not in arrived.body


def test_two_requests_are_two_messages(cast, clock):
    for issue in (file_request(cast), file_request(cast)):
        comment(issue.pk, "Hello", by=cast.ops)
    clock.shift(120)
    tell()
    assert len(mails_to(cast.requester)) == 2


def test_a_notice_is_put_into_messages_once_however_often_it_is_routed(quiet_start, cast):
    comment(quiet_start.pk, "Hello", by=cast.ops)
    new = Notice.objects.get(routed_at=None)
    for _ in range(3):
        route(new.pk)
        route_new()
    assert Part.objects.filter(notice=new).count() == 1


def test_what_was_read_in_the_portal_is_not_sent(quiet_start, cast, clock, client):
    comment(quiet_start.pk, "Hello", by=cast.ops)
    route_new()
    client.force_login(cast.requester)
    client.post("/inbox/read/")
    clock.shift(120)
    tell()
    assert (mail.outbox, message_to(cast.requester).state) == ([], Message.State.DROPPED)


@pytest.mark.parametrize("when", [When.OFF, When.DIGEST])
def test_what_is_not_wanted_at_once_is_not_sent_at_once(when, quiet_start, cast, clock):
    prefer(cast.requester, when)
    comment(quiet_start.pk, "Hello", by=cast.ops)
    clock.shift(700)
    tell()
    assert mail.outbox == []


def test_what_was_switched_off_meanwhile_is_not_sent(quiet_start, cast, clock):
    comment(quiet_start.pk, "Hello", by=cast.ops)
    route_new()
    prefer(cast.requester, When.OFF)
    clock.shift(120)
    tell()
    assert mail.outbox == []


def test_who_watches_and_chose_so_is_told_at_once(quiet_start, cast, clock):
    only_by(cast.colleague, Channel.EMAIL)
    watch(quiet_start.pk, True, by=cast.colleague)
    comment(quiet_start.pk, "Hello", by=cast.ops)
    clock.shift(120)
    tell()
    [arrived] = mails_to(cast.colleague)
    assert "You watch it." in arrived.body


def test_nobody_is_told_of_what_they_did_themselves(quiet_start, cast, clock):
    comment(quiet_start.pk, "Hello", by=cast.requester)
    clock.shift(120)
    tell()
    assert mails_to(cast.requester) == []


@pytest.mark.parametrize("change", [{"email": ""}, {"is_active": False}])
def test_who_cannot_be_reached_gets_no_message(change, quiet_start, cast, clock):
    User.objects.filter(pk=cast.requester.pk).update(**change)
    comment(quiet_start.pk, "Hello", by=cast.ops)
    clock.shift(120)
    tell()
    assert not Message.objects.filter(person=cast.requester).exists()


def test_a_portal_without_e_mail_makes_no_messages_and_no_flood_later(quiet_start, cast, clock, settings):
    settings.SENDS_EMAIL = False
    comment(quiet_start.pk, "Hello", by=cast.ops)
    tell()
    settings.SENDS_EMAIL = True
    clock.shift(700)
    tell()
    assert mail.outbox == []


def test_a_deleted_comment_is_not_sent(quiet_start, cast, clock):
    said = comment(quiet_start.pk, "Hello", by=cast.ops)
    route_new()
    type(said).objects.filter(pk=said.pk).update(deleted_at=said.created_at)
    clock.shift(120)
    tell()
    assert mail.outbox == []
