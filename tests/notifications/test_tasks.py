"""Beat's side: each task under its lease, and the whole way from a step to a mail."""

import pytest
from celery import current_app

from tests.factories import file_request
from tests.notifications.telling import mails_to
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.models.lease import Lease
from workflow.notifications import tasks
from workflow.notifications.models import Message, Notice, Reminder


@pytest.fixture
def rung(monkeypatch):
    """What a worker was rung for; it comes at once."""
    calls = []

    def ring(task, *ids):
        calls.append((task, *ids))
        current_app.tasks[task](*ids)

    monkeypatch.setattr(tasks, "enqueue", ring)
    return calls


def test_from_a_comment_to_a_mail(cast, clock, rung):
    comment(file_request(cast).pk, "Hello", by=cast.ops)
    tasks.tell_people()
    clock.shift(120)
    tasks.tell_people()
    tasks.tell_people()
    assert len(mails_to(cast.requester)) == 1 and len(set(rung)) == len(rung)


@pytest.mark.parametrize(("lease", "task"), [("telling", tasks.tell_people), ("reminders", tasks.remind_people)])
def test_only_one_worker_does_it_at_a_time(lease, task, cast, clock, rung):
    comment(file_request(cast, Kind.ADMINISTRATIVE, route="calendly").pk, "Hello", by=cast.ops)
    clock.shift(86_400 * 10)
    with Lease.hold(lease):
        task()
    assert (Message.objects.count(), Reminder.objects.count()) == (0, 0)
    assert Notice.objects.filter(routed_at__isnull=False).count() == 0


def test_reminders_come_by_their_task(cast, clock):
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    clock.shift(86_400 * 10)
    tasks.remind_people()
    assert Reminder.objects.filter(person=cast.manager).exists()


def test_every_task_of_telling_is_in_beats_schedule(settings):
    names = {entry["task"] for entry in current_app.conf.beat_schedule.values()}
    assert {"workflow.notifications.tasks.tell_people", "workflow.notifications.tasks.remind_people"} <= names
