"""What a person should hear about, in the inbox: mostly of requests, sometimes of something besides."""

from django.conf import settings
from django.db import models
from django.db.models import Q

ABOUT = ("event", "comment", "reminder", "news")


def _only(name):
    """A condition: of all a notice may be about, it is about this."""
    return Q(**{f"{other}__isnull": other != name for other in ABOUT})


class News(models.Model):
    """Something to hear of that is no request, such as a draft that was handed on. ``actions.news`` writes it.

    It leaves the portal by mail and Slack as it stands here: no word of a restricted request belongs in it.
    """

    title = models.CharField(max_length=200, help_text="One line: what happened.")
    text = models.TextField(blank=True, help_text="What the reader may want to know or do.")
    path = models.CharField(max_length=255, help_text="The page it leads to, as /drafts/….")
    button = models.CharField(max_length=60, help_text="The words of the link there.")
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, help_text="Since when nobody needs to be told of it any more.")

    class Meta:
        verbose_name_plural = "news"
        indexes = [models.Index(fields=["path"], condition=Q(settled_at__isnull=True), name="news_unsettled")]

    def __str__(self):
        return self.title


class Notice(models.Model):
    """One message for one person about one event, comment, reminder or piece of news; says why it came."""

    class Reason(models.TextChoices):
        NEEDS_YOU = "needs-you", "It needs you"
        FILED = "filed", "You filed it"
        WATCHED = "watched", "You watch it"
        TOUCHED = "touched", "It touches your team"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    issue = models.ForeignKey(
        "workflow.Issue", models.CASCADE, null=True, related_name="+", help_text="Empty exactly for news."
    )
    event = models.ForeignKey("workflow.Event", models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey("workflow.Comment", models.CASCADE, null=True, related_name="+")
    reminder = models.ForeignKey("workflow.Reminder", models.CASCADE, null=True, related_name="+")
    news = models.ForeignKey(News, models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    routed_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was given to the person's e-mail and Slack, as they chose."
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=_only("event") | _only("comment") | _only("reminder") | _only("news"),
                name="a_notice_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(issue__isnull=True, news__isnull=False) | Q(issue__isnull=False, news__isnull=True),
                name="a_notice_without_request_is_news",
            ),
            models.UniqueConstraint(fields=["person", "event"], name="one_notice_per_event"),
            models.UniqueConstraint(fields=["person", "comment"], name="one_notice_per_comment"),
            models.UniqueConstraint(fields=["person", "reminder"], name="one_notice_per_reminder"),
            models.UniqueConstraint(fields=["person", "news"], name="one_notice_per_news"),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="notices_unread"),
            models.Index(fields=["person", "-created_at"], name="notices_newest"),
            models.Index(fields=["created_at"], condition=Q(routed_at__isnull=True), name="notices_unrouted"),
        ]

    def __str__(self):
        return f"{self.person}: {self.issue_id or self.news}"
