"""People: who somebody is, whom they report to, and how GitLab and Slack know them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cached_property
from time import monotonic
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.db import models
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from supportops.accounts import absence
from supportops.accounts.absence import Links
from supportops.accounts.roles import Role
from supportops.statements import Statement, days, ids

A_DAY = timedelta(days=1)
"""Somewhere on earth it may already be tomorrow, or still be yesterday."""


class Division(models.TextChoices):
    """The part of the company a person belongs to (the ``Customer::`` labels; handbook label page)."""

    SECURITY = "Security"
    ENGINEERING = "Engineering"
    FINANCE = "Finance"
    PEOPLE = "People"
    SUPPORT = "Support"
    FIELD = "Field"
    MARKETING = "Marketing"


REMEMBERED_SECONDS = 60
_known_holidays: dict[str, tuple[float, tuple[tuple[date, str], ...]]] = {}


def forget_holidays(**signal: Any) -> None:
    """Read the holidays anew at the next question; other processes notice a change within a minute."""
    _known_holidays.clear()


class HolidayQuerySet(models.QuerySet["Holiday"]):
    """Holidays, by the question the calendar asks about them."""

    def days(self, region: str = "") -> frozenset[date]:
        """The dates nobody works, as a frozenset: those of everybody, and of ``region`` besides if one is given.

        All of them are read at once and remembered for a minute: every list asks, and they change a few times a year.
        """
        until, known = _known_holidays.get(self.db, (0, ()))
        if monotonic() >= until:
            known = tuple(self.order_by().values_list("date", "region"))
            _known_holidays[self.db] = (monotonic() + REMEMBERED_SECONDS, known)
        return frozenset(date for date, where in known if where in {"", region})


class Holiday(models.Model):
    """A day on which nobody works. Data: an administrator or a lead enters the year's."""

    date = models.DateField()
    name = models.CharField(max_length=80)
    region = models.CharField(
        max_length=20,
        blank=True,
        help_text="Empty: a holiday of everybody, which targets and reminders do not count. Otherwise a region as "
        "people have it, for example EMEA: reminders to its people do not count the day.",
    )

    objects = HolidayQuerySet.as_manager()

    class Meta:
        ordering = ["date", "region"]
        constraints = [models.UniqueConstraint(fields=["date", "region"], name="one_holiday_per_day_and_region")]

    def __str__(self) -> str:
        return f"{self.date:%-d %B %Y} {self.name}"


post_save.connect(forget_holidays, sender=Holiday, dispatch_uid="forget holidays")
post_delete.connect(forget_holidays, sender=Holiday, dispatch_uid="forget holidays")


class People(UserManager["User"]):
    """The manager of User, with the questions the portal asks about people."""

    def active(self) -> QuerySet[User]:
        """Everybody who may sign in."""
        return self.filter(is_active=True)

    def managers(self) -> QuerySet[User]:
        """Who may approve: active people somebody reports to, and the members of the managers group."""
        return (
            self.active()
            .filter(Q(groups__name=Role.MANAGER) | Q(reports__isnull=False))
            .distinct()
            .order_by("first_name", "last_name", "username")
        )

    def ops(self) -> QuerySet[User]:
        """Active members of Support Operations, leads included."""
        return (
            self.active()
            .filter(groups__name__in=[Role.OPS, Role.LEAD])
            .distinct()
            .order_by("first_name", "last_name", "username")
        )

    def leads(self) -> QuerySet[User]:
        """Active people with the lead verbs."""
        return self.active().filter(groups__name=Role.LEAD)

    def absence_links(self, now: datetime | None = None) -> Links:
        """{id: stand-in's id or None} of everybody who is away at the moment ``now``, in one query.

        Who has left passes nothing on, so they are not among them.
        """
        now = now or timezone.now()
        perhaps = self.perhaps_away(now.date() - A_DAY, now.date() + A_DAY)
        return absence.links(perhaps.only("away_from", "away_until", "time_zone", "stand_in_id"), now)

    def perhaps_away(self, first: date, last: date) -> QuerySet[User]:
        """Whose absence touches these days."""
        active = self.active().filter(away_from__lte=last)
        return active.filter(Q(away_until__isnull=True) | Q(away_until__gte=first))


