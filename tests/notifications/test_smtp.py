"""Through Django's real SMTP client to a mail server on this machine."""

import pytest

from tests.factories import file_request
from tests.notifications.mail_server import MailServer
from tests.notifications.telling import message_to, tell
from workflow.actions import comment
from workflow.notifications.models import Message


@pytest.fixture
def server(settings):
    """A mail server, and the portal that uses it."""
    mail_server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", mail_server.port, 30
    yield mail_server
    mail_server.close()


@pytest.fixture
def told(cast, clock, server):
    """Tells the requester of a comment, and returns the message as it is then."""

    def go(**how):
        vars(server).update(how)
        comment(file_request(cast, title="Grüße aus Köln").pk, "Hello", by=cast.ops)
        clock.shift(180)
        tell()
        return message_to(cast.requester)

    return go


def test_a_mail_arrives_with_both_parts_and_its_headers(told, server):
    message = told()
    [arrived] = [mail for mail in server.mails if mail["To"] == "requester@example.com"]
    assert message.state == Message.State.SENT
    assert arrived["Subject"] == f"[SO-{message.issue_id}] Grüße aus Köln"
    assert (arrived["To"], arrived["Auto-Submitted"]) == ("requester@example.com", "auto-generated")
    assert message.key.hex in arrived["Message-ID"]
    assert [part.get_content_type() for part in arrived.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("answer", "state", "parked"),
    [
        ("451 not now", Message.State.WAITING, False),
        ("554 never", Message.State.WAITING, True),
        ("", Message.State.UNCONFIRMED, True),
    ],
)
def test_the_servers_answer_to_a_whole_mail_counts(answer, state, parked, told, server):
    message = told(at_data=answer)
    assert (message.state, message.parked, server.mails) == (state, parked, [])
