"""Through Django's real SMTP client to a mail server on this machine."""

import socket
from email import message_from_bytes, policy
from threading import Thread

import pytest

from tests.factories import file_request
from tests.notices.telling import message_to, tell
from workflow.actions import comment
from workflow.notices.models import Message


class MailServer:
    """Takes one mail after another as RFC 5321 says; ``at_data`` is its answer to a whole mail."""

    def __init__(self):
        self.mails, self.at_data = [], "250 Taken"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def close(self):
        """Stop taking mail."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream):
        self._say(stream, "220 here")
        while line := stream.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say(stream, "354 go on")
                mail = b"".join(iter(stream.readline, b".\r\n"))
                if not self.at_data:
                    return  # the line goes dead
                if self.at_data.startswith("2"):
                    self.mails.append(message_from_bytes(mail, policy=policy.default))
                self._say(stream, self.at_data)
            else:
                self._say(stream, "221 bye" if verb == b"QUIT" else "250 fine")
            if verb == b"QUIT":
                return

    @staticmethod
    def _say(stream, words):
        stream.write(f"{words}\r\n".encode())
        stream.flush()


@pytest.fixture
def server(settings):
    """A mail server, and the portal that uses it."""
    mail_server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", mail_server.port, 5
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
    [arrived] = server.mails
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