def portal_zone() -> str:
    """The time zone of whoever has said none (domain.md §7): the portal's, until their browser tells."""
    return settings.TIME_ZONE


class User(AbstractUser):
    """A person. GitLab and Slack names come from sign-in or an administrator, never from the person's own typing."""

    reports_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name="reports to"
    )
    division = models.CharField(max_length=20, choices=Division.choices, blank=True)
    gitlab_username = models.CharField("GitLab username", max_length=255, blank=True)
    gitlab_id = models.PositiveBigIntegerField("GitLab user id", null=True, blank=True, editable=False)
    slack_id = models.CharField("Slack member id", max_length=40, blank=True)
    title = models.CharField(max_length=120, blank=True, help_text="What their job is called.")
    region = models.CharField(max_length=20, blank=True, help_text="As in the Support Team YAML, for example EMEA.")
    working_hours = models.CharField(
        max_length=80, blank=True, help_text="In words, for example 0800-1600 Central time."
    )
    time_zone = models.CharField(max_length=60, default=portal_zone, help_text="An IANA name such as Europe/Berlin.")
    time_zone_known = models.BooleanField(
        default=False, editable=False, help_text="Said by the person, an administrator or their browser."
    )
    away_from = models.DateField(null=True, blank=True)
    away_until = models.DateField(null=True, blank=True)
    stand_in = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="stands_in_for")

    objects: ClassVar[People] = People()

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                condition=Q(reports_to__isnull=True) | ~Q(reports_to=F("pk")), name="nobody_reports_to_themselves"
            ),
            models.UniqueConstraint(
                Lower("gitlab_username"), condition=~Q(gitlab_username=""), name="one_person_per_gitlab_username"
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def name(self) -> str:
        """The name people read: the full name, or the user name where there is none."""
        return str(self)

    @cached_property
    def groups_by_id(self) -> dict[int, str]:
        """{id: name} of the person's groups, read once per object."""
        return {pk: name for pk, name, *_, group in self._standing[1] if group} if self.pk else {}

    @cached_property
    def group_names(self) -> frozenset[str]:
        """Names of the person's groups, read once per object."""
        return frozenset(self.groups_by_id.values())

    @cached_property
    def group_ids(self) -> frozenset[int]:
        """Ids of the person's groups, read once per object."""
        return frozenset(self.groups_by_id)

    @cached_property
    def absence_links(self) -> Links:
        """Who is away now and who stands in for them, read once per object, as its groups are."""
        now, rows = self._standing
        away = (
            User(pk=pk, time_zone=zone, away_from=first, away_until=last, stand_in_id=stand_in)
            for pk, zone, first, last, stand_in, group in rows
            if not group
        )
        return absence.links(away, now)

    @cached_property
    def _standing(self) -> tuple[datetime, list[tuple[Any, ...]]]:
        """The moment, and what every page asks first: the person's groups, and who is perhaps away then."""
        now = timezone.now()
        return now, _STANDING.rows(self.pk or 0, now.date() + A_DAY, now.date() - A_DAY)

    @cached_property
    def stood_in_ids(self) -> frozenset[int]:
        """Ids of the people for whom this person decides now."""
        return absence.stands_in_for(self.pk, self.absence_links)


_ANYBODY = ids(1)[0]
_TOMORROW, _YESTERDAY = days(2)


def _groups_and_absences() -> QuerySet[Any, Any]:
    """(id, name or time zone, first day away, last day, stand-in's id, whether it is a group)."""
    nothing = Value(None, models.DateField()), Value(None, models.DateField()), Value(None, models.BigIntegerField())
    groups = Group.objects.filter(user=_ANYBODY).order_by().values_list("pk", "name", *nothing, Value(True))
    away = User.objects.perhaps_away(_YESTERDAY, _TOMORROW).order_by()
    return groups.union(
        away.values_list("pk", "time_zone", "away_from", "away_until", "stand_in_id", Value(False)), all=True
    )


_STANDING = Statement("standing", _groups_and_absences, (_ANYBODY, _TOMORROW, _YESTERDAY))
