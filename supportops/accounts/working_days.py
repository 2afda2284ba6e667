"""Working time: Monday to Friday without the holidays, whole days, by the calendar of whoever they are counted for.

``holidays`` everywhere: the dates nobody works, as ``Holiday.objects.days()`` gives them; remembered by the process for
a minute where they are not given.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.utils import timezone

from supportops.accounts.absence import zone_of
from supportops.accounts.models import Holiday, User

WORKING_DAYS_A_WEEK = 5


@dataclass(frozen=True)
class WorkCalendar:
    """The working days of one place: its time zone, and its holidays that would be working days, in order."""

    zone: tzinfo
    holidays: tuple[date, ...]

    def working_time(self, since: datetime, until: datetime) -> timedelta:
        """How much working time lies between two moments, as a timedelta; none when ``until`` is not later."""
        return max(self._so_far(until) - self._so_far(since), timedelta())

    def working_days_before(self, moment: datetime, days: int) -> datetime:
        """The latest moment from which ``days`` whole working days lead to ``moment``; reverses ``working_time``."""
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        while not self.is_working_day(local.date()):
            local = datetime.combine(local, time()) - timedelta(days=1)
            if self.is_working_day(local.date()):
                local += timedelta(days=1)
                break
        while days:
            local -= timedelta(days=1)
            days -= self.is_working_day(local.date())
        return local.replace(tzinfo=self.zone)

    def is_working_day(self, day: date) -> bool:
        """Whether people here work on this date."""
        at = bisect_left(self.holidays, day)
        return day.weekday() < WORKING_DAYS_A_WEEK and self.holidays[at : at + 1] != (day,)

    def day_of(self, moment: datetime) -> date:
        """The date that the moment falls on here."""
        return moment.astimezone(self.zone).date()

    def day_after(self, since: datetime, days: int) -> date:
        """The date on which so many working days have passed since then."""
        day = self.day_of(since)
        while self.working_time(since, self._midnight(day + timedelta(days=1))) < timedelta(days=days):
            day += timedelta(days=1)
        return day

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone)

    def _so_far(self, moment: datetime) -> timedelta:
        """Working time from a fixed Monday long ago (1 January of the year 1) to this moment."""
        local = moment.astimezone(self.zone)
        weeks, weekday = divmod(local.toordinal() - 1, 7)
        whole = weeks * WORKING_DAYS_A_WEEK + min(weekday, WORKING_DAYS_A_WEEK)
        whole -= bisect_left(self.holidays, local.date())
        if not self.is_working_day(local.date()):
            return timedelta(days=whole)
        midnight = datetime.combine(local, time())
        return timedelta(days=whole) + (local.replace(tzinfo=None) - midnight)


def calendar_of(person: User | None = None) -> WorkCalendar:
    """The working days of this person: their time zone, everybody's holidays and their region's. None: the portal's."""
    if person is None:
        return _calendar(timezone.get_default_timezone(), Holiday.objects.days())
    return _calendar(zone_of(person), Holiday.objects.days(person.region))


def working_time(since: datetime, until: datetime, holidays: Iterable[date] | None = None) -> timedelta:
    """How much working time lies between two moments by the portal's calendar."""
    return _portals(holidays).working_time(since, until)


def working_days_before(moment: datetime, days: int, holidays: Iterable[date] | None = None) -> datetime:
    """The latest moment from which ``days`` whole working days lead to ``moment`` by the portal's calendar."""
    return _portals(holidays).working_days_before(moment, days)


def _portals(holidays: Iterable[date] | None) -> WorkCalendar:
    return calendar_of() if holidays is None else _calendar(timezone.get_default_timezone(), holidays)


def _calendar(zone: tzinfo, holidays: Iterable[date]) -> WorkCalendar:
    return WorkCalendar(zone, tuple(sorted(day for day in holidays if day.weekday() < WORKING_DAYS_A_WEEK)))
