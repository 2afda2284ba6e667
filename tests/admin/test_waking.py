"""The two buttons of the administration: they only wake somebody up, they never call GitLab."""

import uuid

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from tests.admin.rows import address, row_of
from tests.processes import portal_python
from workflow.gitlab import tasks as gitlab_tasks
from workflow.gitlab.admin.issue import READ_TASK
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload

OUTBOX = [GitLabLink, OutgoingNote, OutgoingUpload, OutgoingLink]
READ = "admin:workflow_milestone_read"


REMEMBERED = ("queues", "default_queue", "default_exchange", "router")
"""What Celery works out once from the names of its queues."""


@pytest.fixture
def waiting():
    """``waiting()``: the tasks a worker would find now. A queue of this test's own: a real broker is everybody's."""
    name, kept = f"test-{uuid.uuid4().hex}", current_app.conf.task_default_queue
    _name_queue(name)
    try:
        with current_app.connection_for_read() as connection:
            queue = connection.SimpleQueue(name)
            yield lambda: list(_received(queue))
            queue.queue.delete()
    finally:
        _name_queue(kept)


def _received(queue):
    while True:
        try:
            message = queue.get(timeout=0.5)
        except queue.Empty:
            return
        message.ack()
        yield message.headers["task"]


def _name_queue(name):
    current_app.conf.task_default_queue = name
    for remembered in REMEMBERED:
        current_app.amqp.__dict__.pop(remembered, None)


@pytest.mark.parametrize("who", ["ops", "lead", "admin"])
def test_reading_milestones_puts_one_task_into_the_queue(who, visit, staff, waiting):
    answer = visit(getattr(staff, who)).post(reverse(READ), follow=True)

    assert waiting() == [READ_TASK]
    assert "GitLab is being asked for its milestones" in answer.content.decode()


def test_the_task_it_wakes_exists():
    assert gitlab_tasks.sync_milestones.name == READ_TASK


def test_a_get_reads_nothing(visit, staff, waiting):
    assert visit(staff.ops).get(reverse(READ)).status_code == 405
    assert waiting() == []


def test_staff_without_a_role_do_not_ask_gitlab(visit, staff, waiting):
    staff.colleague.is_staff = True
    staff.colleague.save()
    staff.colleague.user_permissions.add(Permission.objects.get(codename="view_milestone"))

    assert visit(staff.colleague).post(reverse(READ)).status_code == 403
    assert waiting() == []


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_a_queue_that_does_not_answer_costs_nobody_anything(broker):
    """In a process of its own: Celery keeps its connection for as long as it lives."""
    ask = f"from workflow.enqueue import enqueue; print(enqueue({READ_TASK!r}), enqueue({READ_TASK!r}))"

    asked = portal_python(ask, CELERY_BROKER_URL=broker)

    assert (asked.stdout.strip(), asked.returncode) == ("False False", 0), asked.stderr


def _park(row):
    type(row).objects.filter(pk=row.pk).update(due_at=None, attempts=5, parked=True, last_error="GitLab said 422.")
    if isinstance(row, GitLabLink):
        GitLabLink.objects.filter(pk=row.pk).update(status=GitLabLink.Status.PARKED)


@pytest.mark.parametrize("model", OUTBOX, ids=lambda model: model.__name__)
@pytest.mark.parametrize("who", ["ops", "admin"])
def test_what_was_parked_is_tried_again(who, model, visit, staff, full_story):
    row = row_of(model, full_story)
    _park(row)

    visit(getattr(staff, who)).post(address(model, "changelist"), {"action": "try_again", "_selected_action": row.pk})

    after = model.objects.get(pk=row.pk)
    assert after.due_at <= timezone.now()
    assert (after.attempts, after.parked, after.last_error) == (0, False, "")


def test_an_issue_gone_from_gitlab_is_not_made_again(visit, staff, full_story):
    GitLabLink.objects.filter(pk=full_story.pk).update(status=GitLabLink.Status.ORPHANED, due_at=None)
    chosen = {"action": "try_again", "_selected_action": full_story.pk}

    page = visit(staff.ops).post(address(GitLabLink, "changelist"), chosen, follow=True)

    assert GitLabLink.objects.get(pk=full_story.pk).status == GitLabLink.Status.ORPHANED
    assert "1 not: gone from GitLab." in page.content.decode()


def test_nobody_wakes_the_mirror_of_a_request_hidden_from_them(visit, staff, hidden_story):
    _park(hidden_story.mirror)

    for outsider in (staff.ops, staff.lead, staff.admin):
        chosen = {"action": "try_again", "_selected_action": hidden_story.pk}
        visit(outsider).post(address(GitLabLink, "changelist"), chosen)

    assert GitLabLink.objects.get(pk=hidden_story.pk).parked


def test_staff_without_a_role_wake_nothing(visit, staff, full_story):
    _park(full_story.mirror)
    staff.colleague.is_staff = True
    staff.colleague.save()
    staff.colleague.user_permissions.add(Permission.objects.get(codename="view_gitlablink"))
    chosen = {"action": "try_again", "_selected_action": full_story.pk}

    visit(staff.colleague).post(address(GitLabLink, "changelist"), chosen)

    assert GitLabLink.objects.get(pk=full_story.pk).parked
