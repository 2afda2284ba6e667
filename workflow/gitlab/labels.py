"""Which labels a request should carry, and which of those in GitLab are the portal's to take away."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists

from workflow.gitlab.models import Connection, SchemeLabel
from workflow.states import State

Family = SchemeLabel.Family
PORTAL_OWNED = (Family.STATE, Family.VALIDATION, Family.TYPE)
"""Families the portal alone decides about; customer, priority and system are shared (domain.md §6)."""
SHARED = (Family.CUSTOMER, Family.PRIORITY, Family.SYSTEM)


@dataclass(frozen=True)
class Labelling:
    """How things are spelt. Pure but for ``read``.

    ``written``: (family, key) → names, by the active scheme. ``owned``: family → every spelling known. ``elsewhere``:
    as ``written``, by each of the other schemes. ``exclusive``: GitLab keeps one label of a scope (``a::b``) only.
    """

    written: dict
    owned: dict
    elsewhere: tuple = ()
    exclusive: bool = False

    @classmethod
    def read(cls, scheme=None):
        """As the database has it: the active scheme writes, or ``scheme``; every scheme's names count as owned."""
        owned, by_scheme = {family: set() for family in Family}, defaultdict(dict)
        apart = Exists(Connection.objects.filter(premium=True))
        rows = SchemeLabel.objects.annotate(exclusive=apart).values_list(
            "family", "key", "name", "alias", "scheme", "scheme__is_active", "exclusive"
        )
        for family, key, name, alias, scheme_id, *_ in rows:
            owned[family].add(name)
            if not alias:
                by_scheme[scheme_id].setdefault((family, key), []).append(name)
        writes = scheme.pk if scheme else next((row[4] for row in rows if row[5]), None)
        written = by_scheme.pop(writes, {})
        return cls(written, owned, tuple(by_scheme.values()), exclusive=any(row[6] for row in rows))

    def wanted(self, issue):
        """{family: sorted names} for a request as it stands."""
        found = {family: _spelt(self.written, family, key) for family, key in _keys(issue).items()}
        return _one_of_each_scope(found) if self.exclusive else found

    def only_respelt(self, issue, agreed):
        """The shared families of the flat shadow that another scheme would write for the request as it stands.

        Nobody changed their value since they were agreed on; only the scheme did.
        """
        keys, found = _keys(issue), {}
        for family in SHARED:
            names = agreed.get(f"labels.{family}")
            if names and any(_spelt(written, family, keys[family]) == names for written in self.elsewhere):
                found[f"labels.{family}"] = names
        return found

    def foreign(self, names):
        """Those of the labels that are people's own: no scheme of the portal's knows them."""
        return frozenset(names).difference(*self.owned.values())

    def changes(self, families, wanted, present):
        """(to add, to remove) so that ``present`` names show what is ``wanted`` of these families.

        Siblings of one scope go too: only paid GitLab keeps ``a::b`` labels exclusive itself. Foreign labels stay.
        """
        names = {name for family in families for name in wanted[family]}
        scopes = {scope_of(name) for name in names} - {None}
        known = {name for family in families for name in self.owned[family]}
        surplus = {name for name in present if name in known or scope_of(name) in scopes} - names
        return sorted(names - present), sorted(surplus)


def _keys(issue):
    """{family: the key that stands for the request there}."""
    state = shown_state(issue)
    return {
        Family.STATE.value: state,
        Family.VALIDATION.value: state,
        Family.TYPE.value: issue.kind,
        Family.CUSTOMER.value: issue.customer,
        Family.PRIORITY.value: str(issue.priority or ""),
        Family.SYSTEM.value: issue.system,
    }


def _spelt(written, family, key):
    return sorted(written.get((str(family), str(key)), ()))


def _one_of_each_scope(found):
    """Of several names in one scope the first: GitLab would show the last one sent and drop the others for ever."""
    taken, kept = set(), {}
    for family, names in found.items():
        kept[family] = []
        for name in names:
            scope = scope_of(name)
            if scope is None or scope not in taken:
                kept[family].append(name)
            taken.add(scope)
    return kept


def shown_state(issue):
    """The state whose labels it carries: while the requester must answer, the one it returns to."""
    return issue.return_to if issue.state == State.NEEDS_INFO else issue.state


def scope_of(name):
    """``a`` of ``a::b``; None for a plain label."""
    scope, colons, _ = name.rpartition("::")
    return scope if colons else None
