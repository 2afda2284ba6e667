"""How the work goes: what is open, how long things take, what is over its target; only over what the reader may see.

Counting reads every open request, so a periodic task does it, once for each set of groups that readers are in; a page
shows what was counted last. ``seen``, everywhere: the requests to count.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from time import monotonic
from typing import Any, Self

from django.contrib.auth.models import Group
from django.db.models import Count, Exists, F, Min, OuterRef, Q
from django.utils import timezone

from supportops.accounts.models import User
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.catalogue.restriction import confidential_group
from workflow.clock import calendar_of
from workflow.models import ApprovalRound, CountedReport, Event, Issue, StageTarget
from workflow.models.querysets import IssueQuerySet
from workflow.states import COURT, ENDED, OPEN, Court, State
from workflow.verbs import Verb

PERIOD = timedelta(days=90)
DECIDED = (ApprovalRound.Outcome.APPROVED, ApprovalRound.Outcome.DECLINED)
OLDEST_SHOWN = 10
AS_LONG_AS_IT_TAKES = timedelta(days=1)
_PLACES = ("assignee__time_zone", "assignee__region", "requester__time_zone", "requester__region")
_WHOSE = {Court.OPS: "assignee", Court.REQUESTER: "requester"}
"""Whose calendar counts in which court, as ``clock.counted_for`` has it."""


@dataclass(frozen=True)
class Spread:
    """How long something took: how many there were, the middle one, and the one nine of ten were quicker than."""

    name: str
    number: int
    median: timedelta | None
    ninetieth: timedelta | None


def spread(name: str, lengths: Iterable[timedelta]) -> Spread:
    """The Spread of some timedeltas (nearest rank, so both values really occurred)."""
    ordered = sorted(lengths)

    def at(part: float) -> timedelta | None:
        return ordered[max(ceil(part * len(ordered)) - 1, 0)] if ordered else None

    return Spread(name, len(ordered), at(0.5), at(0.9))


def open_by_state(seen: IssueQuerySet) -> list[tuple[State, Court, int]]:
    """[(State, Court, number)] of the open ones, in the order of a request's life."""
    found = dict(seen.open().order_by().values_list("state").annotate(number=Count("pk")))
    return [(state, COURT[state], found.get(state, 0)) for state in State if state in OPEN]


def open_by_court(states: Iterable[tuple[State, Court, int]]) -> list[tuple[Court, int]]:
    """[(Court, number)] from what ``open_by_state`` returned."""
    found: defaultdict[Court, int] = defaultdict(int)
    for _, court, number in states:
        found[court] += number
    return list(found.items())


def lead_times(seen: IssueQuerySet, *, now: datetime | None = None) -> list[Spread]:
    """[Spread] per kind: filing to completion of what was completed in the PERIOD, without the times it was closed."""
    since = (now or timezone.now()) - PERIOD
    completed = seen.filter(state=State.COMPLETED, state_since__gte=since)
    pauses = _times_closed(completed)
    lengths: defaultdict[str, list[timedelta]] = defaultdict(list)
    rows = completed.order_by().values_list("number", "kind", "created_at", "state_since")
    for number, kind, filed, ended in rows.iterator():
        lengths[kind].append(ended - filed - pauses.get(number, timedelta()))
    return [spread(kind.label, lengths[kind]) for kind in Kind]


def _times_closed(requests: IssueQuerySet) -> dict[int, timedelta]:
    """{number: how long a reopened request had been ended before it went on}."""
    reopened = requests.filter(events__verb=Verb.REOPEN).values("pk")
    steps = Event.objects.filter(issue__in=reopened).filter(Q(to_state__in=sorted(ENDED)) | Q(verb=Verb.REOPEN))
    pauses: defaultdict[int, timedelta] = defaultdict(timedelta)
    ended_at: dict[int, datetime] = {}
    for number, verb, at in steps.order_by("issue", "at", "pk").values_list("issue", "verb", "at"):
        if verb == Verb.REOPEN and number in ended_at:
            pauses[number] += at - ended_at.pop(number)
        elif verb != Verb.REOPEN:
            ended_at.setdefault(number, at)
    return pauses


@dataclass(frozen=True)
class StageAge:
    """How the open requests of a stage stand against its target."""

    state: State
    target: int
    number: int
    over: int
    oldest_since: datetime | None


