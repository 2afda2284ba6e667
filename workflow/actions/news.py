"""News: what people hear of that is no request. Inbox, e-mail and Slack follow by themselves, as each person chose."""

from django.db import transaction
from django.utils import timezone

from workflow.models import News, Notice


@transaction.atomic
def tell_news(people, title, *, path, button, text="", reason=Notice.Reason.NEEDS_YOU):
    """Tell these people, each once, of something that is no request; returns the News.

    ``path``: the page of the portal where it is dealt with; ``button``: the words of the link there. All of it leaves
    the portal as it is given, so no word of a restricted request may be in it. A ``title`` too long to keep is cut.
    """
    longest = News._meta.get_field("title").max_length
    news = News.objects.create(title=title[:longest], text=text, path=path, button=button, at=timezone.now())
    readers = {person.pk for person in people if person.is_active}
    Notice.objects.bulk_create(Notice(person_id=pk, news=news, reason=reason) for pk in sorted(readers))
    return news


def settle_news(path):
    """Whatever was told about this page is dealt with: it is sent to nobody any more, and counts as read."""
    now = timezone.now()
    settled = list(News.objects.filter(path=path, settled_at__isnull=True).values_list("pk", flat=True))
    News.objects.filter(pk__in=settled).update(settled_at=now)
    Notice.objects.filter(news__in=settled, read_at__isnull=True).update(read_at=now)
