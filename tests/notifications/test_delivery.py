"""A message is sent at most once, whatever dies, and what failed is tried again or shown to a person."""

import smtplib
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import OperationalError, connections
from django.utils import timezone

from tests.factories import file_request
from tests.notifications.telling import mails_to, message_to, tell
from workflow.actions import comment
from workflow.notifications import delivery
from workflow.notifications.models import ChannelState, Message
from workflow.notifications.routing import route_new

State = Message.State


class Died(BaseException):
    """The process was killed here: nothing after it runs, not even handlers of errors."""


class Faulty(EmailBackend):
    """A mail server that fails as the test says: when it is connected to, before or after it has taken a mail."""

    connecting = before = after = None

    def open(self):
        if self.connecting:
            raise self.connecting

    def send_messages(self, messages):
        if self.before:
            raise self.before
        taken = super().send_messages(messages)
        if self.after:
            raise self.after
        return taken


@pytest.fixture
def server(settings, monkeypatch):
    """Sets what the mail server does; ``server()`` heals it."""
    settings.EMAIL_BACKEND = f"{__name__}.Faulty"

    def fail(**how):
        for name in ("connecting", "before", "after"):
            monkeypatch.setattr(Faulty, name, how.get(name))

    return fail


@pytest.fixture
def due(cast, clock, server):
    """A message whose time has come."""
    comment(file_request(cast).pk, "Hello", by=cast.ops)
    route_new()
    clock.shift(120)
    return message_to(cast.requester)


def again(message):
    return Message.objects.get(pk=message.pk)


def test_a_message_is_sent_once_however_often_it_is_delivered(due, cast):
    for _ in range(3):
        delivery.deliver(due.pk)
    assert len(mails_to(cast.requester)) == 1 and again(due).state == State.SENT


def test_a_sender_that_died_before_the_server_knew_is_followed_by_another(due, cast, clock, server):
    server(connecting=Died())
    with pytest.raises(Died):
        delivery.deliver(due.pk)
    server()
    tell()
    assert mails_to(cast.requester) == []  # still leased
    clock.shift(121)
    tell()
    assert len(mails_to(cast.requester)) == 1


@pytest.mark.parametrize(("when", "arrived"), [("before", 0), ("after", 1)])
def test_a_sender_that_died_while_handing_over_is_followed_by_nobody(when, arrived, due, cast, clock, server):
    server(**{when: Died()})
    with pytest.raises(Died):
        delivery.deliver(due.pk)
    server()
    for _ in range(3):
        clock.shift(700)
        delivery.settle_interrupted()
        tell()
    assert len(mails_to(cast.requester)) == arrived
    left = again(due)
    assert (left.state, left.parked) == (State.UNCONFIRMED, True)
    assert left.last_error.startswith("The portal stopped while the message was handed over.")


def test_a_sender_that_was_only_slow_still_writes_that_it_succeeded(due, cast, clock):
    taken = Message.objects.claim(due.pk)
    assert delivery._begin(taken)
    clock.shift(700)
    delivery.settle_interrupted()
    assert taken.release(state=State.SENT)
    assert again(due).state == State.SENT


SILENT = [TimeoutError(), ConnectionResetError(), smtplib.SMTPServerDisconnected("gone")]


@pytest.mark.parametrize("error", SILENT, ids=lambda error: type(error).__name__)
def test_a_server_that_goes_silent_while_it_takes_the_mail_is_not_sent_it_twice(error, due, cast, clock, server):
    server(after=error)
    delivery.deliver(due.pk)
    server()
    clock.shift(100_000)
    tell()
    assert len(mails_to(cast.requester)) == 1 and again(due).state == State.UNCONFIRMED


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), smtplib.SMTPConnectError(421, "busy")])
def test_a_server_that_cannot_be_reached_costs_no_attempt(error, due, cast, clock, server):
    server(connecting=error)
    for _ in range(20):
        delivery.deliver(due.pk)
        clock.shift(61)
    assert (again(due).attempts, again(due).parked) == (0, False)
    server()
    tell()
    assert len(mails_to(cast.requester)) == 1


