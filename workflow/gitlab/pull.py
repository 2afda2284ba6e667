"""Looks at a request's GitLab issue and takes in what people did there (contract C7 of reliability.md).

Whatever hinted at it (a webhook, a poll, the reconciler), a look fetches the issue and merges it with the request and
the shadow. It holds the lease that pushing takes, so the two never interleave; afterwards the shadow is what GitLab
shows, and whatever the portal holds otherwise is pushed next.
"""

import time
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supportops.accounts.models import User
from workflow.crashpoints import crashpoint
from workflow.enqueue import enqueue
from workflow.gitlab.activity import History
from workflow.gitlab.circuit_breaker import is_there
from workflow.gitlab.confidentiality import quarantined
from workflow.gitlab.converge import observe, wanted
from workflow.gitlab.errors import Gone
from workflow.gitlab.escaping import marker_in
from workflow.gitlab.failures import LookWork, handle_failure
from workflow.gitlab.fields import FIELDS, Agreed, GitLabSide, Owner, Values, seen_of
from workflow.gitlab.merge import family_choice, merge
from workflow.gitlab.milestones import read_milestones
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, claim_to_look
from workflow.gitlab.models.link import DIED_OF_IT, Poisoned
from workflow.gitlab.moves import follow
from workflow.gitlab.pull_notes import take_comments
from workflow.gitlab.pull_outcome import NotYet, newer_side, settle_look
from workflow.gitlab.schemas import RemoteIssue
from workflow.gitlab.session import LookRun, Status, insist
from workflow.models import Issue, Milestone

log = structlog.get_logger(__name__)
UNTIL_LINKED = 5
"""Seconds until an issue whose creation is under way is looked at again."""
UNTIL_COPIED = 5
"""Seconds until an issue is looked at again that was read from a copy which lags behind."""
PATIENCE, PAUSE = 2.0, 0.1
"""Seconds to wait, and between tries, for a push of the same request to end; then the sweep comes."""


def look_at(number: int, ends: float | None = None) -> bool:
    """Look at the request's GitLab issue, if that is due and nobody else is at it. Returns whether a look was taken.

    ``ends``: as a Run's, where the look is part of something that has begun.
    """
    connection = Connection.load()
    if connection.paused or not _due(number) or not is_there(connection):
        return False
    mirror = _claim(number)
    if mirror is None:
        return False
    try:
        look = _due(number)
        if look is None:
            return False
        PendingPull.objects.filter(pk=number).update(attempts=F("attempts") + 1)
        run = LookRun(mirror, connection, look, ends)
        try:
            _look(run)
        except Exception as error:  # whatever it is, the look must be put off or ended, and a person told
            insist(partial(handle_failure, error, LookWork(run)))
    finally:
        insist(mirror.release)
    enqueue("workflow.gitlab.tasks.push_issue", number)
    return True


def numbers_to_look_at(limit: int = 100) -> list[int]:
    """Numbers of requests whose look is due; none while the connection is paused or GitLab away."""
    connection = Connection.load()
    return [] if connection.paused or not is_there(connection) else PendingPull.due_numbers(limit)


def _due(number: int) -> PendingPull | None:
    return PendingPull.objects.due().filter(pk=number).first()


