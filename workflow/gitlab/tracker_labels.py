"""The labels of a tracker in GitLab: read, remembered for pages, and made where a scheme's are missing."""

from collections.abc import Iterable
from typing import cast

import structlog
from django.utils import timezone

from workflow.catalogue.models import Tracker
from workflow.gitlab.circuit_breaker import is_there
from workflow.gitlab.client import Gateway, ReadingGateway
from workflow.gitlab.errors import Conflict, GitLabError
from workflow.gitlab.failures import TrackerWork, handle_failure, stops_round
from workflow.gitlab.models import LabelScheme, TrackerLabels, TrackerWait
from workflow.gitlab.models.connection import Connection, SchemeLabel
from workflow.gitlab.poll import metered_reader

log = structlog.get_logger(__name__)
LabelToMake = tuple[str, str, str]
"""(name, color, description)."""


def labels_to_make(scheme: LabelScheme | None) -> list[LabelToMake]:
    """What a scheme writes, each name once; nothing without a scheme."""
    found: dict[str, LabelToMake] = {}
    for row in SchemeLabel.objects.filter(alias=False, scheme=scheme).values_list("name", "color", "description"):
        found.setdefault(row[0], row)
    return list(found.values())


def make_labels(tracker: Tracker, gateway: Gateway, labels: Iterable[LabelToMake]) -> int:
    """Make what is missing of ``labels`` in the tracker, and remember what is there then. Returns how many were new."""
    project_id = cast(int, tracker.project_id)
    there, new = gateway.labels(project_id), 0
    try:
        for name, color, description in labels:
            if name in there:
                continue
            try:
                gateway.create_label(project_id, name, color, description)
                new += 1
            except Conflict:  # somebody was quicker
                log.info("label_was_there", tracker=tracker.path, label=name)
            there.add(name)
    finally:
        TrackerLabels.remember(tracker, there)
    return new


def read_labels() -> None:
    """Read every tracker's labels that were not read for a while. Whoever fails keeps what is remembered."""
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return
    fresh = TrackerLabels.objects.filter(read_at__gt=timezone.now() - TrackerLabels.KEPT_FOR)
    gateway = metered_reader(connection)
    for tracker in Tracker.objects.filter(is_active=True, project_id__isnull=False).exclude(pk__in=fresh.values("pk")):
        work = TrackerWork(connection, gateway, tracker, TrackerWait.What.LABELS)
        try:
            TrackerLabels.remember(tracker, gateway.labels(cast(int, tracker.project_id)))
        except GitLabError as error:
            if stops_round(handle_failure(error, work), error, connection):
                break
        else:
            work.done()


def keeps_scopes_exclusive(gateway: ReadingGateway, trackers: Iterable[Tracker]) -> bool | None:
    """Whether GitLab keeps one label of a scope only, as Premium and Ultimate do; None if that cannot be told.

    Told by an issue: only where the plan has them does GitLab send its weight along, and scoped labels come with the
    same plans (gitlab.md §1). One tracker without is enough for a no, for then the portal must see to it itself.
    """
    told: set[bool | None] = set()
    for tracker in trackers:
        try:
            told.add(gateway.shows_weights(cast(int, tracker.project_id)))
        except GitLabError as error:
            log.info("plan_not_told", tracker=tracker.path, reason=error.message)
    told.discard(None)
    return all(told) if told else None
