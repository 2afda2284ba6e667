"""Three-way merge of a request with its GitLab issue, field by field. Pure.

The base is the shadow: what both last agreed on. Each field has an owner (domain.md §6): the portal's own fields are
never taken from GitLab, a difference there is only a wish; shared ones follow whoever changed them, and if both did,
the newer.
"""

from dataclasses import dataclass, field

SHARED = ("title", "due_date", "assignee", "labels.customer", "labels.priority", "labels.system")
OWNED = ("state", "confidential", "milestone", "block", "labels.state", "labels.validation", "labels.type")
OURS, THEIRS = "ours", "theirs"
_MISSING = object()


@dataclass(frozen=True)
class Conflict:
    """Both sides changed a shared field since they last agreed; ``kept`` says whose value stays."""

    ours: object
    theirs: object
    kept: str


@dataclass(frozen=True)
class Merge:
    """What follows from a look.

    ``take``: shared fields and the value GitLab has for them; ``wished``: the portal's own fields that GitLab shows
    otherwise, with its value there; ``conflicts``: per field, whichever side won.
    """

    take: dict = field(default_factory=dict)
    wished: dict = field(default_factory=dict)
    conflicts: dict = field(default_factory=dict)

    def __bool__(self):
        return bool(self.take or self.wished or self.conflicts)


def flat(fields):
    """Fields as the shadow holds them, with each label family as a field of its own (``labels.priority``)."""
    plain = {name: value for name, value in fields.items() if name != "labels"}
    return plain | {f"labels.{family}": sorted(names) for family, names in fields.get("labels", {}).items()}


def nested(fields):
    """The opposite of ``flat``."""
    plain = {name: value for name, value in fields.items() if not name.startswith("labels.")}
    labels = {name.partition(".")[2]: value for name, value in fields.items() if name.startswith("labels.")}
    return plain | {"labels": labels}


def merge(base, ours, theirs, *, newer=lambda name: OURS, ignored=()):
    """Merge flat fields. ``newer(name)``: OURS or THEIRS, asked only in a conflict; ``ignored``: fields GitLab would
    not take when they were last sent, about which its value therefore says nothing.

    A field without a base was never agreed on: the portal's value holds.
    """
    take, wished, conflicts = {}, {}, {}
    for name in theirs.keys() & ours.keys() - set(ignored):
        before, here, there = base.get(name, _MISSING), ours[name], theirs[name]
        if here == there or before is _MISSING or there == before:
            continue
        if name in OWNED:
            wished[name] = there
        elif here == before:
            take[name] = there
        else:
            kept = newer(name)
            conflicts[name] = Conflict(here, there, kept)
            if kept == THEIRS:
                take[name] = there
    return Merge(take, wished, conflicts)


def agreed_after(base, theirs, *, ignored=()):
    """The flat shadow after a look: what GitLab shows, so that whatever the portal holds otherwise is pushed next.

    ``ignored`` fields keep what was agreed, or they would be pushed in vain for ever.
    """
    return {name: base[name] if name in ignored and name in base else value for name, value in theirs.items()}
