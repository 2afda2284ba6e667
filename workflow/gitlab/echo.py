"""Tells the portal's own doing from other people's in what a poll finds, so that it need not look at it thoroughly.

``updated_at`` proves nothing here: GitLab touches it at most once a minute, so what somebody does right after a push
may leave it as the push did. Therefore everything a look would take in is compared: the fields with the shadow, the
text around the block, and the comments one by one. What was changed and changed back within that minute is no change.
"""

import time

import structlog

from workflow.gitlab.errors import Permanent, RateLimited, Retryable
from workflow.gitlab.inbound_models import ReceivedNote
from workflow.gitlab.merge import agreed_after, flat
from workflow.gitlab.models import Budget
from workflow.gitlab.pull_notes import digest_of
from workflow.gitlab.run import Status
from workflow.gitlab.seen import seen_fields, text_around
from workflow.models import NoteMirror

log = structlog.get_logger(__name__)
READS_FOR = 20
"""Seconds one poll may read comments, over all trackers: what takes longer is dearer than looks, which wait in line."""


class CommentReader:
    """Reads comments for a poll while time and budget last; from then on, and where GitLab refuses, it knows nothing.

    Not knowing costs a look; failing would keep the whole tracker waiting.
    """

    def __init__(self, gateway):
        self.gateway = gateway
        self._ends = time.monotonic() + READS_FOR

    def comments(self, issue):
        """What people and the portal said on the issue, or None if that is not to be had now."""
        if time.monotonic() >= self._ends:
            return None
        try:
            return [note for note in self.gateway.comments(issue.project_id, issue.iid) if not note.system]
        except Permanent as error:  # this issue's own trouble, which a look gets to the bottom of
            log.warning("comments_not_read", project=issue.project_id, iid=issue.iid, reason=error.message)
        except Retryable as error:
            log.info("comments_left_to_looks", reason=error.message)
            if isinstance(error, RateLimited) and not error.ours:
                Budget.block(error.kind, error.retry_after)
            self._ends = time.monotonic()
        return None


def only_ours(mirror, look, issue, labelling, reader):
    """Whether ``issue``, as a list shows it, holds nothing the portal does not know. Costs a call if it has comments.

    ``look``: the request's Look, or None; ``reader``: a CommentReader. In doubt it is somebody else's.
    """
    if not _in_step(mirror) or _waits(look) or issue.moved_to_id is not None:
        return False
    agreed = flat(mirror.shadow.get("fields", {}))
    if not agreed or agreed_after(agreed, seen_fields(issue, labelling.owned, agreed)) != agreed:
        return False
    if text_around(issue.description) != (look.shared_text if look else ""):
        return False
    return _same_comments(mirror, issue, reader)


def _in_step(mirror):
    return (
        mirror.status == Status.IN_STEP
        and mirror.pushed_version == mirror.wanted_version
        and not mirror.shadow.get("dropped")
    )


def _waits(look):
    return look is not None and bool(look.pending or look.due_at or look.frozen_at)


def _same_comments(mirror, issue, reader):
    ours = set(NoteMirror.objects.filter(issue=mirror.pk, note_id__isnull=False).values_list("note_id", flat=True))
    theirs = ReceivedNote.objects.filter(comment__issue=mirror.pk, comment__deleted_at=None)
    theirs = dict(theirs.values_list("note_id", "digest"))
    if issue.comments != len(ours) + len(theirs):
        return False
    if issue.comments == 0:
        return True
    there = reader.comments(issue)
    if there is None:
        return False
    foreign = {note.id: digest_of(note.body) for note in there if note.id not in ours}
    return foreign == theirs and ours <= {note.id for note in there}