NOT_NOW = [
    smtplib.SMTPRecipientsRefused({"a@example.com": (450, b"mailbox busy")}),
    smtplib.SMTPDataError(451, b"try later"),
]


@pytest.mark.parametrize("error", NOT_NOW, ids=lambda error: type(error).__name__)
def test_not_now_is_tried_again_with_growing_pauses_and_then_given_up(error, due, cast, clock, server, settings):
    server(before=error)
    pauses = []
    for _ in range(settings.TELL_ATTEMPTS):
        before = timezone.now()
        delivery.deliver(due.pk)
        if (due_at := again(due).due_at) is None:
            break
        pauses.append((due_at - before).total_seconds())
        clock.move_to(due_at)
    left = again(due)
    assert (left.parked, left.state, left.attempts) == (True, State.WAITING, settings.TELL_ATTEMPTS)
    assert left.last_error.startswith(f"Given up after {settings.TELL_ATTEMPTS} attempts. The mail server answered 45")
    assert all(30 * 2**number <= pause <= 60 * 2**number for number, pause in enumerate(pauses[:5]))


def test_never_is_parked_with_the_servers_words(due, cast, clock, server):
    server(before=smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"no such\r\nmailbox")}))
    delivery.deliver(due.pk)
    clock.shift(100_000)
    tell()
    assert (again(due).parked, again(due).last_error) == (True, "The mail server answered 550 no such mailbox")


def test_a_refused_password_pauses_the_channel_and_loses_nothing(due, cast, clock, server):
    server(connecting=smtplib.SMTPAuthenticationError(535, b"no"))
    delivery.deliver(due.pk)
    server()
    tell()
    paused = ChannelState.objects.get(channel="email")
    assert paused.paused_at and "Correct EMAIL_URL and resume." in paused.reason
    assert (mail.outbox, again(due).attempts) == ([], 0)
    paused.resume()
    tell()
    assert len(mails_to(cast.requester)) == 1


def test_a_fault_of_our_own_parks_and_is_not_swallowed(due, monkeypatch):
    monkeypatch.setattr(delivery, "letter_for", lambda message: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        delivery.deliver(due.pk)
    assert (again(due).parked, again(due).state) == (True, State.WAITING)
    assert again(due).last_error == "The portal failed (ZeroDivisionError); its log says where."


@pytest.mark.fault(26)
def test_a_fault_of_the_database_before_anything_was_sent_is_tried_again(due, cast, clock, monkeypatch):
    def busy(message):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "letter_for", busy)
        with pytest.raises(OperationalError):
            delivery.deliver(due.pk)
    assert (again(due).parked, again(due).state, again(due).attempts) == (False, State.WAITING, 0)
    clock.shift(delivery.UNREACHABLE_WAIT + 1)
    delivery.deliver(due.pk)
    assert len(mails_to(cast.requester)) == 1


def test_a_person_may_send_an_unconfirmed_message_again_with_the_same_name(due, cast, clock, server):
    server(after=TimeoutError())
    delivery.deliver(due.pk)
    server()
    assert again(due).wake()
    tell()
    first, second = mails_to(cast.requester)
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


@pytest.mark.parametrize("state", [State.SENT, State.DROPPED, State.SENDING])
def test_what_needs_nothing_is_not_woken(state, due):
    Message.objects.filter(pk=due.pk).update(state=state, due_at=None)
    assert not again(due).wake()


@pytest.mark.django_db(transaction=True)
def test_of_many_senders_at_the_same_time_one_sends(cast, clock):
    comment(file_request(cast).pk, "Hello", by=cast.ops)
    route_new()
    clock.shift(120)
    message, start = message_to(cast.requester), Barrier(4)

    def send():
        try:
            start.wait()
            delivery.deliver(message.pk)
        finally:
            connections.close_all()

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mails_to(cast.requester)) == 1 and again(message).attempts == 1
