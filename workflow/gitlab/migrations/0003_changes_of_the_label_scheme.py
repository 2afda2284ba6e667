"""Changes of the label scheme, requests whose labels are still to change, and the labels GitLab offers."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gitlab_mirror", "0002_deliveries_and_looks"),
        ("workflow", "0007_rounds_of_several"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                        to="workflow.tracker",
                    ),
                ),
                ("names", models.JSONField(default=list)),
                ("read_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Relabelling",
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
            name="SchemeChange",
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
    ]
