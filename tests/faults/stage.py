"""Run as a process of its own: prepares a database and files requests that nobody is woken for; prints them as JSON."""

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "supportops.settings"
django.setup()


def main(count):
    """File ``count`` requests in a fresh database."""
    from django.core.management import call_command

    from tests.factories import Cast, file_request
    from workflow.gitlab.models import GitLabLink

    call_command("migrate", verbosity=0, interactive=False)
    call_command("seed_catalogue", verbosity=0)
    call_command("seed_label_schemes", verbosity=0)
    cast = Cast()
    for _ in range(count):
        file_request(cast)
    print(json.dumps(list(GitLabLink.objects.order_by("pk").values("issue_id", "marker"))))


if __name__ == "__main__":
    main(int(sys.argv[1]))
