"""What tests of telling people share: letting time pass as beat would see it, and reading what arrived."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.core import mail
from django.test import Client

from workflow.notifications.delivery import deliver, due_messages
from workflow.notifications.models import Channel, Message, Notice, When
from workflow.notifications.preferences import choose
from workflow.notifications.routing import route_new

Reason = Notice.Reason


def at(year, month, day, hour=0, minute=0, zone="UTC"):
    """A moment by the clock of a zone."""
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))


def tell():
    """One round of beat and workers: new notices into messages, due messages out."""
    route_new()
    for pk in due_messages():
        deliver(pk)


def mails_to(person):
    """The mails that arrived at this person, oldest first."""
    return [message for message in mail.outbox if message.to == [person.email]]


def html_of(message):
    """The HTML part of a mail."""
    return next(part.content for part in message.alternatives if part.mimetype == "text/html")


def message_to(person, channel=Channel.EMAIL):
    """The one message of this person on a channel."""
    return Message.objects.get(person=person, channel=channel)


def prefer(person, when, *, channels=tuple(Channel), reasons=tuple(Reason), begins=None, ends=None, weekends=False):
    """Choose ``when`` for these kinds and channels, and quiet hours (none unless given)."""
    choices = {(reason, channel): when for reason in reasons for channel in channels}
    choose(person, choices, begins=begins, ends=ends, weekends=weekends)


def only_by(person, channel, when=When.AT_ONCE):
    """Everything on this channel, nothing on the other, no quiet hours."""
    prefer(person, When.OFF)
    prefer(person, when, channels=[channel])


def inbox_of(person):
    """The rows of the person's inbox, newest first, as they are drawn there."""
    client = Client()
    client.force_login(person)
    return client.get("/inbox/").context["notices"]
