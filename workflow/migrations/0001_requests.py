"""Requests and all that belongs to them; what is append-only is so in the database; the full-text index.

*Append-only*: history, decisions, gate answers and what was found in a validation cannot be changed or deleted, by
anybody, below the portal too. A decision may be filled in once (who is asked may change until then).

*The full-text index* behind workflow.search. PostgreSQL: a generated tsvector column, stemmed and as written, and the
extension that compares words despite typing errors, where it can be had. SQLite: an FTS5 table kept by triggers. A
later migration that rebuilds workflow_issue on SQLite drops its triggers and must make the index again; the tests of
search notice when it does not.
"""

import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import DatabaseError, migrations, models, transaction

import workflow.models.approval
import workflow.models.attachment
import workflow.models.gate_path
import workflow.models.issue
import workflow.models.protected_refresh
import workflow.models.validation
from workflow.states import TARGET_WORKING_DAYS

RULES = (
    # table, trigger, when, condition on the old row that is protected
    ("workflow_event", "event_is_never_changed", "UPDATE", "TRUE"),
    ("workflow_event", "event_is_never_deleted", "DELETE", "TRUE"),
    ("workflow_gateanswer", "gate_answer_is_never_changed", "UPDATE", "TRUE"),
    ("workflow_gateanswer", "gate_answer_is_never_deleted", "DELETE", "TRUE"),
    ("workflow_decision", "decision_is_never_changed", "UPDATE", "OLD.decided_at IS NOT NULL"),
    ("workflow_decision", "decision_is_never_deleted", "DELETE", "OLD.decided_at IS NOT NULL"),
    ("workflow_gatepath", "used_path_is_never_changed", "UPDATE", "OLD.frozen_at IS NOT NULL"),
    ("workflow_gatepath", "used_path_is_never_deleted", "DELETE", "OLD.frozen_at IS NOT NULL"),
    ("workflow_validationcheck", "validation_check_is_never_changed", "UPDATE", "TRUE"),
    ("workflow_validationcheck", "validation_check_is_never_deleted", "DELETE", "TRUE"),
)


def forbid(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE FUNCTION workflow_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
            None,
        )
    for table, name, when, condition in RULES:
        schema_editor.execute(statement(schema_editor.connection.vendor, table, name, when, condition), None)


