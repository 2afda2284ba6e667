"""What another label scheme would change in GitLab, counted before anything happens. Only reads; GitLab is not asked.

Requests that stand alike and whose issues carry the same labels change alike: they are counted together, by the
database, so a forecast costs the same few queries for ten requests and for a million.
"""

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace

from django.db.models import Count

from supportops.accounts.models import User
from workflow.catalogue.models import Tracker
from workflow.gitlab.labels import Labelling, Standing, scope_of
from workflow.gitlab.models import GitLabLink, TrackerLabels
from workflow.gitlab.models.connection import Connection, LabelScheme, SchemeLabel
from workflow.gitlab.poll import BACKFILL_SHARE
from workflow.models import Issue

CALLS_EACH = 2
"""What one request costs: its issue is read, then changed by one PUT."""
_STANDING = ("state", "return_to", "kind", "customer", "priority", "system")


@dataclass
class TrackerForecast:
    """One tracker. ``tracker``: None for issues whose request has none any more; ``missing``: labels GitLab does not
    have there, None as long as nobody looked; ``waiting``: requests that wait for a person first."""

    tracker: Tracker | None
    requests: int = 0
    changing: int = 0
    waiting: int = 0
    added: int = 0
    removed: int = 0
    missing: tuple[str, ...] | None = None
    read_at: datetime | None = None


@dataclass
class LabelForecast:
    """One label: on how many requests it would be put, from how many taken, in how many trackers it must be made."""

    name: str
    color: str = ""
    added: int = 0
    removed: int = 0
    missing_in: int = 0


@dataclass
class Forecast:
    """The whole change to ``scheme``. ``clashes``: labels that GitLab would not show together."""

    scheme: LabelScheme
    active: LabelScheme | None
    token: str
    trackers: list[TrackerForecast]
    labels: list[LabelForecast]
    per_minute: int
    clashes: list[list[str]] = field(default_factory=list)

    def _sum(self, name: str) -> int:
        return sum(getattr(row, name) for row in self.trackers)

    @property
    def requests(self) -> int:
        """How many requests have an issue in GitLab."""
        return self._sum("requests")

    @property
    def changing(self) -> int:
        """How many of them would change."""
        return self._sum("changing")

    @property
    def waiting(self) -> int:
        """How many wait for a person first, and follow when they go on."""
        return self._sum("waiting")

    @property
    def added(self) -> int:
        """How often a label would be put on."""
        return self._sum("added")

    @property
    def removed(self) -> int:
        """How often a label would be taken off."""
        return self._sum("removed")

    @property
    def created(self) -> int:
        """How many labels would be made in GitLab, over all trackers that somebody looked at."""
        return sum(len(row.missing) for row in self.trackers if row.missing)

    @property
    def read_at(self) -> datetime | None:
        """Since when the labels GitLab offers are known, in all the trackers where they are; None if nowhere."""
        return min((row.read_at for row in self.trackers if row.read_at), default=None)

    @property
    def minutes(self) -> int:
        """How long it takes at least, within GitLab's limits."""
        return math.ceil(self.changing / self.per_minute)

    def counts(self) -> dict[str, int]:
        """The figures that are kept with the change."""
        names = ("requests", "changing", "waiting", "added", "removed", "created", "minutes")
        return {name: getattr(self, name) for name in names}


def foresee(scheme: LabelScheme, *, tracker: Tracker | None = None, person: User | None = None) -> Forecast:
    """The Forecast of changing to ``scheme``; only of one ``tracker``, and of what ``person`` may see, if given."""
    labelling = Labelling.read(scheme)
    trackers: dict[int | None, TrackerForecast] = {}
    labels: dict[str, LabelForecast] = {}
    known = TrackerLabels.objects.in_bulk()
    written = {label.name: label.color for label in scheme.labels.all() if not label.alias}
    for row in Tracker.objects.filter(pk=tracker.pk) if tracker else Tracker.objects.all():
        trackers[row.pk] = _tracker_forecast(row, known.get(row.pk), written)
    for pk, parked, before, standing, number in _alike(tracker, person):
        place = trackers.setdefault(pk, TrackerForecast(None))
        _count(place, labels, number, parked, before, labels_of(labelling, standing))
    found = [row for row in trackers.values() if row.requests or (row.tracker and row.tracker.is_active)]
    _count_missing(found, labels)
    return Forecast(
        scheme=scheme,
        active=LabelScheme.objects.filter(is_active=True).first(),
        token=token_of(scheme),
        trackers=sorted(found, key=lambda row: (-row.changing, str(row.tracker or ""))),
        labels=_sorted(labels, written),
        per_minute=per_minute(),
        clashes=list(_clashes(scheme)),
    )


