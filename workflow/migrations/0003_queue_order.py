"""Indexes that only hold open work, for the counts in the menu and the first page of a queue."""

from django.db import migrations

OPEN = "NOT (state IN ('closed', 'completed'))"


class Migration(migrations.Migration):
    dependencies = [("workflow", "0002_append_only_history")]

    operations = [
        migrations.RunSQL(
            # Everything a count asks about stands in the index, so that counting never reads a request itself.
            f"""CREATE INDEX workflow_open_counts ON workflow_issue
                (state, kind, restricted_to_id, requester_id, escalated_by_id, number) WHERE {OPEN}""",
            "DROP INDEX workflow_open_counts",
        ),
        migrations.RunSQL(
            "CREATE INDEX workflow_newest_change ON workflow_issue (updated_at DESC, number DESC)",
            "DROP INDEX workflow_newest_change",
        ),
    ]
