"""Who goes first: what people did in GitLab is taken in before anything is pushed over it.

Without this a push would quietly overwrite the newer change of a shared field, put a wish right before anybody heard
it, lay open what somebody had hidden, or move an issue back that somebody moved.
"""

from workflow.gitlab.errors import GitLabError
from workflow.gitlab.inbound_models import Look
from workflow.gitlab.merge import agreed_after, flat
from workflow.gitlab.seen import ignored_fields, seen_fields


class LookFirst(GitLabError):
    """The push gives way to a look at the issue."""

    def __init__(self):
        super().__init__("Somebody changed it in GitLab; that is taken in first.")


def give_way(run, remote):
    """Raise LookFirst if GitLab shows anything else than was last agreed on.

    Where nothing was agreed yet there is nothing to compare with; where looking fails for good, pushing goes on
    without.
    """
    agreed = flat(run.mirror.shadow.get("fields", {}))
    if not agreed or looking_fails(run.mirror.pk):
        return
    ignored = ignored_fields(run.mirror.shadow.get("dropped", ()))
    seen = seen_fields(remote, run.labelling.owned, agreed)
    if remote.moved_to_id is not None or agreed_after(agreed, seen, ignored=ignored) != agreed:
        raise LookFirst


def looking_fails(number):
    """Whether the last look ended in an error that only a person can mend."""
    return Look.objects.filter(pk=number, due_at=None).exclude(last_error="").exists()
