"""Which labels a request should carry, and which of those in GitLab are the portal's to take away."""

from dataclasses import dataclass

from workflow.gitlab.models import SchemeLabel
from workflow.states import State

Family = SchemeLabel.Family
PORTAL_OWNED = (Family.STATE, Family.VALIDATION, Family.TYPE)
"""Families the portal alone decides about; customer, priority and system are shared (domain.md §6)."""
SHARED = (Family.CUSTOMER, Family.PRIORITY, Family.SYSTEM)


@dataclass(frozen=True)
class Labelling:
    """How things are spelt. Pure but for ``read``.

    ``written``: (family, key) → names, by the active scheme. ``owned``: family → every spelling known.
    """

    written: dict
    owned: dict

    @classmethod
    def read(cls):
        """As the database has it: the active scheme writes, every scheme's names count as owned."""
        written, owned = {}, {family: set() for family in Family}
        for family, key, name, alias, active in SchemeLabel.objects.values_list(
            "family", "key", "name", "alias", "scheme__is_active"
        ):
            owned[family].add(name)
            if active and not alias:
                written.setdefault((family, key), []).append(name)
        return cls(written, owned)

    def wanted(self, issue):
        """{family: sorted names} for a request as it stands."""
        state = shown_state(issue)
        keys = {
            Family.STATE: state,
            Family.VALIDATION: state,
            Family.TYPE: issue.kind,
            Family.CUSTOMER: issue.customer,
            Family.PRIORITY: str(issue.priority or ""),
            Family.SYSTEM: issue.system,
        }
        return {family.value: sorted(self.written.get((family.value, str(key)), ())) for family, key in keys.items()}

    def changes(self, families, wanted, present):
        """(to add, to remove) so that ``present`` names show what is ``wanted`` of these families.

        Siblings of one scope go too: only paid GitLab keeps ``a::b`` labels exclusive itself. Foreign labels stay.
        """
        names = {name for family in families for name in wanted[family]}
        scopes = {_scope(name) for name in names} - {None}
        known = {name for family in families for name in self.owned[family]}
        surplus = {name for name in present if name in known or _scope(name) in scopes} - names
        return sorted(names - present), sorted(surplus)


def shown_state(issue):
    """The state whose labels it carries: while the requester must answer, the one it returns to."""
    return issue.return_to if issue.state == State.NEEDS_INFO else issue.state


def _scope(name):
    scope, colons, _ = name.rpartition("::")
    return scope if colons else None
