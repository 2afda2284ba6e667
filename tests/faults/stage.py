"""Run as a process of its own: prepares a database and files requests that nobody is woken for; prints them as JSON."""

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "supportops.settings"
django.setup()


def main(count):
    """File ``count`` requests in a fresh database."""
    from django.db import connection

    from tests.factories import Cast, file_request
    from tests.prepared import begin_with
    from workflow.gitlab.models import GitLabLink

    begin_with(connection.settings_dict["NAME"])
    cast = Cast()
    for _ in range(count):
        file_request(cast)
    print(json.dumps(list(GitLabLink.objects.order_by("pk").values("issue_id", "marker"))))


if __name__ == "__main__":
    main(int(sys.argv[1]))
