"""Working time: Monday to Friday without the holidays, whole days, in the portal's time zone.

``holidays`` everywhere: the dates nobody works, as ``Holiday.objects.days()`` gives them; read from the database where
they are not given, so a page that asks often reads them once and passes them on.
"""

from bisect import bisect_left
from datetime import datetime, timedelta

from django.utils import timezone

from supportops.accounts.models import Holiday

WORKING_DAYS_A_WEEK = 5


def working_time(since, until, holidays=None):
    """How much working time lies between two moments, as a timedelta; none when ``until`` is not later."""
    days = _weekdays(holidays)
    return max(_working_time_so_far(until, days) - _working_time_so_far(since, days), timedelta())


def working_days_before(moment, days, holidays=None):
    """The latest moment from which ``days`` whole working days lead to ``moment``; the inverse of ``working_time``."""
    off = set(_weekdays(holidays))
    zone = timezone.get_default_timezone()
    local = moment.astimezone(zone).replace(tzinfo=None)
    while not _is_working_day(local, off):
        local = datetime.combine(local, datetime.min.time()) - timedelta(days=1)
        if _is_working_day(local, off):
            local += timedelta(days=1)
            break
    while days:
        local -= timedelta(days=1)
        days -= _is_working_day(local, off)
    return local.replace(tzinfo=zone)


def _weekdays(holidays):
    """The holidays that would be working days, in order."""
    days = Holiday.objects.days() if holidays is None else holidays
    return sorted(day for day in days if day.weekday() < WORKING_DAYS_A_WEEK)


def _is_working_day(local, holidays):
    return local.weekday() < WORKING_DAYS_A_WEEK and local.date() not in holidays


def _working_time_so_far(moment, holidays):
    """Working time from a fixed Monday long ago (1 January of the year 1) to this moment; ``holidays`` in order."""
    local = moment.astimezone(timezone.get_default_timezone())
    weeks, weekday = divmod(local.toordinal() - 1, 7)
    whole = weeks * WORKING_DAYS_A_WEEK + min(weekday, WORKING_DAYS_A_WEEK) - bisect_left(holidays, local.date())
    if not _is_working_day(local, holidays):
        return timedelta(days=whole)
    midnight = datetime.combine(local, datetime.min.time())
    return timedelta(days=whole) + (local.replace(tzinfo=None) - midnight)
