"""Why a message did not leave. What is told apart is what must happen next, and whether it may have arrived."""


class NotSent(Exception):
    """The message certainly did not leave. ``str`` says why, for an administrator."""


class Unreachable(NotSent):
    """The server cannot be reached: everything waits, no attempt is burnt."""


class Misconfigured(NotSent):
    """The server refuses us, not the message: the channel pauses until a person has looked."""


class TryLater(NotSent):
    """Not now. ``seconds``: when the server named a time, which then does not count as an attempt."""

    def __init__(self, words: str, seconds: int | None = None) -> None:
        super().__init__(words)
        self.seconds = seconds


class Impossible(NotSent):
    """The server will never take this message for this person."""


class Unconfirmed(Exception):
    """The connection broke while the message was handed over: it may have arrived, so it is not sent again."""
