"""Validation in rounds, each with a list of what to check; what was found is append-only in the database too.

Requests that were validated before get their rounds from their history, with the lines “- [ ]” of what was asked as
their list.
"""

import re
from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RULES = (
    ("workflow_validationcheck", "validation_check_is_never_changed", "UPDATE", "TRUE"),
    ("workflow_validationcheck", "validation_check_is_never_deleted", "DELETE", "TRUE"),
)
ENDS = {"validate": "validated", "send-back": "sent-back", "close": "ended", "withdraw": "ended"}
TASK = re.compile(r"^\s*[-*+] \[[ xX]\]\s+(.+)$")
MOST_ITEMS, LONGEST_ITEM = 50, 300


def forbid(apps, schema_editor):
    """Make the triggers, as 0002 does."""
    statement = import_module("workflow.migrations.0002_append_only_history").statement
    for rule in RULES:
        schema_editor.execute(statement(schema_editor.connection.vendor, *rule), None)


def allow(apps, schema_editor):
    """Drop them."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table, name, _, _ in RULES:
        schema_editor.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")


def tell_from_history(apps, schema_editor):
    """The rounds of what was validated before there were any."""
    events = apps.get_model("workflow", "Event").objects.filter(verb__in=["request-validation", *ENDS])
    running = None
    for event in events.order_by("issue_id", "at", "pk").iterator():
        if running is not None and running.issue_id != event.issue_id:
            running = None
        if event.verb == "request-validation":
            running = _begin(apps, event)
        elif running is not None and running.ended_at is None:
            _end(running, event)


def _begin(apps, event):
    rounds = apps.get_model("workflow", "ValidationRound").objects
    last = rounds.filter(issue_id=event.issue_id).order_by("-number").first()
    if last is not None and last.ended_at is None:
        return last
    lines = event.text.split("\n")
    began = rounds.create(
        issue_id=event.issue_id,
        number=last.number + 1 if last else 1,
        asked_by_id=event.actor_id,
        opened_at=event.at,
        brief="\n".join(line for line in lines if not TASK.match(line)).strip(),
        bounces=last.bounces if last and last.outcome == "sent-back" else 0,
    )
    item = apps.get_model("workflow", "ValidationItem").objects
    tasks = [found[1].strip() for line in lines if (found := TASK.match(line))]
    for order, task in enumerate(tasks[:MOST_ITEMS], start=1):
        item.create(round=began, order=order, text=task[:LONGEST_ITEM])
    return began


def _end(round_, event):
    round_.ended_at, round_.outcome = event.at, ENDS[event.verb]
    round_.bounces = round_.bounces + 1 if round_.outcome == "sent-back" else 0
    round_.save()


class Migration(migrations.Migration):
    dependencies = [
        ("workflow", "0007_rounds_of_several"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="reminder",
            name="kind",
            field=models.CharField(
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
        migrations.CreateModel(
            name="ValidationRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("brief", models.TextField(blank=True, help_text="What to check, and where, without the list.")),
                ("opened_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("validated", "Validated"),
                            ("sent-back", "Sent back"),
                            ("ended", "Ended with the request"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "bounces",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How many rounds in a row, with this one, were sent back."
                    ),
                ),
                (
                    "raised_at",
                    models.DateTimeField(help_text="When the lead was asked to look at it.", null=True),
                ),
                (
                    "settled_at",
                    models.DateTimeField(help_text="When it was validated after all, or ended.", null=True),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="validations", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("issue", "number"), name="validations_are_numbered"),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("issue",), name="one_open_validation"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("outcome", "")),
                            models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="an_ended_validation_has_an_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("settled_at__isnull", True), ("raised_at__isnull", False), _connector="OR"),
                        name="only_what_was_raised_is_settled",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("raised_at__isnull", False), ("settled_at__isnull", True)),
                        fields=["issue"],
                        name="raised_to_lead",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ValidationItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.PositiveSmallIntegerField()),
                ("text", models.CharField(max_length=300)),
                (
                    "before",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="workflow.validationitem",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="workflow.validationround",
                    ),
                ),
            ],
            options={
                "ordering": ["order"],
                "constraints": [models.UniqueConstraint(fields=("round", "order"), name="items_are_ordered")],
            },
        ),
        migrations.CreateModel(
            name="ValidationCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("ticked", "Ticked"), ("failed", "Failed"), ("open", "Open again")], max_length=10
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="workflow.validationitem",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["ticked", "failed", "open"])), name="verdict_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("note", ""), ("verdict", "failed"), _negated=True),
                        name="what_failed_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="attachment",
            name="validation_check",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attachments",
                to="workflow.validationcheck",
            ),
        ),
        migrations.RunPython(forbid, allow),
        migrations.RunPython(tell_from_history, migrations.RunPython.noop),
    ]
