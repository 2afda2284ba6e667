"""Run as a process of its own: changes the scheme while one worker after the other is killed; prints what came of it.

Every worker is a child of this process that ends as kill -9 ends it, at the point the environment names.
"""

import json
import os
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "supportops.settings"
django.setup()
PATIENCE = 60


def stage(count):
    """A fresh database with requests that GitLab shows."""
    from django.db import connection

    from tests.factories import Cast, file_request
    from tests.prepared import begin_with
    from workflow.gitlab.push import push_issue

    begin_with(connection.settings_dict["NAME"])
    cast = Cast()
    for _ in range(count):
        push_issue(file_request(cast).pk)
    return cast


def work():
    """What the sweep and the change's own task do once."""
    from workflow.gitlab import relabel
    from workflow.gitlab.push import numbers_with_work, push_issue

    relabel.BATCH = 2
    for number in numbers_with_work():
        push_issue(number)
    relabel.go_on()


def die_at(point):
    """Work in a child that is killed at ``point``; returns the signal that ended it."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child == 0:
        os.environ["CRASHPOINT"] = point
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def main(points):
    """Change the scheme, let a worker die at each of ``points``, then let one finish."""
    from tests.gitlab.label_schemes.changing import begin_change
    from workflow.gitlab.models import GitLabLink, LabelSchemeChange, PendingRelabel

    cast = stage(len(points) + 1)
    begin_change("2026", by=cast.lead)
    deaths = [(die_at(point), PendingRelabel.objects.count()) for point in points]
    until = time.monotonic() + PATIENCE
    while LabelSchemeChange.objects.filter(running=True).exists() and time.monotonic() < until:
        work()
        time.sleep(0.2)
    change = LabelSchemeChange.objects.get()
    told = {
        "deaths": deaths,
        "running": change.running,
        "enlisted": change.requests,
        "places": list(GitLabLink.objects.order_by("pk").values_list("project_id", "iid")),
        "statuses": list(GitLabLink.objects.values_list("status", "last_error").distinct()),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
