"""History, decisions and gate answers cannot be changed or deleted, by anybody, below the portal too.

A decision may be filled in once (who is asked may change until then). On PostgreSQL and SQLite alike.
"""

from django.db import migrations

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


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_requests")]
    operations = [migrations.RunPython(forbid, allow)]
