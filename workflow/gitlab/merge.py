"""Three-way merge of a request with its GitLab issue, field by field. Pure; a module of its own because it is.

The base is what both sides last agreed on. Each field has an owner (domain.md §6, the table in ``fields``): the
portal's own fields are never taken from GitLab, a difference there is only a wish; shared ones follow whoever changed
them, and if both did, the newer.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from workflow.gitlab.fields import BY_NAME, Agreed, Owner, Value, Values

OURS, THEIRS = "ours", "theirs"
_MISSING = object()


@dataclass(frozen=True)
class Conflict:
    """Both sides changed a shared field since they last agreed; ``kept`` says whose value stays."""

    ours: Value
    theirs: Value
    kept: str


@dataclass(frozen=True)
class Merge:
    """What follows from a look.

    ``take``: shared fields and the value GitLab has for them; ``wished``: the portal's own fields that GitLab shows
    otherwise, with its value there; ``conflicts``: per field, whichever side won.
    """

    take: Mapping[str, Value] = field(default_factory=dict)
    wished: Mapping[str, Value] = field(default_factory=dict)
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.take or self.wished or self.conflicts)


def merge(agreed: Agreed, ours: Values, theirs: Values, *, newer: Callable[[str], str] = lambda name: OURS) -> Merge:
    """Merge. ``newer(name)``: OURS or THEIRS, asked only in a conflict.

    A field that was never agreed on stays as the portal has it. Where GitLab would not take the portal's value, what
    people change there is no conflict with it.
    """
    take, wished, conflicts = {}, {}, {}
    for name in theirs.keys() & ours.keys():
        before, here, there = agreed.values.get(name, _MISSING), ours[name], theirs[name]
        if here == there or before is _MISSING or there == before:
            continue
        if BY_NAME[name].owner is Owner.PORTAL:
            wished[name] = there
        elif here == before or agreed.would_refuse(name, ours):
            take[name] = there
        else:
            kept = newer(name)
            conflicts[name] = Conflict(here, there, kept)
            if kept == THEIRS:
                take[name] = there
    return Merge(take, wished, conflicts)


def family_choice(before: Collection[str], now: Collection[str], latest: Sequence[str] = ()) -> list[str]:
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
