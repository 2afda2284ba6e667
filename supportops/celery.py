"""The Celery application, and its static schedule: an alarm clock, all due times stand in the database."""

import os

from celery import Celery
from celery.schedules import schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportops.settings")
app = Celery("supportops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def every(seconds: int, task: str, *, expires: int | None = None) -> dict:
    """An entry of the schedule: the task of this name each so many seconds; by then an alarm nobody heard is worth
    nothing (``expires``, in seconds, where that is another time)."""
    return {"task": task, "schedule": schedule(float(seconds)), "options": {"expires": expires or seconds}}


app.conf.beat_schedule = {
    "push what GitLab must show": every(10, "workflow.gitlab.tasks.sweep_mirror"),
    "start what has its milestone": every(60, "workflow.tasks.tick_calendar"),
    "find who decides": every(60, "workflow.tasks.find_who_decides"),
    "tell stand-ins": every(60, "workflow.notifications.tasks.tell_stand_ins"),
    "count the reports": every(300, "workflow.tasks.count_reports"),
    "read milestones": every(600, "workflow.gitlab.tasks.sync_milestones"),
    "take in what GitLab told": every(10, "workflow.gitlab.tasks.sweep_inbound"),
    "ask GitLab what changed": every(300, "workflow.gitlab.tasks.poll_gitlab"),
    "compare with GitLab": every(60, "workflow.gitlab.tasks.go_on_reconciling"),
    "change labels": every(10, "workflow.gitlab.tasks.change_labels"),
    "read labels": every(600, "workflow.gitlab.tasks.read_labels"),
    "tell people": every(10, "workflow.notifications.tasks.tell_people"),
    "show life": every(15, "supportops.portal.tasks.show_life", expires=60),
    "watch": every(60, "supportops.portal.tasks.watch"),
    "check webhooks and token": every(600, "workflow.gitlab.tasks.check_gitlab"),
    "remind people": every(600, "workflow.notifications.tasks.remind_people"),
}