def statement(vendor, table, name, when, condition):
    if vendor == "postgresql":
        return (
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW WHEN ({condition}) "
            "EXECUTE FUNCTION workflow_is_append_only()"
        )
    return (
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def allow(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table, name, _, _ in RULES:
        schema_editor.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")
    if postgresql:
        schema_editor.execute("DROP FUNCTION workflow_is_append_only()")


POSTGRESQL = [
    """ALTER TABLE workflow_issue ADD COLUMN search_words tsvector GENERATED ALWAYS AS (
    to_tsvector('english', title || ' ' || left(description, 100000))
    || to_tsvector('simple', title || ' ' || left(description, 100000))
    || to_tsvector('english', jsonb_path_query_array(answers, '$[*].answer'))
    || to_tsvector('simple', jsonb_path_query_array(answers, '$[*].answer'))
) STORED""",
    "CREATE INDEX workflow_issue_search_words ON workflow_issue USING gin (search_words)",
]
# The answers people gave, without the questions they answered.
ANSWERS = """(SELECT group_concat(atom, ' ') FROM json_tree({row}.answers)
    WHERE type = 'text' AND fullkey LIKE '$[%].answer%')"""
SQLITE = [
    """CREATE VIRTUAL TABLE IF NOT EXISTS workflow_issue_words
       USING fts5(title, description, answers, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')""",
    "DROP TRIGGER IF EXISTS workflow_issue_words_insert",
    "DROP TRIGGER IF EXISTS workflow_issue_words_update",
    "DROP TRIGGER IF EXISTS workflow_issue_words_delete",
    f"""CREATE TRIGGER workflow_issue_words_insert AFTER INSERT ON workflow_issue BEGIN
       INSERT INTO workflow_issue_words (rowid, title, description, answers)
       VALUES (new.number, new.title, new.description, {ANSWERS.format(row="new")});
    END""",
    f"""CREATE TRIGGER workflow_issue_words_update AFTER UPDATE ON workflow_issue
    WHEN old.title <> new.title OR old.description <> new.description OR old.answers <> new.answers BEGIN
       UPDATE workflow_issue_words
       SET title = new.title, description = new.description, answers = {ANSWERS.format(row="new")}
       WHERE rowid = new.number;
    END""",
    """CREATE TRIGGER workflow_issue_words_delete AFTER DELETE ON workflow_issue BEGIN
       DELETE FROM workflow_issue_words WHERE rowid = old.number;
    END""",
    f"""INSERT INTO workflow_issue_words (rowid, title, description, answers)
       SELECT number, title, description, {ANSWERS.format(row="workflow_issue")} FROM workflow_issue
       WHERE number NOT IN (SELECT rowid FROM workflow_issue_words)""",
]


def make_search_index(apps, schema_editor):
    """Make the index of the database at hand and fill it."""
    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        for statement in POSTGRESQL:
            schema_editor.execute(statement, params=None)
        _trigrams_where_possible(connection)
    elif connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement, params=None)


def _trigrams_where_possible(connection):
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        # Not installed, or this role may not create it: search works, only without forgiving typing errors.
        return


def drop_search_index(apps, schema_editor):
    """Take the index away again."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE workflow_issue DROP COLUMN search_words")
    elif schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS workflow_issue_words_{name}")
        schema_editor.execute("DROP TABLE IF EXISTS workflow_issue_words")


def set_targets(apps, schema_editor):
    """The shipped targets per stage. From then on they are data: ops change them in the administration."""
    targets = apps.get_model("workflow", "StageTarget").objects.using(schema_editor.connection.alias)
    for state, days in TARGET_WORKING_DAYS.items():
        targets.get_or_create(state=state.value, defaults={"working_days": days})


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalogue", "0001_catalogue"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("leased_until", models.DateTimeField(null=True)),
                ("token", models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="StageTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("discussion", "Discussion"),
                            ("approval", "Approval"),
                            ("triage", "Triage"),
                            ("needs_info", "Needs information"),
                            ("escalated", "Escalated"),
                            ("backlog", "Backlog"),
                            ("design", "Design"),
                            ("planning", "Planning"),
                            ("scheduled", "Scheduled"),
                            ("development", "Development"),
                            ("validation", "Validation"),
                            ("implementation", "Implementation"),
                            ("blocked", "Blocked"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                        unique=True,
                    ),
                ),
                ("working_days", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ["state"],
            },
        ),
        migrations.CreateModel(
            name="Issue",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "submission",
                    models.UUIDField(
                        editable=False,
                        help_text="The form it came by; a second press finds it.",
                        null=True,
                        unique=True,
                    ),
                ),
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
                ("title", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True)),
                ("answers", models.JSONField(default=list, help_text="Rows as asked: key, label, type, answer.")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("discussion", "Discussion"),
                            ("approval", "Approval"),
                            ("triage", "Triage"),
                            ("needs_info", "Needs information"),
                            ("escalated", "Escalated"),
                            ("backlog", "Backlog"),
                            ("design", "Design"),
                            ("planning", "Planning"),
                            ("scheduled", "Scheduled"),
                            ("development", "Development"),
                            ("validation", "Validation"),
                            ("implementation", "Implementation"),
                            ("blocked", "Blocked"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                        ],
                        default="triage",
                        max_length=20,
                        protected=True,
                    ),
                ),
                ("state_since", models.DateTimeField()),
                (
                    "return_to",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("discussion", "Discussion"),
                            ("approval", "Approval"),
                            ("triage", "Triage"),
                            ("needs_info", "Needs information"),
                            ("escalated", "Escalated"),
                            ("backlog", "Backlog"),
                            ("design", "Design"),
                            ("planning", "Planning"),
                            ("scheduled", "Scheduled"),
                            ("development", "Development"),
                            ("validation", "Validation"),
                            ("implementation", "Implementation"),
                            ("blocked", "Blocked"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("completed", "Completed"),
                            ("continued", "Continued in another request"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("invalid", "Invalid"),
                            ("duplicate", "Duplicate"),
                            ("wont-do", "Won't do"),
                            ("discuss-first", "Discuss first"),
                            ("not-eligible", "Not eligible"),
                            ("no-answer", "No answer"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "customer",
                    models.CharField(
                        blank=True, help_text="The division it is for (label family Customer).", max_length=40
                    ),
                ),
                (
                    "system",
                    models.CharField(
                        blank=True, help_text="The system concerned, as in the label scheme.", max_length=40
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "Urgent"), (2, "High"), (3, "Medium"), (4, "Low")], null=True
                    ),
                ),
                (
                    "rank",
                    workflow.models.issue.RankField(
                        default=5,
                        editable=False,
                        help_text="Its place in queues: 1 comes first, 5 has no priority.",
                    ),
                ),
                ("due_date", models.DateField(null=True)),
                ("teams", models.CharField(blank=True, max_length=255, verbose_name="other impacted teams")),
                ("gameplan", models.TextField(blank=True)),
                ("validation_brief", models.TextField(blank=True, help_text="What to check, and where.")),
                ("validation_asked", models.BooleanField(default=False)),
                (
                    "validation_mandatory",
                    models.BooleanField(
                        default=False, help_text="Continued from a proposal: the requester reviews it."
                    ),
                ),
                ("blocked_by", models.CharField(blank=True, max_length=255)),
                ("unblock_when", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assigned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "escalated_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "filed_by",
                    models.ForeignKey(
                        help_text="Who pressed the button, if not the requester.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "implemented_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requester",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "restricted_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auth.group"
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="issues", to="catalogue.route"
                    ),
                ),
                (
                    "tracker",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="catalogue.tracker",
                    ),
                ),
            ],
            options={
                "verbose_name": "request",
                "ordering": ["-number"],
            },
            bases=(
                workflow.models.approval.Deciding,
                workflow.models.gate_path.Gated,
                workflow.models.validation.Validating,
                workflow.models.protected_refresh.ProtectedRefresh,
                models.Model,
            ),
        ),
        migrations.CreateModel(
            name="GatePath",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "gate",
                    models.CharField(choices=[("triage", "Triage gate"), ("gameplan", "Gameplan gate")], max_length=10),
                ),
                ("chart_version", models.CharField(max_length=20)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("approved", "Approved"),
                            ("escalate", "Escalate to unblock"),
                            ("backlog", "Needs prioritisation, backlog"),
                        ],
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("frozen_at", models.DateTimeField(null=True)),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="gate_paths", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "ordering": ["opened_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verb", models.CharField(max_length=30)),
                (
                    "source",
                    models.CharField(
                        choices=[("portal", "Portal"), ("gitlab", "GitLab"), ("calendar", "Calendar")],
                        default="portal",
                        max_length=10,
                    ),
                ),
                (
                    "from_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("discussion", "Discussion"),
                            ("approval", "Approval"),
                            ("triage", "Triage"),
                            ("needs_info", "Needs information"),
                            ("escalated", "Escalated"),
                            ("backlog", "Backlog"),
                            ("design", "Design"),
                            ("planning", "Planning"),
                            ("scheduled", "Scheduled"),
                            ("development", "Development"),
                            ("validation", "Validation"),
                            ("implementation", "Implementation"),
                            ("blocked", "Blocked"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "to_state",
                    models.CharField(
                        choices=[
                            ("discussion", "Discussion"),
                            ("approval", "Approval"),
                            ("triage", "Triage"),
                            ("needs_info", "Needs information"),
                            ("escalated", "Escalated"),
                            ("backlog", "Backlog"),
                            ("design", "Design"),
                            ("planning", "Planning"),
                            ("scheduled", "Scheduled"),
                            ("development", "Development"),
                            ("validation", "Validation"),
                            ("implementation", "Implementation"),
                            ("blocked", "Blocked"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("text", models.TextField(blank=True, help_text="The words given with the step.")),
                (
                    "data",
                    models.JSONField(
                        default=dict, help_text="What else was given or changed: {field: [old, new]} or {name: value}."
                    ),
                ),
                ("version", models.PositiveIntegerField(help_text="The request's version after this.")),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "on_behalf_of",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delegations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="delegations", to="workflow.issue"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "author_name",
                    models.CharField(
                        blank=True,
                        help_text="Who wrote it in GitLab, when the portal does not know them.",
                        max_length=255,
                    ),
                ),
                ("body", models.TextField()),
                ("internal", models.BooleanField(default=False, help_text="Only Support Operations reads it.")),
                (
                    "source",
                    models.CharField(
                        choices=[("portal", "Portal"), ("gitlab", "GitLab"), ("calendar", "Calendar")],
                        default="portal",
                        max_length=10,
                    ),
                ),
                (
                    "submission",
                    models.UUIDField(
                        editable=False,
                        help_text="The form it came by; a second press finds it.",
                        null=True,
                        unique=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("edited_at", models.DateTimeField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "author",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ApprovalRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "asked",
                    models.JSONField(help_text="Title, description and answers as they stood when the round opened."),
                ),
                ("opened_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("waived", "Waived"),
                            ("voided", "Voided by an edit"),
                            ("ended", "Ended with the request"),
                            ("carried-over", "Carried over"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "needed",
                    models.PositiveSmallIntegerField(default=1, help_text="How many of its seats must approve."),
                ),
                (
                    "carried_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="workflow.approvalround",
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rounds", to="workflow.issue"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="IssueLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("continued-in", "Continued in"),
                            ("spun-off", "Spun off into"),
                            ("duplicate-of", "Duplicate of"),
                        ],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links_out", to="workflow.issue"
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links_in", to="workflow.issue"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Milestone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gitlab_id", models.PositiveBigIntegerField(verbose_name="GitLab id")),
                ("title", models.CharField(max_length=255)),
                ("start_date", models.DateField(blank=True, null=True)),
                ("due_date", models.DateField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("closed", "Closed"), ("deleted", "Deleted")],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("synced_at", models.DateTimeField(auto_now=True)),
                (
                    "tracker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="milestones", to="catalogue.tracker"
                    ),
                ),
            ],
            options={
                "ordering": ["due_date", "title"],
            },
        ),
        migrations.AddField(
            model_name="issue",
            name="milestone",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="issues", to="workflow.milestone"
            ),
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
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.FileField(max_length=120, upload_to=workflow.models.attachment._random_place)),
                ("name", models.CharField(max_length=255)),
                ("content_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField(help_text="Bytes.")),
                ("internal", models.BooleanField(default=False)),
                (
                    "source",
                    models.CharField(
                        choices=[("portal", "Portal"), ("gitlab", "GitLab"), ("calendar", "Calendar")],
                        default="portal",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "comment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="workflow.comment",
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="workflow.issue",
                    ),
                ),
                (
                    "validation_check",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="workflow.validationcheck",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
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
            ],
            options={
                "ordering": ["order"],
            },
        ),
        migrations.AddField(
            model_name="validationcheck",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="checks", to="workflow.validationitem"
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
                ("raised_at", models.DateTimeField(help_text="When the lead was asked to look at it.", null=True)),
                ("settled_at", models.DateTimeField(help_text="When it was validated after all, or ended.", null=True)),
                (
                    "late_at",
                    models.DateTimeField(
                        help_text="When somebody was last reminded that nobody has come to it.", null=True
                    ),
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
            },
        ),
        migrations.AddField(
            model_name="validationitem",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="items", to="workflow.validationround"
            ),
        ),
        migrations.CreateModel(
            name="CountedReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "audience",
                    models.CharField(help_text="The ids of the groups, in order.", max_length=255, unique=True),
                ),
                ("groups", models.JSONField()),
                ("restricting", models.JSONField()),
                ("figures", models.JSONField()),
                ("counted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="watches", to="workflow.issue"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "order",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="Seats of the lowest order that waits are in turn."
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(
                        help_text="Since when its holder could decide; empty: the round's opening.", null=True
                    ),
                ),
                (
                    "follows_manager",
                    models.BooleanField(help_text="It belongs to whoever the requester reports to.", null=True),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True, choices=[("approved", "Approved"), ("declined", "Declined")], max_length=10
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("text", models.TextField(blank=True)),
                (
                    "answers",
                    models.JSONField(
                        default=list, help_text="The approver's part of the form: rows as asked, with answers."
                    ),
                ),
                (
                    "approver",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions_asked",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "issue_requester",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="workflow.approvalround",
                    ),
                ),
            ],
            options={
                "ordering": ["order", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("decided_at__isnull", True)), fields=["approver"], name="decisions_waiting"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("verdict", "")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("verdict", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_decision_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approver__isnull", True),
                                models.Q(("approver", models.F("issue_requester")), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("decided_by__isnull", True),
                                models.Q(("decided_by", models.F("issue_requester")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="nobody_approves_their_own_request",
                    ),
                    models.UniqueConstraint(fields=("round", "approver"), name="one_seat_per_approver"),
                    models.UniqueConstraint(
                        condition=models.Q(("decided_by__isnull", False)),
                        fields=("round", "decided_by"),
                        name="one_decision_per_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GateAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", models.CharField(max_length=20)),
                ("text", models.CharField(max_length=200)),
                ("answer", models.BooleanField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "path",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="workflow.gatepath"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "constraints": [models.UniqueConstraint(fields=("path", "question"), name="one_answer_per_question")],
            },
        ),
        migrations.AddConstraint(
            model_name="gatepath",
            constraint=models.UniqueConstraint(
                condition=models.Q(("frozen_at__isnull", True)), fields=("issue", "gate"), name="one_open_path_per_gate"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["issue", "at"], name="event_story"),
        ),
        migrations.AddIndex(
            model_name="delegation",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["person"], name="delegations_running"
            ),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("issue", "person"),
                name="one_running_delegation_each",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["issue", "created_at"], name="comment_story"),
        ),
        migrations.AddConstraint(
            model_name="approvalround",
            constraint=models.UniqueConstraint(fields=("issue", "number"), name="rounds_are_numbered"),
        ),
        migrations.AddConstraint(
            model_name="approvalround",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("issue",), name="one_open_round"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalround",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                    _connector="OR",
                ),
                name="an_ended_round_has_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="issuelink",
            constraint=models.UniqueConstraint(fields=("source", "target", "type"), name="one_link_of_a_type"),
        ),
        migrations.AddConstraint(
            model_name="issuelink",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", models.F("target")), _negated=True), name="nothing_links_to_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.UniqueConstraint(fields=("tracker", "gitlab_id"), name="one_milestone_row_per_tracker"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "completed"]), _negated=True),
                fields=["state", "rank", "state_since", "number"],
                name="open_by_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "completed"]), _negated=True),
                fields=["requester", "state"],
                name="open_by_requester",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(fields=["requester", "-number"], name="requests_of_a_person"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "completed"]), _negated=True),
                fields=["assignee", "rank", "state_since", "number"],
                name="open_by_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(fields=["kind", "-number"], name="by_kind"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(fields=["state", "-number"], name="by_state"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(fields=["-updated_at", "-number"], name="by_newest_change"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "completed"]), _negated=True),
                fields=["state", "kind", "restricted_to", "requester", "escalated_by", "number"],
                name="open_counts",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "discussion",
                            "approval",
                            "triage",
                            "needs_info",
                            "escalated",
                            "backlog",
                            "design",
                            "planning",
                            "scheduled",
                            "development",
                            "validation",
                            "implementation",
                            "blocked",
                            "completed",
                            "closed",
                        ],
                    )
                ),
                name="state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["bug", "feature", "administrative", "proposal", "question", "hand-over"])
                ),
                name="kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["backlog", "blocked", "needs_info"]), models.Q(("return_to", ""), _negated=True)
                    ),
                    models.Q(
                        models.Q(("state__in", ["backlog", "blocked", "needs_info"]), _negated=True), ("return_to", "")
                    ),
                    _connector="OR",
                ),
                name="return_to_is_set_exactly_while_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["closed", "completed"]), models.Q(("outcome", ""), _negated=True)),
                    models.Q(models.Q(("state__in", ["closed", "completed"]), _negated=True), ("outcome", "")),
                    _connector="OR",
                ),
                name="an_outcome_exactly_when_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__isnull", True), ("priority__in", [1, 2, 3, 4]), _connector="OR"),
                name="priority_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("priority__isnull", False), ("rank", models.F("priority"))),
                    models.Q(("priority__isnull", True), ("rank__in", [1, 5])),
                    _connector="OR",
                ),
                name="rank_follows_priority",
            ),
        ),
        migrations.AddConstraint(
            model_name="validationcheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["ticked", "failed", "open"])), name="verdict_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="validationcheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("note", ""), ("verdict", "failed"), _negated=True), name="what_failed_has_a_reason"
            ),
        ),
        migrations.AddIndex(
            model_name="validationround",
            index=models.Index(
                condition=models.Q(("raised_at__isnull", False), ("settled_at__isnull", True)),
                fields=["issue"],
                name="raised_to_lead",
            ),
        ),
        migrations.AddIndex(
            model_name="validationround",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True), ("late_at__isnull", False)),
                fields=["issue"],
                name="validations_late",
            ),
        ),
        migrations.AddConstraint(
            model_name="validationround",
            constraint=models.UniqueConstraint(fields=("issue", "number"), name="validations_are_numbered"),
        ),
        migrations.AddConstraint(
            model_name="validationround",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("issue",), name="one_open_validation"
            ),
        ),
        migrations.AddConstraint(
            model_name="validationround",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                    _connector="OR",
                ),
                name="an_ended_validation_has_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="validationround",
            constraint=models.CheckConstraint(
                condition=models.Q(("settled_at__isnull", True), ("raised_at__isnull", False), _connector="OR"),
                name="only_what_was_raised_is_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="validationitem",
            constraint=models.UniqueConstraint(fields=("round", "order"), name="items_are_ordered"),
        ),
        migrations.AddConstraint(
            model_name="watch",
            constraint=models.UniqueConstraint(fields=("issue", "person"), name="watched_once"),
        ),
        migrations.AddIndex(
            model_name="watch",
            index=models.Index(fields=["person", "-id"], name="watches_of_a_person"),
        ),
        migrations.RunPython(forbid, allow),
        migrations.RunPython(make_search_index, drop_search_index),
        migrations.RunPython(set_targets, migrations.RunPython.noop),
    ]
