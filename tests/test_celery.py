"""The static schedule: every task it names is there, and the ones that keep the portal honest are named."""

import pytest
from celery import current_app


@pytest.fixture(scope="module")
def named():
    """The names of the tasks that the clock asks for."""
    current_app.loader.import_default_modules()
    return {entry["task"] for entry in current_app.conf.beat_schedule.values()}


def test_the_schedule_names_tasks_that_exist(named):
    assert named <= set(current_app.tasks)


@pytest.mark.parametrize(
    "task",
    [
        "supportops.portal.tasks.show_life",
        "supportops.portal.tasks.watch",
        "workflow.gitlab.tasks.check_gitlab",
        "workflow.gitlab.tasks.sweep_mirror",
        "workflow.gitlab.tasks.sweep_inbound",
        "workflow.notifications.tasks.tell_people",
        "workflow.notifications.tasks.remind_people",
        "workflow.tasks.tick_calendar",
    ],
)
def test_nothing_waits_for_a_wake_up_that_was_lost(named, task):
    assert task in named


def test_an_alarm_that_nobody_heard_is_worth_nothing_when_the_next_one_rings():
    for entry in current_app.conf.beat_schedule.values():
        assert entry["options"]["expires"] <= max(entry["schedule"].run_every.total_seconds(), 60)
