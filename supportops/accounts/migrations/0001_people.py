"""People, their absences and holidays."""

import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import supportops.accounts.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Holiday",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                ("name", models.CharField(max_length=80)),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        help_text="Empty: a holiday of everybody, which targets and reminders do not count. Otherwise a region as people have it, for example EMEA: reminders to its people do not count the day.",
                        max_length=20,
                    ),
                ),
            ],
            options={
                "ordering": ["date", "region"],
                "constraints": [
                    models.UniqueConstraint(fields=("date", "region"), name="one_holiday_per_day_and_region")
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                (
                    "division",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("Security", "Security"),
                            ("Engineering", "Engineering"),
                            ("Finance", "Finance"),
                            ("People", "People"),
                            ("Support", "Support"),
                            ("Field", "Field"),
                            ("Marketing", "Marketing"),
                        ],
                        max_length=20,
                    ),
                ),
                ("gitlab_username", models.CharField(blank=True, max_length=255, verbose_name="GitLab username")),
                (
                    "gitlab_id",
                    models.PositiveBigIntegerField(
                        blank=True, editable=False, null=True, verbose_name="GitLab user id"
                    ),
                ),
                ("slack_id", models.CharField(blank=True, max_length=40, verbose_name="Slack member id")),
                ("title", models.CharField(blank=True, help_text="What their job is called.", max_length=120)),
                (
                    "region",
                    models.CharField(
                        blank=True, help_text="As in the Support Team YAML, for example EMEA.", max_length=20
                    ),
                ),
                (
                    "working_hours",
                    models.CharField(
                        blank=True, help_text="In words, for example 0800-1600 Central time.", max_length=80
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(default="UTC", help_text="An IANA name such as Europe/Berlin.", max_length=60),
                ),
                ("away_from", models.DateField(blank=True, null=True)),
                ("away_until", models.DateField(blank=True, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "reports_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reports to",
                    ),
                ),
                (
                    "stand_in",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="stands_in_for",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reports_to__isnull", True),
                            models.Q(("reports_to", models.F("pk")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_reports_to_themselves",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("gitlab_username"),
                        condition=models.Q(("gitlab_username", ""), _negated=True),
                        name="one_person_per_gitlab_username",
                    ),
                ],
            },
            managers=[
                ("objects", supportops.accounts.models.People()),
            ],
        ),
    ]