def ages(seen: IssueQuerySet, targets: Mapping[str, int], over: Q | None = None) -> list[StageAge]:
    """[StageAge] of every stage that has a target. ``targets``: {state: working days}; ``over``: as ``over_target``
    gives it, read where it is not given."""
    over = over_target(seen, targets) if over is None else over
    rows: dict[str, Any] = {
        row["state"]: row
        for row in _waiting(seen, targets)
        .values("state")
        .annotate(number=Count("pk"), oldest=Min("state_since"), over=Count("pk", filter=over))
    }
    return [
        StageAge(
            State(state),
            targets[state],
            rows.get(state, {}).get("number", 0),
            rows.get(state, {}).get("over", 0),
            rows.get(state, {}).get("oldest"),
        )
        for state in State
        if state in targets
    ]


def most_overdue(seen: IssueQuerySet, targets: Mapping[str, int], over: Q | None = None) -> list[int]:
    """The numbers of the requests that are over their stage's target and have been there for longest, oldest first."""
    over = over_target(seen, targets) if over is None else over
    return list(
        _waiting(seen, targets).filter(over).order_by("state_since").values_list("pk", flat=True)[:OLDEST_SHOWN]
    )


def over_target(seen: IssueQuerySet, targets: Mapping[str, int], *, now: datetime | None = None) -> Q:
    """A condition: the request is over its stage's target by the calendar of whoever has it, as queues mark it.

    The places where these people are (time zone and region) are few, and most zones share their moment to compare with:
    so the condition grows with the moments, nested by stage and region, whatever people travel.
    """
    now, over = now or timezone.now(), Q(pk__in=[])
    for state, regions in _zones_by_limit(_waiting(seen, targets), targets, now).items():
        late = Q(pk__in=[])
        for (whose, region), limits in regions.items():
            before = Q(pk__in=[])
            for limit, zones in limits.items():
                here = Q(**{f"{whose}__time_zone__in": sorted(zones)}) if region is not None else Q()
                before |= Q(here, state_since__lt=limit)
            late |= _of_region(whose, region) & before
        over |= Q(state=state) & late
    return over


def _zones_by_limit(
    requests: IssueQuerySet, targets: Mapping[str, int], now: datetime
) -> dict[str, dict[tuple[str, str | None], dict[datetime, set[str]]]]:
    """{state: {(whose calendar counts, region): {the moment since when a stay is over the target: its time zones}}};
    nobody's and an unknown person's is the portal's, of no region."""
    found: Any = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for state, whose, zone, region in {_place(row) for row in requests.values("state", *_PLACES).distinct()}:
        calendar = calendar_of(None if zone is None or region is None else User(time_zone=zone, region=region))
        limit = calendar.working_days_before(now, targets[state])
        found[state][whose, region][limit].add(zone)
    return found


def _place(row: Mapping[str, Any]) -> tuple[str, str, str | None, str | None]:
    """(state, whose calendar counts in it or "", their time zone and region or None)."""
    whose = _WHOSE.get(COURT[row["state"]], "")
    zone, region = (row[f"{whose}__{name}"] if whose else None for name in ("time_zone", "region"))
    return row["state"], whose, zone, region


def _of_region(whose: str, region: str | None) -> Q:
    if not whose:
        return Q()
    return Q(**{f"{whose}__isnull": True}) if region is None else Q(**{f"{whose}__region": region})


def _waiting(seen: IssueQuerySet, targets: Mapping[str, int]) -> IssueQuerySet:
    return seen.open().filter(state__in=list(targets)).order_by()


def approval_latency(seen: IssueQuerySet, *, now: datetime | None = None) -> Spread:
    """Spread of how long deciding took, over the approvals decided in the PERIOD."""
    since = (now or timezone.now()) - PERIOD
    rounds = ApprovalRound.objects.filter(
        outcome__in=DECIDED, ended_at__gte=since, issue__in=seen.order_by().values("pk")
    )
    took = rounds.order_by().annotate(took=F("ended_at") - F("opened_at")).values_list("took", flat=True)
    return spread("Approvals", took)


