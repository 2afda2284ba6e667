"""Whether a person's time zone was said by somebody, or is only the portal's until their browser tells."""

from django.db import migrations, models

import supportops.accounts.models


def say_what_was_chosen(apps, schema_editor):
    """Whoever has another zone than everybody began with has said so, or an administrator did."""
    apps.get_model("accounts", "User").objects.exclude(time_zone="UTC").update(time_zone_known=True)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="time_zone_known",
            field=models.BooleanField(
                default=False, editable=False, help_text="Said by the person, an administrator or their browser."
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="time_zone",
            field=models.CharField(
                default=supportops.accounts.models.portal_zone,
                help_text="An IANA name such as Europe/Berlin.",
                max_length=60,
            ),
        ),
        migrations.RunPython(say_what_was_chosen, migrations.RunPython.noop),
    ]
