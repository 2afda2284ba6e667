"""A GitLab issue as the fields the shadow holds, comparable with what the portal wants. Pure."""

import hashlib

from workflow.gitlab.escaping import block_in, marker_in, with_block
from workflow.gitlab.merge import flat

DROPPED = {
    "title": ("title",),
    "description": ("block",),
    "state_event": ("state",),
    "confidential": (),
    "milestone_id": ("milestone",),
    "due_date": ("due_date",),
    "assignee_ids": ("assignee",),
    "add_labels": tuple(
        f"labels.{family}" for family in ("state", "validation", "type", "customer", "priority", "system")
    ),
}
DROPPED["remove_labels"] = DROPPED["add_labels"]
"""What GitLab would not take, by its own names for it → the fields that then say nothing. Confidentiality always
does."""


def seen_fields(remote, owned, agreed):
    """The flat fields of a RemoteIssue. ``owned``: label family → every spelling known; ``agreed``: the flat shadow.

    Of several assignees the agreed one counts while it is among them.
    """
    block = block_in(remote.description)
    assignee = agreed.get("assignee")
    if assignee not in remote.assignee_ids:
        assignee = remote.assignee_ids[0] if remote.assignee_ids else None
    return flat(
        {
            "title": remote.title,
            "block": "" if block is None else hashlib.sha256(block.encode()).hexdigest(),
            "state": remote.state,
            "confidential": remote.confidential,
            "milestone": remote.milestone_id,
            "due_date": remote.due_date,
            "assignee": assignee,
            "labels": {
                str(family): [name for name in remote.labels if name in names] for family, names in owned.items()
            },
        }
    )


def ignored_fields(dropped):
    """The flat fields about which GitLab's value says nothing, from the shadow's ``dropped`` names."""
    return frozenset(name for each in dropped for name in DROPPED.get(each, ()))


def text_around(description):
    """What people wrote above and below the managed block."""
    marker = marker_in(description)
    if marker is None:
        return description.strip()
    empty = with_block(description, marker, "")
    before, _, after = empty.partition(f"<!-- supportops:begin {marker} -->")
    return "\n\n".join(part.strip() for part in (before, after.partition("<!-- supportops:end -->")[2]) if part.strip())


def family_choice(before, now, latest=()):
    """The one label a family means when people added another without taking the old one off, as Free GitLab allows.

    ``latest``: names in the order they were last added. Returns a sorted list of at most one name, or ``before``
    unchanged.
    """
    if set(now) == set(before):
        return sorted(before)
    added = [name for name in now if name not in before]
    if not added:
        return sorted(now)[:1]
    last = [name for name in latest if name in added]
    return [last[-1] if last else sorted(added)[-1]]
