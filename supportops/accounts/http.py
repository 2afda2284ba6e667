"""The request as a view gets it: the sign-in is asked for before any view, by LoginRequiredMiddleware."""

from django.http import HttpRequest

from supportops.accounts.models import User

_DIGITS_OF_64_BITS = 19


class AuthenticatedHttpRequest(HttpRequest):
    """A request of somebody who is signed in. Only a type: views say with it that they are not open to strangers."""

    user: User


def key_in(text: str) -> int | None:
    """The key of a row as an address or a form carries it; None for what no row can have as its key (64 bits)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS_OF_64_BITS else None
