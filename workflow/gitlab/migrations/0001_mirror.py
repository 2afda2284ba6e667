"""The mirror in GitLab: what goes out, what came in, label schemes, alarms."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalogue", "0001_catalogue"),
        ("workflow", "0001_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Behind",
            fields=[
                (
                    "issue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workflow.issue",
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "pushed_version",
                    models.PositiveIntegerField(help_text="What GitLab had then; with more, the wait began anew."),
                ),
            ],
            options={
                "verbose_name_plural": "behind",
            },
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("window_start", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "blocked_until",
                    models.DateTimeField(
                        blank=True, help_text="GitLab said 429; until then nothing is asked.", null=True
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportedNote",
            fields=[
                (
                    "comment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="received",
                        serialize=False,
                        to="workflow.comment",
                    ),
                ),
                ("note_id", models.PositiveBigIntegerField(unique=True)),
                ("author_id", models.PositiveBigIntegerField(null=True)),
                ("written_at", models.DateTimeField(null=True)),
                ("digest", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="PollCursor",
            fields=[
                (
                    "tracker",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="cursor",
                        serialize=False,
                        to="catalogue.tracker",
                    ),
                ),
                ("polled_until", models.DateTimeField(null=True)),
                (
                    "found",
                    models.PositiveIntegerField(
                        default=0, help_text="Changes at the last poll that no webhook had told of."
                    ),
                ),
                (
                    "silent_since",
                    models.DateTimeField(help_text="Since when polls find what webhooks do not tell.", null=True),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TrackerLabels",
            fields=[
                (
                    "tracker",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="labels",
                        serialize=False,
                        to="catalogue.tracker",
                    ),
                ),
                ("names", models.JSONField(default=list)),
                ("read_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.URLField(blank=True, max_length=300)),
                ("bot_username", models.CharField(blank=True, max_length=255)),
                ("bot_id", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "ops_handle",
                    models.CharField(
                        blank=True,
                        default="@gitlab-com/support/support-ops",
                        help_text="Who is pinged in GitLab when a request is approved; empty for nobody.",
                        max_length=255,
                    ),
                ),
                ("token_expires_at", models.DateField(blank=True, null=True)),
                (
                    "premium",
                    models.BooleanField(
                        blank=True, help_text="Whether GitLab keeps scoped labels exclusive itself.", null=True
                    ),
                ),
                ("requests_per_minute", models.PositiveIntegerField(default=1800)),
                ("creations_per_minute", models.PositiveIntegerField(default=180)),
                (
                    "notes_per_minute",
                    models.PositiveIntegerField(
                        default=280, help_text="GitLab.com allows 60, a server of one's own 300."
                    ),
                ),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("paused_reason", models.TextField(blank=True)),
                (
                    "away_since",
                    models.DateTimeField(blank=True, help_text="Since when GitLab has not answered.", null=True),
                ),
            ],
            options={
                "verbose_name": "connection",
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="there_is_one_connection")],
            },
        ),
        migrations.CreateModel(
            name="GitLabCheck",
            fields=[
                (
                    "name",
                    models.CharField(
                        help_text="“token”, or “hook” and a tracker's number.",
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("problem", models.TextField(blank=True)),
                ("checked_at", models.DateTimeField()),
                (
                    "tracker",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalogue.tracker"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GitLabLink",
            fields=[
                ("due_at", models.DateTimeField(blank=True, help_text="Empty: nothing to do.", null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease", models.UUIDField(editable=False, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
                (
                    "parked",
                    models.BooleanField(default=False, help_text="Waits for a person: retrying would not help."),
                ),
                (
                    "refused_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when GitLab has refused this alone; it is tried again by itself.",
                        null=True,
                    ),
                ),
                (
                    "issue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="mirror",
                        serialize=False,
                        to="workflow.issue",
                    ),
                ),
                ("wanted_version", models.PositiveIntegerField(default=1)),
                ("pushed_version", models.PositiveIntegerField(default=0)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in-step", "In step"),
                            ("behind", "Behind"),
                            ("creating", "Being created"),
                            ("unknown", "Creation unconfirmed"),
                            ("parked", "Needs a person"),
                            ("orphaned", "Gone from GitLab"),
                        ],
                        default="behind",
                        max_length=10,
                    ),
                ),
                (
                    "marker",
                    models.CharField(
                        help_text="Stands in the GitLab issue's description; finds it again.",
                        max_length=64,
                        unique=True,
                    ),
                ),
                (
                    "creating_since",
                    models.DateTimeField(
                        help_text="When a creation was sent, by GitLab's clock; set while nobody knows whether it was done.",
                        null=True,
                    ),
                ),
                (
                    "empty_looks",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often it was then looked for and not found."
                    ),
                ),
                (
                    "absent_since",
                    models.DateTimeField(
                        help_text="When the issue was first not found, though GitLab answered; set until it is found.",
                        null=True,
                    ),
                ),
                ("project_id", models.PositiveBigIntegerField(blank=True, null=True)),
                ("iid", models.PositiveBigIntegerField(blank=True, null=True)),
                ("gitlab_id", models.PositiveBigIntegerField(blank=True, null=True, unique=True)),
                ("web_url", models.URLField(blank=True, max_length=500)),
                ("last_synced", models.JSONField(default=dict, help_text="The fields as last agreed with GitLab.")),
                ("pushed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="mirror_due"),
                    models.Index(
                        condition=models.Q(("status", "in-step"), _negated=True),
                        fields=["status"],
                        name="mirror_not_in_step",
                    ),
                    models.Index(
                        condition=models.Q(("refused_since__isnull", False)),
                        fields=["refused_since"],
                        name="mirror_refused",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("project_id", "iid"), name="one_request_per_gitlab_issue"),
                    models.CheckConstraint(
                        condition=models.Q(("pushed_version__lte", models.F("wanted_version"))),
                        name="never_pushed_ahead",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="there_is_one_heartbeat")],
            },
        ),
        migrations.CreateModel(
            name="LabelScheme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                ("is_active", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)), fields=("is_active",), name="one_active_label_scheme"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingLink",
            fields=[
                ("due_at", models.DateTimeField(blank=True, help_text="Empty: nothing to do.", null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease", models.UUIDField(editable=False, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
                (
                    "parked",
                    models.BooleanField(default=False, help_text="Waits for a person: retrying would not help."),
                ),
                (
                    "refused_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when GitLab has refused this alone; it is tried again by itself.",
                        null=True,
                    ),
                ),
                (
                    "link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="mirror",
                        serialize=False,
                        to="workflow.issuelink",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="link_mirror_due"
                    ),
                    models.Index(condition=models.Q(("parked", True)), fields=["link"], name="link_mirror_parked"),
                    models.Index(
                        condition=models.Q(("refused_since__isnull", False)),
                        fields=["refused_since"],
                        name="link_mirror_refused",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingUpload",
            fields=[
                ("due_at", models.DateTimeField(blank=True, help_text="Empty: nothing to do.", null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease", models.UUIDField(editable=False, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
                (
                    "parked",
                    models.BooleanField(default=False, help_text="Waits for a person: retrying would not help."),
                ),
                (
                    "refused_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when GitLab has refused this alone; it is tried again by itself.",
                        null=True,
                    ),
                ),
                (
                    "attachment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="mirror",
                        serialize=False,
                        to="workflow.attachment",
                    ),
                ),
                ("project_id", models.PositiveBigIntegerField(blank=True, null=True)),
                ("markdown", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="upload_mirror_due"
                    ),
                    models.Index(
                        condition=models.Q(("parked", True)), fields=["attachment"], name="upload_mirror_parked"
                    ),
                    models.Index(
                        condition=models.Q(("refused_since__isnull", False)),
                        fields=["refused_since"],
                        name="upload_mirror_refused",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PendingPull",
            fields=[
                (
                    "issue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="look",
                        serialize=False,
                        to="workflow.issue",
                    ),
                ),
                ("asked", models.PositiveBigIntegerField(default=0)),
                (
                    "thorough",
                    models.BooleanField(default=False, help_text="History and comments too, not only the fields."),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
                (
                    "refused_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when GitLab has refused this reading alone; it is tried again by itself.",
                        null=True,
                    ),
                ),
                (
                    "seen_at",
                    models.DateTimeField(
                        help_text="When a thorough look last ended well, by GitLab's clock.", null=True
                    ),
                ),
                ("label_event", models.PositiveBigIntegerField(default=0)),
                ("state_event", models.PositiveBigIntegerField(default=0)),
                ("milestone_event", models.PositiveBigIntegerField(default=0)),
                (
                    "pending",
                    models.JSONField(default=dict, help_text="A step somebody asked for whose words may still come."),
                ),
                (
                    "shared_text",
                    models.TextField(blank=True, help_text="What people wrote in GitLab around the portal's block."),
                ),
                ("flips", models.JSONField(default=list, help_text="Times at which one side undid the other lately.")),
                (
                    "frozen_at",
                    models.DateTimeField(blank=True, help_text="The two sides fought; neither is followed.", null=True),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="look_due"),
                    models.Index(
                        condition=models.Q(("frozen_at__isnull", False)), fields=["frozen_at"], name="look_frozen"
                    ),
                    models.Index(
                        condition=models.Q(("due_at__isnull", True), ("last_error__gt", "")),
                        fields=["issue"],
                        name="look_stuck",
                    ),
                    models.Index(
                        condition=models.Q(("refused_since__isnull", False)),
                        fields=["refused_since"],
                        name="look_refused",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PendingRelabel",
            fields=[
                (
                    "issue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="relabelling",
                        serialize=False,
                        to="workflow.issue",
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(help_text="Of the mirror; once pushed, the labels are as wanted."),
                ),
                (
                    "last",
                    models.BooleanField(default=False, help_text="It has ended: its turn comes after the open ones."),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["last", "issue"], name="relabelling_order")],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scope",
                    models.CharField(choices=[("open", "Open requests"), ("all", "All requests")], max_length=10),
                ),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "position",
                    models.PositiveBigIntegerField(default=0, help_text="Number of the last request compared."),
                ),
                ("checked", models.PositiveIntegerField(default=0)),
                ("drifted", models.PositiveIntegerField(default=0)),
                ("missing", models.PositiveIntegerField(default=0)),
                ("twins", models.PositiveIntegerField(default=0)),
                (
                    "findings",
                    models.JSONField(
                        default=list, help_text="[number, fields] of what was out of step; the first 200."
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("scope",),
                        name="one_running_reconciliation",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RejectedWebhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("reason", models.CharField(max_length=40)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("day", "reason"), name="one_refusal_count_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("away", "GitLab does not answer"),
                            ("paused", "The exchange with GitLab is paused"),
                            ("tracker", "A tracker waits"),
                            ("refused", "GitLab refuses one thing"),
                            ("waiting", "Changes wait too long for GitLab"),
                            ("unknown", "A creation stays unconfirmed"),
                            ("dead", "Needs a person"),
                            ("gone", "A GitLab issue is gone"),
                            ("silent", "Webhooks keep silent"),
                            ("hook", "A webhook is not in order"),
                            ("token", "The bot's token needs care"),
                            ("loop", "The two sides fight over a field"),
                            ("drift", "GitLab was out of step"),
                            ("beat", "Periodic work has stopped"),
                            ("mismatch", "The two sides disagree on who may read it"),
                            ("twin", "A second GitLab issue turned up"),
                            ("messages", "Messages to people are stuck"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=80)),
                ("place", models.CharField(blank=True, help_text="Empty: everywhere.", max_length=200)),
                ("reason", models.TextField(help_text="What is the matter, in words.")),
                ("noticed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("opened_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(help_text="When people were last told of it.", null=True)),
                ("cleared_at", models.DateTimeField(null=True)),
                (
                    "issue",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "ordering": ["opened_at", "pk"],
                "indexes": [models.Index(fields=["-cleared_at"], name="alarm_cleared")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at__isnull", True)),
                        fields=("kind", "key"),
                        name="an_alarm_is_raised_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "away",
                                    "paused",
                                    "tracker",
                                    "refused",
                                    "waiting",
                                    "unknown",
                                    "dead",
                                    "gone",
                                    "silent",
                                    "hook",
                                    "token",
                                    "loop",
                                    "drift",
                                    "beat",
                                    "mismatch",
                                    "twin",
                                    "messages",
                                ],
                            )
                        ),
                        name="alarm_kind_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelSchemeChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("foreseen", models.JSONField(default=dict, help_text="The counts that were shown before.")),
                ("labels_made_at", models.DateTimeField(null=True)),
                ("position", models.PositiveBigIntegerField(default=0)),
                ("enlisted_at", models.DateTimeField(null=True)),
                ("requests", models.PositiveIntegerField(default=0, help_text="How many were enlisted.")),
                (
                    "set_aside",
                    models.PositiveIntegerField(default=0, help_text="How many of them wait for a person now."),
                ),
                ("running", models.BooleanField(default=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "replaced",
                    models.BooleanField(default=False, help_text="Ended by another change before it was through."),
                ),
                ("last_error", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "from_scheme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="gitlab_mirror.labelscheme"
                    ),
                ),
                (
                    "to_scheme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="gitlab_mirror.labelscheme",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("running", True)), fields=("running",), name="one_running_scheme_change"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingNote",
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
                (
                    "refused_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when GitLab has refused this alone; it is tried again by itself.",
                        null=True,
                    ),
                ),
                ("note_id", models.PositiveBigIntegerField(blank=True, null=True)),
                ("posting_since", models.DateTimeField(null=True)),
                (
                    "comment",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mirror",
                        to="workflow.comment",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mirror",
                        to="workflow.event",
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="note_mirrors", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="note_mirror_due"
                    ),
                    models.Index(condition=models.Q(("parked", True)), fields=["issue"], name="note_mirror_parked"),
                    models.Index(
                        condition=models.Q(("refused_since__isnull", False)),
                        fields=["refused_since"],
                        name="note_mirror_refused",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("comment__isnull", False), ("event__isnull", True)),
                            models.Q(("comment__isnull", True), ("event__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_note_mirrors_one_thing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PendingFile",
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
                (
                    "refused_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when GitLab has refused this alone; it is tried again by itself.",
                        null=True,
                    ),
                ),
                ("project_id", models.PositiveBigIntegerField()),
                ("secret", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=255)),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pending_files",
                        to="workflow.comment",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="file_due"),
                    models.Index(condition=models.Q(("parked", True)), fields=["comment"], name="file_parked"),
                    models.Index(
                        condition=models.Q(("refused_since__isnull", False)),
                        fields=["refused_since"],
                        name="file_refused",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("comment", "secret", "name"), name="a_file_is_fetched_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackerWait",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("everything", "Everything"),
                            ("changes", "What changed"),
                            ("milestones", "Milestones"),
                            ("labels", "Labels"),
                            ("comparison", "The comparison"),
                        ],
                        default="everything",
                        max_length=12,
                    ),
                ),
                (
                    "readable",
                    models.BooleanField(default=True, help_text="Whether GitLab still lets the bot read there."),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("reason", models.TextField(help_text="What GitLab refuses, and what to do about it, in words.")),
                ("attempts", models.PositiveIntegerField(default=1)),
                ("next_try_at", models.DateTimeField()),
                (
                    "tracker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="waits", to="catalogue.tracker"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tracker", "what"), name="a_tracker_waits_once_for_a_thing")
                ],
            },
        ),
        migrations.CreateModel(
            name="SchemeLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "family",
                    models.CharField(
                        choices=[
                            ("state", "State"),
                            ("validation", "Validation"),
                            ("type", "Type"),
                            ("customer", "Customer"),
                            ("priority", "Priority"),
                            ("system", "System"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="The state, kind, division, priority or system it stands for.", max_length=40
                    ),
                ),
                ("name", models.CharField(help_text="As GitLab spells it.", max_length=255)),
                ("color", models.CharField(default="#6699cc", help_text="#rrggbb", max_length=7)),
                ("description", models.CharField(blank=True, max_length=255)),
                (
                    "alias",
                    models.BooleanField(
                        default=False, help_text="Understood when it comes from GitLab, never written there."
                    ),
                ),
                (
                    "scheme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="labels",
                        to="gitlab_mirror.labelscheme",
                    ),
                ),
            ],
            options={
                "ordering": ["scheme", "family", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scheme", "family", "key", "name"), name="a_label_says_a_thing_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("color__regex", "^#[0-9a-f]{6}$")), name="label_color_is_rrggbb"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="Idempotency-Key: the same for every repetition.", max_length=255, unique=True
                    ),
                ),
                ("event", models.CharField(blank=True, max_length=80)),
                ("body", models.TextField(help_text="Raw; emptied once understood where it is confidential.")),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("outcome", models.CharField(blank=True, help_text="What it led to, in words.", max_length=200)),
                (
                    "issue",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-received_at", "-pk"],
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="delivery_due"),
                    models.Index(fields=["received_at"], name="delivery_received"),
                    models.Index(fields=["issue", "-received_at"], name="delivery_of_issue"),
                ],
            },
        ),
    ]
