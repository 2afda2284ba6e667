"""Alarms, periodic checks, beat's heartbeat, since when mirrors are behind; and indexes on what waits for a person."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q

KINDS = [
    ("away", "GitLab does not answer"),
    ("paused", "The exchange with GitLab is paused"),
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
]


def _parked(table, column):
    """An index that only holds what waits for a person: the sync queue and its count read nothing else."""
    name = f"{table}_parked"
    return migrations.RunSQL(f"CREATE INDEX {name} ON {table} ({column}) WHERE parked", f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("gitlab_mirror", "0003_changes_of_the_label_scheme"),
        ("workflow", "0007_rounds_of_several"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("key", models.CharField(blank=True, max_length=80)),
                (
                    "issue",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workflow.issue"
                    ),
                ),
                ("place", models.CharField(blank=True, help_text="Empty: everywhere.", max_length=200)),
                ("reason", models.TextField(help_text="What is the matter, in words.")),
                ("noticed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("opened_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(help_text="When people were last told of it.", null=True)),
                ("cleared_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["opened_at", "pk"],
                "indexes": [models.Index(fields=["-cleared_at"], name="alarm_cleared")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(cleared_at__isnull=True), fields=("kind", "key"), name="an_alarm_is_raised_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(kind__in=[kind for kind, _ in KINDS]), name="alarm_kind_is_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Check",
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
                (
                    "tracker",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workflow.tracker"
                    ),
                ),
                ("problem", models.TextField(blank=True)),
                ("checked_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(pk=1), name="there_is_one_heartbeat")],
            },
        ),
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
            options={"verbose_name_plural": "behind"},
        ),
        migrations.AddIndex(
            model_name="look",
            index=models.Index(
                condition=Q(due_at__isnull=True, last_error__gt=""), fields=["issue"], name="look_stuck"
            ),
        ),
        _parked("workflow_notemirror", "issue_id"),
        _parked("workflow_uploadmirror", "attachment_id"),
        _parked("workflow_linkmirror", "link_id"),
    ]
