"""Tells the portal's own doing from other people's in what a poll finds, so that it need not look at it thoroughly.

``updated_at`` proves nothing here: GitLab touches it at most once a minute, so what somebody does right after a push
may leave it as the push did. Therefore everything a look would take in is compared: the fields with the shadow, the
text around the block, and the comments one by one. What was changed and changed back within that minute is no change.
"""

from workflow.gitlab.inbound_models import ReceivedNote
from workflow.gitlab.merge import agreed_after, flat
from workflow.gitlab.pull_notes import digest_of
from workflow.gitlab.run import Status
from workflow.gitlab.seen import seen_fields, text_around
from workflow.models import NoteMirror


def only_ours(mirror, look, issue, labelling, gateway):
    """Whether ``issue``, as a list shows it, holds nothing the portal does not know. Costs a call if it has comments.

    ``look``: the request's Look, or None. In doubt it is somebody else's.
    """
    if not _in_step(mirror) or _waits(look) or issue.moved_to_id is not None:
        return False
    agreed = flat(mirror.shadow.get("fields", {}))
    if not agreed or agreed_after(agreed, seen_fields(issue, labelling.owned, agreed)) != agreed:
        return False
    if text_around(issue.description) != (look.shared_text if look else ""):
        return False
    return _same_comments(mirror, issue, gateway)


def _in_step(mirror):
    return (
        mirror.status == Status.IN_STEP
        and mirror.pushed_version == mirror.wanted_version
        and not mirror.shadow.get("dropped")
    )


def _waits(look):
    return look is not None and bool(look.pending or look.due_at or look.frozen_at)


def _same_comments(mirror, issue, gateway):
    if issue.comments == 0:
        return True
    ours = set(NoteMirror.objects.filter(issue=mirror.pk, note_id__isnull=False).values_list("note_id", flat=True))
    theirs = ReceivedNote.objects.filter(comment__issue=mirror.pk, comment__deleted_at=None)
    theirs = dict(theirs.values_list("note_id", "digest"))
    if issue.comments != len(ours) + len(theirs):
        return False
    there = [note for note in gateway.comments(issue.project_id, issue.iid) if not note.system]
    foreign = {note.id: digest_of(note.body) for note in there if note.id not in ours}
    return foreign == theirs and ours <= {note.id for note in there}
