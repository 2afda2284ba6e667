"""A small mail server on this machine, which answers as the test says and keeps what it took."""

import socket
from email import message_from_bytes, policy
from threading import Thread


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
