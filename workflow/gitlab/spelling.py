"""What a label from GitLab means: the active scheme first, other spellings only where it has none (domain.md §3)."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from workflow.gitlab.models import SchemeChange, SchemeLabel
from workflow.states import State

Family = SchemeLabel.Family
REMEMBERED = timedelta(days=14)
"""How long ago something may have been done in GitLab that a look only hears of now; as deliveries are kept."""
CLOCKS_AGREE = timedelta(seconds=5)
"""GitLab tells the time in whole seconds, and a moment ago; so small a difference says nothing."""


@dataclass(frozen=True)
class Spelling:
    """``active`` and ``foreign``: (family, name) → the keys it stands for. ``earlier``: (until when, Spelling) of the
    schemes that were active before, oldest first."""

    active: dict
    foreign: dict
    earlier: tuple = ()

    @classmethod
    def read(cls, *, skew=timedelta(0)):
        """As the database has it. ``skew``: how far GitLab's clock is ahead of ours."""
        rows = list(SchemeLabel.objects.values_list("family", "name", "key", "scheme", "scheme__is_active"))
        skew = skew if abs(skew) > CLOCKS_AGREE else timedelta(0)
        changes = SchemeChange.objects.filter(at__gte=timezone.now() - REMEMBERED).order_by("at", "pk")
        earlier = tuple(
            (at + skew, cls(*_split(rows, lambda row, scheme=scheme: row[3] == scheme)))
            for at, scheme in changes.values_list("at", "from_scheme")
        )
        return cls(*_split(rows, lambda row: row[4]), earlier)

    def at(self, moment):
        """As labels were read at that moment: who put one on before the scheme changed meant it the old way."""
        return next((spelling for until, spelling in self.earlier if moment < until), self)

    def meaning(self, family, name):
        """The keys of the family that the label stands for; an empty set if it says nothing there."""
        key = (str(family), name)
        return frozenset(self.active.get(key) or self.foreign.get(key) or ())

    def states(self, names):
        """The states these stage and validation labels agree on, as State; empty if they name none or contradict."""
        meanings = [self.meaning(family, name) for name in names for family in (Family.STATE, Family.VALIDATION)]
        said = [{State(key) for key in meaning} for meaning in meanings if meaning]
        return frozenset(set.intersection(*said)) if said else frozenset()


def _split(rows, is_active):
    """(active, foreign) of a Spelling."""
    active, foreign = {}, {}
    for row in rows:
        family, name, key = row[:3]
        (active if is_active(row) else foreign).setdefault((family, name), set()).add(key)
    return active, foreign
