"""E-mail: one letter as text and as HTML, threaded by request, that says by itself that nobody reads replies."""

import contextlib
import smtplib
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.template.loader import render_to_string

from supportops.accounts.models import User
from workflow.notifications.errors import Impossible, Misconfigured, TryLater, Unconfirmed, Unreachable
from workflow.notifications.models import Message
from workflow.notifications.texts import Letter, one_line

NOT_READ = "Replies to this e-mail are not read. Answer on the request's page."
PERMANENT = 500
"""SMTP replies from here on mean never, those below mean not now (RFC 5321, 4.2.1)."""


def reaches(person: User) -> bool:
    """Whether the portal sends e-mail at all, and this person has an address."""
    return settings.SENDS_EMAIL and bool(person.email)


@contextlib.contextmanager
def opened() -> Iterator[Callable[[Message, Letter], None]]:
    """A connection to the mail server, as a function that posts (message, letter). Nothing has been sent so far."""
    connection = get_connection()
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError as error:
        raise Misconfigured(
            f"The mail server refuses the portal's name and password ({error.smtp_code}). Correct EMAIL_URL and resume."
        ) from error
    except OSError as error:
        raise Unreachable(f"The mail server cannot be reached ({type(error).__name__}).") from error
    try:
        yield partial(_post, connection)
    finally:
        with contextlib.suppress(OSError):  # a goodbye that fails says nothing about the message before it
            connection.close()


def _post(connection: BaseEmailBackend, message: Message, letter: Letter) -> None:
    """Hand the letter over. Returns when the server took it; otherwise raises one of ``errors``."""
    mail = mail_for(message, letter, connection)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _refused(code, words) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unconfirmed(f"The mail server went silent while it took the message ({type(error).__name__}).") from error


def _refused(code: int, words: bytes | str) -> Impossible | TryLater:
    words = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    error = Impossible if code >= PERMANENT else TryLater
    return error(f"The mail server answered {code} {one_line(words)[:200]}")


def mail_for(message: Message, letter: Letter, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The letter as a mail to the message's person. Impossible if their address is none."""
    address = message.person.email
    try:
        validate_email(address)
    except ValidationError as error:
        raise Impossible("The person's e-mail address is none. Correct it, then try again.") from error
    reply_to = settings.EMAIL_REPLY_TO
    replies = f"Replies go to {reply_to}; to answer for all to see, use the request's page." if reply_to else NOT_READ
    context = {"letter": letter, "replies": replies}
    mail = EmailMultiAlternatives(
        subject=one_line(letter.subject),
        body=render_to_string("notifications/email.txt", context),
        to=[address],
        reply_to=[reply_to] if reply_to else None,
        headers=_headers(message, letter),
        connection=connection,
    )
    mail.attach_alternative(render_to_string("notifications/email.html", context), "text/html")
    return mail


def _headers(message: Message, letter: Letter) -> dict[str, str]:
    domain = (urlsplit(settings.PORTAL_URL).hostname or "localhost").replace(":", ".")
    headers = {
        "Message-ID": f"<{letter.root or 'digest'}.{message.key.hex}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Unsubscribe": f"<{letter.stop_url}>",
    }
    if letter.root:
        thread = f"<{letter.root}@{domain}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    return headers
