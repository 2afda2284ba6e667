"""Celery's side of a request's life: each task calls one function, and may run twice."""

from celery import shared_task

from workflow import reports
from workflow.actions import calendar, reassigning
from workflow.periodic import by_one_worker


@shared_task
@by_one_worker("calendar")
def tick_calendar() -> None:
    """Start what has its milestone's period."""
    calendar.start_due()


@shared_task
@by_one_worker("seats", seconds=120)
def find_who_decides() -> None:
    """Give seats to who comes next."""
    reassigning.refill_seats()


@shared_task
@by_one_worker("reports")
def count_reports() -> None:
    """Count the figures of the reports."""
    reports.count_reports()
