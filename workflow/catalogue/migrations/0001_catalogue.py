"""What can be asked: trackers, routes, entries and their questions, approval policies."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Tracker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "path",
                    models.CharField(
                        help_text="Path of the GitLab project, for example group/project.", max_length=255, unique=True
                    ),
                ),
                ("name", models.CharField(help_text="What people read, for example “Calendly”.", max_length=120)),
                (
                    "project_id",
                    models.PositiveBigIntegerField(
                        blank=True,
                        help_text="Found from the path at the first contact.",
                        null=True,
                        unique=True,
                        verbose_name="GitLab project id",
                    ),
                ),
                (
                    "confidential_only",
                    models.BooleanField(
                        default=False,
                        help_text="Holds only confidential issues; requests from here never move to an open tracker.",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, help_text="New requests may be filed or moved here.")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Route",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField(max_length=40, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bug", "Bug"),
                            ("feature", "Feature"),
                            ("administrative", "Administrative"),
                            ("proposal", "Proposal"),
                            ("question", "Question"),
                            ("hand-over", "Hand-over"),
                        ],
                        max_length=20,
                    ),
                ),
                ("template", models.CharField(blank=True, max_length=80, verbose_name="GitLab template")),
                (
                    "approval_rule",
                    models.CharField(
                        choices=[
                            ("none", "Nobody needs to approve"),
                            ("reports_to", "The requester's manager"),
                            ("chosen", "A manager chosen by the requester"),
                        ],
                        default="none",
                        max_length=20,
                    ),
                ),
                ("waivable", models.BooleanField(default=False, verbose_name="ops may waive the approval")),
                (
                    "voiding_fields",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Keys of the fields whose change voids an approval: title, description, or a question.",
                    ),
                ),
                (
                    "default_labels",
                    models.JSONField(blank=True, default=list, help_text="GitLab labels put on every new issue."),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "restricted_to",
                    models.ForeignKey(
                        blank=True,
                        help_text="Requests exist only for the people involved and this group, and are confidential in GitLab.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="auth.group",
                    ),
                ),
                (
                    "second_owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tracker",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for what is answered in the portal.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalogue.tracker",
                    ),
                ),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(help_text="As people say it, for example “Get something fixed”.", max_length=80),
                ),
                ("summary", models.CharField(help_text="One line on the card.", max_length=200)),
                ("guidance", models.TextField(blank=True, help_text="What to know before filing. Markdown.")),
                (
                    "keywords",
                    models.CharField(blank=True, help_text="Further words the search finds it by.", max_length=255),
                ),
                (
                    "icon",
                    models.CharField(
                        default="file-text", help_text="Name of an icon of the design system.", max_length=40
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Without this nobody sees it in the catalogue.", verbose_name="offered"
                    ),
                ),
                (
                    "why_not",
                    models.CharField(
                        blank=True,
                        help_text="The sentence for people who may not file it. Empty: the portal's own.",
                        max_length=255,
                    ),
                ),
                (
                    "title_pattern",
                    models.CharField(
                        blank=True,
                        help_text="Makes the title from answers where none is typed, for example “{change} macro {macro_title}”.",
                        max_length=120,
                    ),
                ),
                (
                    "description_label",
                    models.CharField(
                        blank=True,
                        help_text="Asks for a required text under this label; empty: an optional last remark.",
                        max_length=120,
                    ),
                ),
                (
                    "system",
                    models.CharField(
                        blank=True,
                        help_text="The system all its requests concern, where the entry alone says so.",
                        max_length=40,
                    ),
                ),
                (
                    "elsewhere_label",
                    models.CharField(blank=True, help_text="A quicker way, as the words of a link.", max_length=80),
                ),
                ("elsewhere_url", models.URLField(blank=True)),
                (
                    "after_filing",
                    models.CharField(
                        blank=True,
                        help_text="What the person still does by hand, said when the request is filed.",
                        max_length=500,
                    ),
                ),
                (
                    "may_file",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Only members of these groups file it; empty: everybody.",
                        related_name="+",
                        to="auth.group",
                    ),
                ),
                (
                    "route",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entry", to="catalogue.route"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "ordering": ["order", "name"],
            },
        ),
        migrations.CreateModel(
            name="ApprovalPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "with_manager",
                    models.BooleanField(
                        default=True,
                        help_text="Whoever the route's approval rule finds or the requester chooses, first in the order.",
                        verbose_name="the manager decides too",
                    ),
                ),
                (
                    "quorum",
                    models.CharField(
                        choices=[
                            ("any", "Any one of them"),
                            ("some", "So many of them"),
                            ("all", "All of them"),
                            ("in-order", "All of them, one after the other"),
                        ],
                        default="all",
                        max_length=10,
                    ),
                ),
                (
                    "needed",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="Counts for “so many of them” only; where fewer are asked, all of those.",
                        verbose_name="how many",
                    ),
                ),
                (
                    "route",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="policy", to="catalogue.route"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "approval policies",
                "ordering": ["route"],
            },
        ),
        migrations.CreateModel(
            name="PolicyApprover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.PositiveSmallIntegerField(default=1)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="named", to="catalogue.approvalpolicy"
                    ),
                ),
            ],
            options={
                "ordering": ["order", "pk"],
                "constraints": [models.UniqueConstraint(fields=("policy", "person"), name="named_once_per_policy")],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="Stays the same when the label is reworded, for example “steps”.",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z][a-z0-9_]*\\Z", "Use small letters, digits and underscores."
                            )
                        ],
                    ),
                ),
                ("label", models.CharField(max_length=200)),
                ("help", models.CharField(blank=True, max_length=400)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("short", "Short text"),
                            ("long", "Long text"),
                            ("choice", "One of several"),
                            ("choices", "Any of several"),
                            ("yes-no", "Yes or no"),
                            ("confirm", "Confirmation to tick"),
                            ("date", "Date"),
                            ("url", "Web address"),
                            ("number", "Whole number"),
                            ("email", "E-mail address"),
                        ],
                        default="short",
                        max_length=10,
                    ),
                ),
                ("choices", models.JSONField(blank=True, default=list, help_text="What may be chosen.")),
                ("required", models.BooleanField(default=True)),
                (
                    "asked_of",
                    models.CharField(
                        choices=[("requester", "Requester"), ("approver", "Approver")],
                        default="requester",
                        max_length=10,
                    ),
                ),
                (
                    "feeds",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Nothing"),
                            ("system", "System"),
                            ("customer", "Customer"),
                            ("teams", "Other impacted teams"),
                            ("due_date", "Due date"),
                        ],
                        help_text="The field of the request it fills.",
                        max_length=10,
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="catalogue.entry"
                    ),
                ),
            ],
            options={
                "ordering": ["order", "pk"],
                "constraints": [models.UniqueConstraint(fields=("entry", "key"), name="one_question_per_key")],
            },
        ),
        migrations.AddConstraint(
            model_name="approvalpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("quorum__in", ["any", "some", "all", "in-order"])), name="quorum_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalpolicy",
            constraint=models.CheckConstraint(condition=models.Q(("needed__gte", 1)), name="somebody_must_approve"),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["bug", "feature", "administrative", "proposal", "question", "hand-over"])
                ),
                name="route_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["administrative", "bug", "feature"]), _negated=True),
                    ("tracker__isnull", False),
                    _connector="OR",
                ),
                name="what_is_worked_on_has_a_tracker",
            ),
        ),
    ]
