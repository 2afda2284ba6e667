"""What a person chose to be told, when they are not to be disturbed, and when a message to them may leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings

from supportops.accounts.models import User
from supportops.accounts.time_zones import time_zones
from workflow.notifications.kinds import REASONS, Channel, Reason, When
from workflow.notifications.models import Choice, QuietHours

DEFAULTS: Mapping[tuple[str, str], str] = {
    (reason, channel): row.usual(channel) for reason, row in REASONS.items() for channel in Channel
}
"""What holds for who chose nothing: what needs them reaches them everywhere, the rest does not pile up."""
QUIET_BY_DEFAULT = (None, None, False)
"""Begin, end, and whether weekends are quiet as a whole: nobody is kept waiting by hours they never chose."""
SATURDAY = 5
_LONGEST_LOOK = 10
"""Steps: a quiet night that ends in a quiet weekend that ends in a quiet night, and some to spare."""


@dataclass(frozen=True)
class Preferences:
    """One person's choices, defaults filled in."""

    choices: Mapping[tuple[str, str], str]
    begins: time | None
    ends: time | None
    weekends: bool
    zone: ZoneInfo

    def when(self, reason: str, channel: str) -> When:
        """How soon this person hears of such a thing on this channel (a When)."""
        return When(self.choices[reason, channel])

    def not_before(self, moment: datetime) -> datetime:
        """``moment``, or the end of the quiet hours it falls into."""
        for _ in range(_LONGEST_LOOK):
            ends = self._quiet_until(moment)
            if ends is None:
                return moment
            moment = ends
        return moment

    def next_digest(self, moment: datetime) -> datetime:
        """When the digest that gathers what happens at ``moment`` leaves: the next nine o'clock of the person's day."""
        local = moment.astimezone(self.zone)
        hour = time(settings.DIGEST_HOUR)
        times = (_first_after(moment, local.date() + timedelta(days=days), hour, self.zone) for days in (0, 1))
        return self.not_before(next(at for at in times if at))

    def _quiet_until(self, moment: datetime) -> datetime | None:
        """The end of the quiet time this moment falls into, or None."""
        local = moment.astimezone(self.zone)
        if self.weekends and local.weekday() >= SATURDAY:
            monday = local.date() + timedelta(days=7 - local.weekday())
            return _first_after(moment, monday, time(0), self.zone)
        if self.begins is None or self.ends is None or self.begins == self.ends:
            return None
        now = local.time()
        if self.begins < self.ends:
            quiet, ends_on = self.begins <= now < self.ends, local.date()
        else:  # over midnight
            quiet = now >= self.begins or now < self.ends
            ends_on = local.date() + timedelta(days=now >= self.begins)
        return _first_after(moment, ends_on, self.ends, self.zone) if quiet else None


def _first_after(moment: datetime, day: date, hour: time, zone: tzinfo) -> datetime | None:
    """The first time after ``moment`` that a clock in ``zone`` shows ``hour`` on ``day``; None when that is past.

    When clocks go back an hour comes twice, hence both folds; when they go forward the skipped hour is taken as the one
    an hour later, as clocks do.
    """
    # In UTC: two times of one zone are compared by what their clocks show, and the fold is lost.
    local = datetime.combine(day, hour, tzinfo=zone)
    times = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return min((at for at in times if at > moment.astimezone(UTC)), default=None)


def zone_of(person: User) -> ZoneInfo:
    """The person's time zone; the portal's where theirs is none that this machine knows."""
    return ZoneInfo(person.time_zone if person.time_zone in time_zones() else settings.TIME_ZONE)


def preferences_of(person: User) -> Preferences:
    """What this person chose, with the defaults for what they did not."""
    chosen = {(row.reason, row.channel): row.when for row in Choice.objects.filter(person=person)}
    quiet = QuietHours.objects.filter(person=person).first()
    begins, ends, weekends = (quiet.begins, quiet.ends, quiet.weekends) if quiet else QUIET_BY_DEFAULT
    return Preferences({**DEFAULTS, **chosen}, begins, ends, weekends, zone_of(person))


def choose(
    person: User,
    choices: Mapping[tuple[Reason, Channel], str],
    *,
    begins: time | None,
    ends: time | None,
    weekends: bool,
) -> None:
    """Keep what the person chose: ``choices`` is {(reason, channel): When}; times are in the person's time zone."""
    for (reason, channel), when in choices.items():
        Choice.objects.update_or_create(person=person, reason=reason, channel=channel, defaults={"when": when})
    QuietHours.objects.update_or_create(person=person, defaults={"begins": begins, "ends": ends, "weekends": weekends})