def token_of(scheme: LabelScheme) -> str:
    """What was looked at: which scheme is active, and every label of this one. Another token: look again."""
    active = LabelScheme.objects.filter(is_active=True).values_list("pk", flat=True).first()
    rows = sorted(scheme.labels.values_list("family", "key", "name", "alias"))
    return hashlib.sha256(json.dumps([active, scheme.pk, rows]).encode()).hexdigest()[:32]


def per_minute() -> int:
    """How many requests a minute may change."""
    return max(1, int(Connection.seen().requests_per_minute * BACKFILL_SHARE / CALLS_EACH))


def shown_labels(families: Mapping[str, Iterable[str]] | None) -> frozenset[str] | None:
    """The names in the label families that were agreed on, as a set; None if nothing was agreed on with GitLab yet."""
    return None if families is None else frozenset(name for names in families.values() for name in names)


def labels_of(labelling: Labelling, standing: Standing) -> frozenset[str]:
    """The names a request should carry that stands so."""
    return frozenset(name for names in labelling.wanted(standing).values() for name in names)


def _alike(
    tracker: Tracker | None, person: User | None
) -> Iterator[tuple[int | None, bool, frozenset[str] | None, Standing, int]]:
    """(tracker, needs a person, label names in GitLab or None, how they stand, how many) of requests that are alike."""
    fields = [f"issue__{name}" for name in _STANDING]
    mirrors = GitLabLink.objects.filter(iid__isnull=False).exclude(status=GitLabLink.Status.ORPHANED)
    if tracker is not None:
        mirrors = mirrors.filter(issue__tracker=tracker)
    if person is not None:
        mirrors = mirrors.filter(issue__in=Issue.objects.visible_to(person).values("pk"))
    rows = mirrors.order_by().values_list("issue__tracker", "status", "last_synced__fields__labels", *fields)
    for pk, status, families, *standing, number in rows.annotate(number=Count("pk")):
        stands = SimpleNamespace(**dict(zip(_STANDING, standing, strict=True)))
        yield pk, status in GitLabLink.NEEDS_A_PERSON, shown_labels(families), stands, number


def _count(
    place: TrackerForecast,
    labels: dict[str, LabelForecast],
    number: int,
    parked: bool,
    before: frozenset[str] | None,
    after: frozenset[str],
) -> None:
    place.requests += number
    if before is None or before == after:
        return
    if parked:
        place.waiting += number
        return
    place.changing += number
    for name in after - before:
        place.added += number
        labels.setdefault(name, LabelForecast(name)).added += number
    for name in before - after:
        place.removed += number
        labels.setdefault(name, LabelForecast(name)).removed += number


def _tracker_forecast(tracker: Tracker, known: TrackerLabels | None, written: Mapping[str, str]) -> TrackerForecast:
    if known is None:
        return TrackerForecast(tracker)
    missing = tuple(sorted(written.keys() - set(known.names)))
    return TrackerForecast(tracker, missing=missing, read_at=known.read_at)


def _count_missing(trackers: Iterable[TrackerForecast], labels: dict[str, LabelForecast]) -> None:
    counted = Counter(name for row in trackers for name in row.missing or ())
    for name, number in counted.items():
        labels.setdefault(name, LabelForecast(name)).missing_in = number


def _sorted(labels: Mapping[str, LabelForecast], written: Mapping[str, str]) -> list[LabelForecast]:
    """Those of the new scheme first, each in its colour."""
    colours = dict(SchemeLabel.objects.filter(name__in=labels.keys() - written.keys()).values_list("name", "color"))
    for name, label in labels.items():
        label.color = written.get(name) or colours.get(name, "")
    return sorted(labels.values(), key=lambda label: (label.name not in written, label.name))


def _clashes(scheme: LabelScheme) -> Iterator[list[str]]:
    """[names] of one family, key and scope: GitLab keeps only the last of them on an issue, unless it is Free."""
    together: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for label in scheme.labels.filter(alias=False):
        if scope := scope_of(label.name):
            together[label.family, label.key, scope].append(label.name)
    return (names for names in together.values() if len(names) > 1)
