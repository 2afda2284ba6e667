"""News: what people hear of that is no request. Inbox, e-mail and Slack follow by themselves, as each person chose."""

from collections.abc import Iterable

from django.db import transaction

from supportops.accounts.models import User
from workflow.actions.signals import news_settled, news_told


@transaction.atomic
def tell_news(people: Iterable[User], title: str, *, path: str, button: str, text: str = "") -> None:
    """Tell these people, each once, of something that is no request.

    ``path``: the page of the portal where it is dealt with; ``button``: the words of the link there. All of it leaves
    the portal as it is given, so no word of a restricted request may be in it. A ``title`` too long to keep is cut.
    """
    news_told.send(sender=None, people=people, title=title, path=path, button=button, text=text)


def settle_news(path: str) -> None:
    """Whatever was told about this page is dealt with: it is sent to nobody any more, and counts as read."""
    news_settled.send(sender=None, path=path)