def _claim(number: int) -> GitLabLink | None:
    """The mirror under a lease; a push under way is given a moment to end."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            mirror = claim_to_look(number)
        except Poisoned:
            log.critical("mirror_poisoned", number=number)
            PendingPull.objects.filter(pk=number).update(due_at=None, last_error=DIED_OF_IT)
            return None
        if mirror is not None or time.monotonic() > until:
            return mirror
        time.sleep(PAUSE)


def _look(run: LookRun) -> None:
    if not run.mirror.exists:
        moving = run.mirror.status in (Status.BEHIND, Status.CREATING, Status.UNKNOWN)
        run.look.put_off(UNTIL_LINKED if moving else None, "The GitLab issue is not there yet.")
        return
    if run.mirror.status == Status.ORPHANED and not _is_back(run):
        run.look.done()
        return
    remote = observe(run)
    if run.mirror.is_older_than_ours(remote.updated_at):
        run.look.put_off(UNTIL_COPIED, "GitLab shows it as it was before our own change.")
        return
    if remote.moved_to_id is not None:
        remote = follow(run, remote)
    if quarantined(run, remote):
        run.look.done()
        return
    history = _history(run, remote)
    if history:
        take_comments(run, history)
        _know_its_milestone(run, remote)
        _know_its_assignees(run, remote)
    _merge(run, remote, history)
    crashpoint("hook_applied")


def _is_back(run: LookRun) -> bool:
    """Whether an issue that was gone answers again with the request's mark; then it goes on by itself (C10).

    Not where somebody has let it go.
    """
    if not run.mirror.parked:
        return False
    try:
        remote = run.gateway.issue(*run.there)
    except Gone:
        return False
    if marker_in(remote.description) != run.mirror.marker:
        return False
    log.warning("gitlab_issue_back", number=run.mirror.pk)
    run.write(status=Status.BEHIND, parked=False, due_at=timezone.now(), attempts=0, last_error="", absent_since=None)
    return True


def _history(run: LookRun, remote: RemoteIssue) -> History | None:
    """What happened there, if anybody but the portal did anything; else None, which costs no call."""
    agreed = Agreed.of(run.mirror)
    same = agreed.holds(seen_of(GitLabSide(remote, run.labelling.owned, agreed.values)))
    if same and not run.look.thorough:
        return None
    return History.read(run.gateway, run.bot_id, remote.project_id, remote.iid)


def _know_its_milestone(run: LookRun, remote: RemoteIssue) -> None:
    """Read the tracker's milestones if the issue has one nobody knows yet."""
    tracker = run.issue.tracker
    if remote.milestone_id is None or tracker is None:
        return
    if not Milestone.objects.filter(tracker=tracker, gitlab_id=remote.milestone_id).exists():
        read_milestones(tracker, run.gateway)


def _know_its_assignees(run: LookRun, remote: RemoteIssue) -> None:
    """Ask who they are, where the portal does not know their number: not while rows are locked."""
    known = set(User.objects.filter(gitlab_id__in=remote.assignee_ids).values_list("gitlab_id", flat=True))
    for user_id in set(remote.assignee_ids) - known:
        run.person(user_id)


def _merge(run: LookRun, remote: RemoteIssue, history: History | None) -> None:
    try:
        with transaction.atomic():
            Issue.objects.select_for_update(no_key=True).get(pk=run.mirror.pk)
            run.reread()
            _merge_locked(run, remote, history)
    except NotYet as not_yet:
        run.look.put_off(not_yet.seconds, "Waits for the words to a label.")


def _merge_locked(run: LookRun, remote: RemoteIssue, history: History | None) -> None:
    agreed = Agreed.of(run.mirror)
    ours = {**wanted(run, look_up=False).kept, **run.labelling.only_respelt(run.issue, agreed.values)}
    theirs = seen_of(GitLabSide(remote, run.labelling.owned, agreed.values))
    if history is None:
        found = merge(agreed, ours, theirs)
    else:
        meant = {**theirs, **_one_of_each(agreed.values, theirs, history)}
        found = merge(agreed, ours, meant, newer=lambda name: newer_side(run, history, name))
    settle_look(run, remote, history, found, agreed.after_looking(theirs))


def _one_of_each(agreed: Values, theirs: Values, history: History) -> Values:
    """The shared label families, each with the one label it means now."""
    latest = history.latest_labels()
    families = [field.name for field in FIELDS if field.family and field.owner is Owner.SHARED]
    return {name: family_choice(agreed.get(name, []), theirs[name], latest) for name in families if name in theirs}
