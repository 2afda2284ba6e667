"""The shipped targets per stage. From then on they are data: ops change them in the administration."""

from django.db import migrations

from workflow.stages import TARGET_WORKING_DAYS


def set_targets(apps, schema_editor):
    """Add the targets that are not there; one that was changed stays."""
    targets = apps.get_model("workflow", "StageTarget").objects.using(schema_editor.connection.alias)
    for state, days in TARGET_WORKING_DAYS.items():
        targets.get_or_create(state=state.value, defaults={"working_days": days})


class Migration(migrations.Migration):
    dependencies = [("workflow", "0004_search_index")]

    operations = [migrations.RunPython(set_targets, migrations.RunPython.noop)]