@dataclass(frozen=True)
class Report:
    """All figures, and when they were counted. ``overdue``: numbers of requests."""

    counted_at: datetime
    states: list[tuple[State, Court, int]]
    leads: list[Spread]
    ages: list[StageAge]
    approvals: Spread
    overdue: list[int]

    def as_json(self) -> dict[str, Any]:
        """What ``from_json`` reads."""
        return {
            "states": [(state, number) for state, _, number in self.states],
            "leads": [_spread_as_json(lead) for lead in self.leads],
            "ages": [
                (age.state, age.target, age.number, age.over, _moment_as_json(age.oldest_since)) for age in self.ages
            ],
            "approvals": _spread_as_json(self.approvals),
            "overdue": self.overdue,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any], counted_at: datetime) -> Self:
        """A Report from what ``as_json`` gave."""
        return cls(
            counted_at,
            [(State(state), COURT[State(state)], number) for state, number in told["states"]],
            [_spread_from_json(*lead) for lead in told["leads"]],
            [
                StageAge(State(state), target, number, over, datetime.fromisoformat(oldest) if oldest else None)
                for state, target, number, over, oldest in told["ages"]
            ],
            _spread_from_json(*told["approvals"]),
            told["overdue"],
        )


def _spread_as_json(one: Spread) -> list[Any]:
    lengths = [None if length is None else length.total_seconds() for length in (one.median, one.ninetieth)]
    return [one.name, one.number, *lengths]


def _spread_from_json(name: str, number: int, *lengths: float | None) -> Spread:
    median, ninetieth = (None if seconds is None else timedelta(seconds=seconds) for seconds in lengths)
    return Spread(name, number, median, ninetieth)


def _moment_as_json(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def count(groups: Collection[int], *, now: datetime | None = None) -> Report:
    """Count all figures over what is restricted to nobody, or to one of these groups."""
    now, seen = now or timezone.now(), Issue.objects.open_to_groups(groups)
    targets = dict(StageTarget.objects.values_list("state", "working_days"))
    over = over_target(seen, targets, now=now)
    return Report(
        now,
        open_by_state(seen),
        lead_times(seen, now=now),
        ages(seen, targets, over),
        approval_latency(seen, now=now),
        most_overdue(seen, targets, over),
    )


def report_for(person: User) -> Report:
    """What was counted last for people in this person's groups; counted now, and not kept, where nothing was yet."""
    for row in CountedReport.objects.all():
        if person.group_ids & set(row.restricting) == set(row.groups):
            return Report.from_json(row.figures, row.counted_at)
    return count(person.group_ids & _restricting())


def count_reports(*, most: timedelta = timedelta(seconds=30)) -> int:
    """Count for every set of groups that a member of Support Operations is in, whose turn was longest ago first, until
    ``most`` has passed. Returns for how many it counted; drops what is for nobody."""
    began, restricting = monotonic(), _restricting()
    members = User.objects.ops().prefetch_related("groups")
    audiences = {frozenset(group.pk for group in member.groups.all()) & restricting for member in members}
    known = {row.audience: row for row in CountedReport.objects.all()}
    for gone in known.keys() - {_key(groups) for groups in audiences}:
        known[gone].delete()
    number = 0
    for groups in sorted(audiences, key=lambda groups: _turn(known.get(_key(groups)))):
        _keep(groups, count(groups), restricting)
        number += 1
        if monotonic() - began > most.total_seconds():
            break
    return number


def _keep(groups: Collection[int], report: Report, restricting: Collection[int]) -> None:
    kept = {"groups": sorted(groups), "restricting": sorted(restricting), "figures": report.as_json()}
    CountedReport.objects.update_or_create(audience=_key(groups), defaults={**kept, "counted_at": report.counted_at})


def _restricting() -> set[int]:
    """The ids of the groups that requests are, or may be, restricted to."""
    restricted = Exists(Issue.objects.filter(restricted_to=OuterRef("pk")))
    routed = Exists(Route.objects.filter(restricted_to=OuterRef("pk")))
    return {confidential_group().pk, *Group.objects.filter(restricted | routed).values_list("pk", flat=True)}


def _key(groups: Collection[int]) -> str:
    return ",".join(map(str, sorted(groups)))


def _turn(row: CountedReport | None) -> float:
    return row.counted_at.timestamp() if row else 0
