"""Run as a process of its own, so that it can be killed: does one thing, or prints what there is as JSON.

``python -m tests.gitlab.inbound.process stage|hook|work|lapse|compare|tell``
"""

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "supportops.settings"
django.setup()


def stage():
    """A fresh database with two requests that GitLab shows."""
    from django.db import connection

    from tests.factories import Cast, file_request
    from tests.prepared import begin_with
    from workflow.gitlab.push import push_issue

    begin_with(connection.settings_dict["NAME"])
    cast = Cast()
    for _ in range(2):
        push_issue(file_request(cast).pk)


def hook():
    """A webhook about the first request arrives."""
    from django.test import Client
    from django.test.utils import override_settings

    from tests.gitlab.inbound.hooks import issue_body, send, tokened
    from workflow.gitlab.models import GitLabLink

    mirror = GitLabLink.objects.order_by("pk").first()
    with override_settings(ROOT_URLCONF="tests.gitlab.inbound.urls", ALLOWED_HOSTS=["*"]):
        send(Client(), issue_body(mirror.project_id, mirror.iid), tokened())


def work():
    """What the sweep and the workers do until nothing is due."""
    from workflow.gitlab.deliveries import due_deliveries, take_in
    from workflow.gitlab.pull import look_at, numbers_to_look_at
    from workflow.gitlab.push import numbers_with_work, push_issue

    for pk in due_deliveries():
        take_in(pk)
    for number in numbers_to_look_at():
        look_at(number)
    for number in numbers_with_work():
        push_issue(number)


def lapse():
    """The lease of whoever died runs out; one short enough to wait for would cut a slow machine's work short."""
    from django.utils import timezone

    from workflow.gitlab.models import GitLabLink

    assert GitLabLink.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now()) == 1


def compare():
    """A comparison of all requests, one at a time."""
    from workflow.gitlab import reconcile

    reconcile.BATCH = 1
    reconcile.reconcile("all")


def tell():
    """Everything a test wants to know, on standard output."""
    from workflow.gitlab.models import GitLabLink
    from workflow.gitlab.models.inbound import PendingPull, Reconciliation, WebhookDelivery
    from workflow.models import Comment, Event, Issue

    mirror = GitLabLink.objects.order_by("pk").first()
    row = Reconciliation.objects.first()
    told = {
        "place": [mirror.project_id, mirror.iid],
        "title": Issue.objects.get(pk=mirror.pk).title,
        "deliveries": WebhookDelivery.objects.count(),
        "deliveries_due": WebhookDelivery.objects.filter(due_at__isnull=False).count(),
        "looks_due": PendingPull.objects.filter(due_at__isnull=False).count(),
        "steps": Event.objects.filter(source="gitlab").count(),
        "comments": Comment.objects.count(),
        "status": mirror.status,
        "error": mirror.last_error,
        "compared": row and [row.checked, row.position, row.finished_at is not None],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    {"stage": stage, "hook": hook, "work": work, "lapse": lapse, "compare": compare, "tell": tell}[sys.argv[1]]()
