"""The request as a view gets it: the sign-in is asked for before any view, by LoginRequiredMiddleware."""

from django.http import HttpRequest

from supportops.accounts.models import User


class AuthenticatedHttpRequest(HttpRequest):
    """A request of somebody who is signed in. Only a type: views say with it that they are not open to strangers."""

    user: User
