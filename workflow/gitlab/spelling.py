"""What a label from GitLab means: the active scheme first, other spellings only where it has none (domain.md §3)."""

from dataclasses import dataclass

from workflow.gitlab.models import SchemeLabel
from workflow.states import State

Family = SchemeLabel.Family


@dataclass(frozen=True)
class Spelling:
    """``active`` and ``foreign``: (family, name) → the keys it stands for."""

    active: dict
    foreign: dict

    @classmethod
    def read(cls):
        """As the database has it."""
        active, foreign = {}, {}
        rows = SchemeLabel.objects.values_list("family", "name", "key", "scheme__is_active")
        for family, name, key, is_active in rows:
            (active if is_active else foreign).setdefault((family, name), set()).add(key)
        return cls(active, foreign)

    def meaning(self, family, name):
        """The keys of the family that the label stands for; an empty set if it says nothing there."""
        key = (str(family), name)
        return frozenset(self.active.get(key) or self.foreign.get(key) or ())

    def family_of(self, name):
        """The family a label belongs to, or None for one that is not the portal's business."""
        return next((family for family in Family if self.meaning(family, name)), None)

    def states(self, names):
        """The states these stage and validation labels agree on, as State; empty if they name none or contradict."""
        meanings = [self.meaning(family, name) for name in names for family in (Family.STATE, Family.VALIDATION)]
        said = [{State(key) for key in meaning} for meaning in meanings if meaning]
        return frozenset(set.intersection(*said)) if said else frozenset()
