"""Which labels a request should carry, and which of those in GitLab are the portal's to take away.

What a label from GitLab means: the active scheme first, other spellings only where it has none (domain.md §3).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from django.db.models import Exists, QuerySet
from django.utils import timezone

from supportops.statements import Statement
from workflow.gitlab.models import LabelScheme, LabelSchemeChange
from workflow.gitlab.models.connection import Connection, SchemeLabel
from workflow.states import State

Family = SchemeLabel.Family
SHARED = (Family.CUSTOMER, Family.PRIORITY, Family.SYSTEM)
"""Families that people may change in GitLab too; about the others the portal alone decides (domain.md §6)."""
Written = Mapping[tuple[str, str], list[str]]
"""(family, key) → names."""
Meanings = dict[tuple[str, str], set[str]]
"""(family, name) → the keys it stands for."""


class Standing(Protocol):
    """What labels tell of a request; one stands so, or some that are counted together."""

    @property
    def state(self) -> str: ...
    @property
    def return_to(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def customer(self) -> str: ...
    @property
    def priority(self) -> int | None: ...
    @property
    def system(self) -> str: ...


def _every_spelling() -> QuerySet[SchemeLabel, Any]:
    apart = Exists(Connection.objects.filter(premium=True))
    return SchemeLabel.objects.annotate(exclusive=apart).values_list(
        "family", "key", "name", "alias", "scheme", "scheme__is_active", "exclusive", "color"
    )


_SPELLINGS = Statement("spellings", _every_spelling)


@dataclass(frozen=True)
class Labelling:
    """How things are spelt. Pure but for ``read``.

    ``written``: (family, key) → names, by the active scheme. ``owned``: family → every spelling known. ``elsewhere``:
    as ``written``, by each of the other schemes. ``exclusive``: GitLab keeps one label of a scope (``a::b``) only.
    ``colours``: name → ``#rrggbb`` of what is written.
    """

    written: Written
    owned: Mapping[str, Collection[str]]
    elsewhere: tuple[Written, ...] = ()
    exclusive: bool = False
    colours: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, scheme: LabelScheme | None = None) -> Self:
        """As the database has it: the active scheme writes, or ``scheme``; every scheme's names count as owned."""
        owned: dict[str, set[str]] = {family: set() for family in Family}
        by_scheme: dict[int | None, dict[tuple[str, str], list[str]]] = defaultdict(dict)
        rows = _SPELLINGS.rows()
        for family, key, name, alias, scheme_id, *_ in rows:
            owned[family].add(name)
            if not alias:
                by_scheme[scheme_id].setdefault((family, key), []).append(name)
        writes = scheme.pk if scheme else next((row[4] for row in rows if row[5]), None)
        written = by_scheme.pop(writes, {})
        colours = {row[2]: row[7] for row in rows if row[4] == writes and not row[3]}
        return cls(written, owned, tuple(by_scheme.values()), any(row[6] for row in rows), colours)

    def wanted(self, issue: Standing) -> dict[str, list[str]]:
        """{family: sorted names} for a request as it stands."""
        found = {family: _spelt(self.written, family, key) for family, key in _keys(issue).items()}
        return _one_of_each_scope(found) if self.exclusive else found

    def only_respelt(self, issue: Standing, agreed: Mapping[str, Any]) -> dict[str, list[str]]:
        """The shared families of what was agreed that another scheme would write for the request as it stands.

        Nobody changed their value since they were agreed on; only the scheme did.
        """
        keys, found = _keys(issue), {}
        for family in SHARED:
            names = agreed.get(f"labels.{family}")
            if names and any(_spelt(written, family, keys[family]) == names for written in self.elsewhere):
                found[f"labels.{family}"] = names
        return found

    def foreign(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the labels that are people's own: no scheme of the portal's knows them."""
        return frozenset(names).difference(*self.owned.values())

    def changes(
        self, families: Collection[str], wanted: Mapping[str, Iterable[str]], present: Set[str]
    ) -> tuple[list[str], list[str]]:
        """(to add, to remove) so that ``present`` names show what is ``wanted`` of these families.

        Siblings of one scope go too: only paid GitLab keeps ``a::b`` labels exclusive itself. Foreign labels stay.
        """
        names = {name for family in families for name in wanted[family]}
        scopes = {scope_of(name) for name in names} - {None}
        known = {name for family in families for name in self.owned[family]}
        surplus = {name for name in present if name in known or scope_of(name) in scopes} - names
        return sorted(names - present), sorted(surplus)


def _keys(issue: Standing) -> dict[str, str]:
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


def _spelt(written: Written, family: str, key: str) -> list[str]:
    return sorted(written.get((str(family), str(key)), ()))


def _one_of_each_scope(found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Of several names in one scope the first: GitLab would show the last one sent and drop the others for ever."""
    taken: set[str | None] = set()
    kept: dict[str, list[str]] = {}
    for family, names in found.items():
        kept[family] = []
        for name in names:
            scope = scope_of(name)
            if scope is None or scope not in taken:
                kept[family].append(name)
            taken.add(scope)
    return kept


def shown_state(issue: Standing) -> str:
    """The state whose labels it carries: while the requester must answer, the one it returns to."""
    return issue.return_to if issue.state == State.NEEDS_INFO else issue.state


def scope_of(name: str) -> str | None:
    """``a`` of ``a::b``; None for a plain label."""
    scope, colons, _ = name.rpartition("::")
    return scope if colons else None


REMEMBERED = timedelta(days=14)
"""How long ago something may have been done in GitLab that a look only hears of now; as deliveries are kept."""
CLOCKS_AGREE = timedelta(seconds=5)
"""GitLab tells the time in whole seconds, and a moment ago; so small a difference says nothing."""


@dataclass(frozen=True)
class Spelling:
    """``active`` and ``foreign``: (family, name) → the keys it stands for. ``earlier``: (until when, Spelling) of the
    schemes that were active before, oldest first."""

    active: Meanings
    foreign: Meanings
    earlier: tuple[tuple[datetime, "Spelling"], ...] = ()

    @classmethod
    def read(cls, *, skew: timedelta = timedelta(0)) -> Self:
        """As the database has it. ``skew``: how far GitLab's clock is ahead of ours."""
        rows = list(SchemeLabel.objects.values_list("family", "name", "key", "scheme", "scheme__is_active"))
        skew = skew if abs(skew) > CLOCKS_AGREE else timedelta(0)
        changes = LabelSchemeChange.objects.filter(at__gte=timezone.now() - REMEMBERED).order_by("at", "pk")
        earlier = tuple(
            (at + skew, cls(*_split(rows, {scheme}))) for at, scheme in changes.values_list("at", "from_scheme")
        )
        return cls(*_split(rows, {row[3] for row in rows if row[4]}), earlier)

    def at(self, moment: datetime) -> "Spelling":
        """As labels were read at that moment: who put one on before the scheme changed meant it the old way."""
        return next((spelling for until, spelling in self.earlier if moment < until), self)

    def meaning(self, family: str, name: str) -> frozenset[str]:
        """The keys of the family that the label stands for; an empty set if it says nothing there."""
        key = (str(family), name)
        return frozenset(self.active.get(key) or self.foreign.get(key) or ())

    def states(self, names: Iterable[str]) -> frozenset[State]:
        """The states these stage and validation labels agree on, as State; empty if they name none or contradict."""
        meanings = [self.meaning(family, name) for name in names for family in (Family.STATE, Family.VALIDATION)]
        said = [{State(key) for key in meaning} for meaning in meanings if meaning]
        return frozenset(set.intersection(*said)) if said else frozenset()


def _split(rows: Iterable[tuple[Any, ...]], schemes: Collection[int]) -> tuple[Meanings, Meanings]:
    """(active, foreign) of a Spelling, where these ``schemes`` are active."""
    active: Meanings = {}
    foreign: Meanings = {}
    for row in rows:
        family, name, key = row[:3]
        (active if row[3] in schemes else foreign).setdefault((family, name), set()).add(key)
    return active, foreign


def systems_with_a_label(active: bool) -> QuerySet[SchemeLabel, tuple[str]]:
    """The systems that the active label scheme has labels for, as rows of one name; with False those of all schemes."""
    labelled = SchemeLabel.objects.filter(family=SchemeLabel.Family.SYSTEM, alias=False)
    if active:
        labelled = labelled.filter(scheme__is_active=True)
    return labelled.order_by("pk").values_list("key")
