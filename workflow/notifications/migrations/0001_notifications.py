"""Notices, news, reminders, what each person chose, and messages on their way."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_people"),
        ("workflow", "0001_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChannelState",
            fields=[
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("slack", "Slack")],
                        max_length=10,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="News",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(help_text="One line: what happened.", max_length=200)),
                ("text", models.TextField(blank=True, help_text="What the reader may want to know or do.")),
                ("path", models.CharField(help_text="The page it leads to, as /drafts/….", max_length=255)),
                ("button", models.CharField(help_text="The words of the link there.", max_length=60)),
                ("at", models.DateTimeField()),
                (
                    "settled_at",
                    models.DateTimeField(help_text="Since when nobody needs to be told of it any more.", null=True),
                ),
            ],
            options={
                "verbose_name_plural": "news",
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at__isnull", True)), fields=["path"], name="news_unsettled"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField(blank=True, help_text="Empty: nothing to do.", null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease", models.UUIDField(editable=False, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
                (
                    "parked",
                    models.BooleanField(default=False, help_text="Waits for a person: retrying would not help."),
                ),
                ("channel", models.CharField(choices=[("email", "E-mail"), ("slack", "Slack")], max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("unconfirmed", "Sent or not, nobody knows"),
                            ("dropped", "Not needed any more"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                (
                    "key",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, help_text="Names the message to the server.", unique=True
                    ),
                ),
                ("first_at", models.DateTimeField(help_text="When the first of its events happened.")),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "issue",
                    models.ForeignKey(
                        help_text="Empty: news, or a digest.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workflow.issue",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "news",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="notices.news"
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("needs-you", "It needs you"),
                            ("filed", "You filed it"),
                            ("watched", "You watch it"),
                            ("touched", "It touches your team"),
                        ],
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "routed_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When it was given to the person's e-mail and Slack, as they chose.",
                        null=True,
                    ),
                ),
                (
                    "comment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workflow.comment"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workflow.event"
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        help_text="Empty exactly for news.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workflow.issue",
                    ),
                ),
                (
                    "news",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="notices.news"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Part",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("email", "E-mail"), ("slack", "Slack")], max_length=10)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="notices.message"
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="notices.notice"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="message",
            name="notices",
            field=models.ManyToManyField(related_name="messages", through="notices.Part", to="notices.notice"),
        ),
        migrations.CreateModel(
            name="QuietHours",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("begins", models.TimeField(blank=True, null=True)),
                ("ends", models.TimeField(blank=True, null=True)),
                ("weekends", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name_plural": "quiet hours",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("begins__isnull", True), ("ends__isnull", True)),
                            models.Q(("begins__isnull", False), ("ends__isnull", False)),
                            _connector="OR",
                        ),
                        name="quiet_hours_begin_and_end",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("approval-waits", "Waits for your decision"),
                            ("approval-late", "A decision is late"),
                            ("discussion-due", "The discussion is due"),
                            ("validation-late", "Waits for your validation"),
                            ("validation-silent", "A validation is late"),
                            ("blocked-review", "Review what is blocked"),
                        ],
                        max_length=20,
                    ),
                ),
                ("day", models.DateField()),
                ("text", models.TextField(help_text="What the person reads.")),
                ("at", models.DateTimeField()),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workflow.issue"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="notice",
            name="reminder",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="notices.reminder"
            ),
        ),
        migrations.CreateModel(
            name="Choice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("needs-you", "It needs you"),
                            ("filed", "You filed it"),
                            ("watched", "You watch it"),
                            ("touched", "It touches your team"),
                        ],
                        max_length=10,
                    ),
                ),
                ("channel", models.CharField(choices=[("email", "E-mail"), ("slack", "Slack")], max_length=10)),
                (
                    "when",
                    models.CharField(
                        choices=[("at-once", "At once"), ("digest", "Once a day"), ("off", "Never")], max_length=10
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "reason", "channel"), name="one_choice_per_kind_and_channel"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("when__in", ["at-once", "digest", "off"])), name="when_is_known"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="part",
            constraint=models.UniqueConstraint(fields=("notice", "channel"), name="a_notice_is_sent_once_per_channel"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="message_due"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "sending")), fields=["leased_until"], name="message_sending"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["person", "channel", "issue"], name="message_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sending", "sent", "unconfirmed", "dropped"])),
                name="message_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("person", "issue", "kind", "day"), name="reminded_once_a_day"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(condition=models.Q(("read_at__isnull", True)), fields=["person"], name="notices_unread"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["person", "-created_at"], name="notices_newest"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("routed_at__isnull", True)), fields=["created_at"], name="notices_unrouted"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("comment__isnull", True),
                        ("event__isnull", False),
                        ("news__isnull", True),
                        ("reminder__isnull", True),
                    ),
                    models.Q(
                        ("comment__isnull", False),
                        ("event__isnull", True),
                        ("news__isnull", True),
                        ("reminder__isnull", True),
                    ),
                    models.Q(
                        ("comment__isnull", True),
                        ("event__isnull", True),
                        ("news__isnull", True),
                        ("reminder__isnull", False),
                    ),
                    models.Q(
                        ("comment__isnull", True),
                        ("event__isnull", True),
                        ("news__isnull", False),
                        ("reminder__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="a_notice_is_about_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("issue__isnull", True), ("news__isnull", False)),
                    models.Q(("issue__isnull", False), ("news__isnull", True)),
                    _connector="OR",
                ),
                name="a_notice_without_request_is_news",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("person", "event"), name="one_notice_per_event"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("person", "comment"), name="one_notice_per_comment"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("person", "reminder"), name="one_notice_per_reminder"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("person", "news"), name="one_notice_per_news"),
        ),
    ]
