"""The fields of a GitLab issue that the portal manages: what they should be, and what to send for it. Pure."""

import hashlib
from dataclasses import dataclass

from workflow.gitlab.escaping import block_in, managed_block, with_block
from workflow.gitlab.labels import PORTAL_OWNED, SHARED, scope_of
from workflow.gitlab.render import block_of, title_of
from workflow.states import ENDED

OPENED, CLOSED = "opened", "closed"
IN_WORDS = {
    "title": "title",
    "description": "description",
    "state_event": "state",
    "confidential": "confidentiality",
    "milestone_id": "milestone",
    "due_date": "due date",
    "assignee_ids": "assignee",
    "add_labels": "labels",
    "remove_labels": "labels",
}


@dataclass(frozen=True)
class Wanted:
    """What the GitLab issue should show."""

    title: str
    block: str
    state: str
    confidential: bool
    milestone: int | None
    due_date: str | None
    assignee: int | None
    labels: dict

    def last_synced(self):
        """As kept once GitLab agreed; the block as a digest."""
        return {**vars(self), "block": hashlib.sha256(self.block.encode()).hexdigest()}


def wanted_of(issue, around, labelling, *, assignee=None):
    """What the GitLab issue of a request should show. ``assignee``: their id in GitLab, or None."""
    fits = issue.milestone is not None and issue.milestone.tracker_id == issue.tracker_id
    return Wanted(
        title=title_of(issue),
        block=block_of(issue, around),
        state=CLOSED if issue.state in ENDED else OPENED,
        confidential=issue.confidential,
        milestone=issue.milestone.gitlab_id if fits else None,
        due_date=issue.due_date.isoformat() if issue.due_date else None,
        assignee=assignee,
        labels=labelling.wanted(issue),
    )


def creation(wanted, marker, default_labels=()):
    """The fields of a new issue, as GitLab names them."""
    names = {name for names in wanted.labels.values() for name in names}
    taken = {scope_of(name) for name in names} - {None}
    names |= {name for name in default_labels if scope_of(name) not in taken}  # one of a scope, on Premium the last
    fields = {"title": wanted.title, "description": managed_block(marker, wanted.block), "labels": sorted(names)}
    if wanted.confidential:
        fields["confidential"] = True
    if wanted.milestone:
        fields["milestone_id"] = wanted.milestone
    if wanted.due_date:
        fields["due_date"] = wanted.due_date
    if wanted.assignee:
        fields["assignee_ids"] = [wanted.assignee]
    return fields


def changes(wanted, agreed, remote, labelling, marker):
    """What one PUT must send so that ``remote`` shows ``wanted``: only what differs; an empty dict if nothing does.

    The portal's own fields are put right whoever changed them. Shared ones (domain.md §6) are sent where the portal
    changed them since ``agreed``, the shadow; a change people made in GitLab stays for the merge.
    """
    needed = {}
    if block_in(remote.description) != wanted.block:
        needed["description"] = with_block(remote.description, marker, wanted.block)
    if remote.state != wanted.state:
        needed["state_event"] = "close" if wanted.state == CLOSED else "reopen"
    if remote.confidential != wanted.confidential:
        needed["confidential"] = wanted.confidential
    if remote.milestone_id != wanted.milestone:
        needed["milestone_id"] = wanted.milestone or 0
    ours = {name for name in ("title", "due_date", "assignee") if agreed.get(name, ...) != getattr(wanted, name)}
    if "title" in ours and remote.title != wanted.title:
        needed["title"] = wanted.title
    if "due_date" in ours and remote.due_date != wanted.due_date:
        needed["due_date"] = wanted.due_date or ""
    if "assignee" in ours and remote.assignee_ids != _ids(wanted.assignee):
        needed["assignee_ids"] = [wanted.assignee or 0]
    return needed | _label_changes(wanted, agreed, remote, labelling)


def _ids(assignee):
    return (assignee,) if assignee else ()


def _label_changes(wanted, agreed, remote, labelling):
    before = agreed.get("labels", {})
    ours = [family for family in SHARED if before.get(family, ...) != wanted.labels[family]]
    add, remove = labelling.changes([*PORTAL_OWNED, *ours], wanted.labels, remote.labels)
    named = {"add_labels": ",".join(add), "remove_labels": ",".join(remove)}
    return {name: names for name, names in named.items() if names}


def in_words(names):
    """Field names as people say them."""
    words = dict.fromkeys(IN_WORDS[name] for name in names)
    return ", ".join(words)
