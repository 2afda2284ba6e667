"""Messages leave the portal: claimed by a lease, written down as being sent before the server hears of them.

**At most once.** Neither SMTP nor Slack can be asked whether a message arrived. So a message whose sender died, or
whose connection broke, while it was handed over is never sent again by itself: it stands in the administration as "sent
or not, nobody knows", where a person may send it again (with the same Message-ID). The window is that hand-over alone:
the text is made and the mail server's connection opened before, and all that fails there, or is refused in words, is
tried again. Nothing is lost with it: the notice stands unread in the inbox, and what waits is reminded of.
"""

import random
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from workflow.crashpoints import crashpoint
from workflow.models.outgoing import lease_time
from workflow.notifications.errors import Impossible, Misconfigured, TryLater, Unconfirmed, Unreachable
from workflow.notifications.models import ChannelState, Message
from workflow.notifications.preferences import preferences_of
from workflow.notifications.routing import WAYS, is_urgent
from workflow.notifications.texts import letter_for

log = structlog.get_logger(__name__)
State = Message.State
FIRST_WAIT, LONGEST_WAIT, UNREACHABLE_WAIT = 60, 3600, 60
"""Seconds."""
MOST_AT_ONCE = 200
MAYBE = "It may have arrived; send it again only if it did not."
INTERRUPTED = f"The portal stopped while the message was handed over. {MAYBE}"


def due_messages() -> list[int]:
    """Ids of the messages whose time has come."""
    return list(Message.objects.to_send().values_list("pk", flat=True)[:MOST_AT_ONCE])


def parked_count() -> int:
    """How many messages wait for a person: given up, refused for ever, or sent or not and nobody knows."""
    return Message.objects.filter(parked=True).count()


def settle_interrupted() -> None:
    """Show a person what was being sent when its sender died. The lease stays named: a sender that was only slow may
    still write that it succeeded."""
    Message.objects.interrupted().update(
        state=State.UNCONFIRMED, parked=True, due_at=None, leased_until=None, last_error=INTERRUPTED
    )


def deliver(pk: int) -> None:
    """Send one message if it is due and nobody else does; afterwards it is sent, put off, or waits for a person."""
    message = Message.objects.claim(pk)
    if message is None:
        return
    crashpoint("message claimed")
    try:
        _deliver(message)
    except Unreachable as error:
        _put_off(message, UNREACHABLE_WAIT, error, attempts=message.attempts - 1)
    except Misconfigured as error:
        ChannelState.pause(message.channel, str(error))
        log.error("channel_paused", channel=message.channel)
        _put_off(message, 0, error, attempts=message.attempts - 1)
    except TryLater as error:
        _try_later(message, error)
    except Impossible as error:
        _park(message, error)
    except Unconfirmed as error:
        _park(message, f"{error} {MAYBE}", state=State.UNCONFIRMED)
    except Exception as error:  # a fault of ours: trying again would not help, and a person must know
        begun = message.held().filter(state=State.SENDING).exists()
        if not begun and isinstance(error, (InterfaceError, OperationalError)):  # it will pass
            _put_off(message, UNREACHABLE_WAIT, error, attempts=message.attempts - 1)
            raise
        words = f"The portal failed ({type(error).__name__}); its log says where."
        _park(message, words, state=State.UNCONFIRMED if begun else State.WAITING)
        raise


def _deliver(message: Message) -> None:
    way = WAYS[message.channel]
    letter = letter_for(message) if way.reaches(message.person) else None
    if letter is None:
        message.release(state=State.DROPPED, due_at=None)
        return
    now = timezone.now()
    allowed = preferences_of(message.person).not_before(now)
    urgent = allowed > now and any(is_urgent(notice) for notice in message.notices.select_related("issue__route"))
    if allowed > now and not urgent:  # it was put off, or its hours were changed, into quiet ones
        message.release(due_at=allowed, attempts=message.attempts - 1)
        return
    with way.opened() as post:
        if not _begin(message):
            return
        crashpoint("message begun")
        post(message, letter)
        crashpoint("message handed over")
        message.release(state=State.SENT, sent_at=timezone.now(), due_at=None, last_error="", parked=False)


def _begin(message: Message) -> bool:
    """Write down, committed, that the server is about to hear of it; False if somebody else took it over."""
    mine = message.held().filter(state=State.WAITING)
    return bool(mine.update(state=State.SENDING, leased_until=timezone.now() + lease_time()))


def _try_later(message: Message, error: TryLater) -> None:
    if error.seconds is not None:
        _put_off(message, error.seconds, error, attempts=message.attempts - 1)
    elif message.attempts >= settings.TELL_ATTEMPTS:
        _park(message, f"Given up after {message.attempts} attempts. {error}")
    else:
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (message.attempts - 1)) * random.uniform(0.5, 1)
        _put_off(message, wait, error)


def _put_off(message: Message, seconds: float, error: Exception, **changes: Any) -> None:
    due_at = timezone.now() + timedelta(seconds=seconds)
    message.release(state=State.WAITING, due_at=due_at, last_error=str(error), **changes)


def _park(message: Message, error: Exception | str, state: str = State.WAITING) -> None:
    log.warning("message_parked", message=message.pk, channel=message.channel, state=str(state))
    message.release(state=state, due_at=None, parked=True, last_error=str(error))
