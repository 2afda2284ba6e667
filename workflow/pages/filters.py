"""Filters of the lists; all of them live in the address, so that a view can be bookmarked and sent on."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, cast

import django_filters
from django import forms
from django.db.models import F, QuerySet, Value
from django.http import QueryDict

from supportops.accounts.models import Division, User
from supportops.statements import Statement
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Tracker
from workflow.catalogue.systems import systems_known
from workflow.models import Milestone
from workflow.models.querysets import IssueQuerySet
from workflow.search import search
from workflow.states import ENDED, Priority, State

ANYONE = "Anyone"
LIST_ORDER = (
    "q",
    "state",
    "kind",
    "priority",
    "owner",
    "tracker",
    "milestone",
    "system",
    "customer",
    "mine",
    "watching",
)


class WordsField(forms.CharField):
    """What is looked for; signs no database takes are dropped rather than refused."""

    def to_python(self, value: str | None) -> str:
        """The text without NUL."""
        return super().to_python((value or "").replace("\x00", " ")) or ""


class WordsFilter(django_filters.CharFilter):
    """Full-text search, or the number itself."""

    field_class = WordsField

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Nothing asked, nothing filtered."""
        return search(cast(IssueQuerySet, queryset), value) if value else queryset


class RequestFilter(django_filters.FilterSet):
    """What every list of requests can be narrowed by."""

    q = WordsFilter(label="Words", widget=forms.TextInput(attrs={"type": "search"}))
    kind = django_filters.ChoiceFilter(choices=Kind.choices, label="Kind", empty_label="Any kind")
    priority = django_filters.ChoiceFilter(
        choices=[*Priority.choices, ("none", "None")],
        label="Priority",
        empty_label="Any priority",
        method="by_priority",
    )
    owner = django_filters.ChoiceFilter(choices=(), label="Owner", empty_label=ANYONE, method="by_owner")
    tracker = django_filters.ChoiceFilter(choices=(), label="Tracker", empty_label="Any tracker")
    system = django_filters.ChoiceFilter(choices=(), label="System", empty_label="Any system")
    customer = django_filters.ChoiceFilter(choices=Division.choices, label="Customer", empty_label="Any division")

    def __init__(self, data: QueryDict, queryset: IssueQuerySet, *, person: User) -> None:
        super().__init__(data, queryset)
        self.person = person
        known = _known_choices()
        others = [(pk, name) for pk, name in known["owner"] if pk != person.pk]
        self._offer("owner", [("me", "Me"), ("nobody", "Nobody yet"), *others])
        self._offer("system", dict.fromkeys((name, name) for _, name in known["system"]))
        self._offer("tracker", known["tracker"])
        if "milestone" in self.filters:
            self._offer("milestone", dict.fromkeys((title, title) for _, title in known["milestone"]))

    @property
    def qs(self) -> IssueQuerySet:
        """The requests that are left."""
        return cast(IssueQuerySet, super().qs)

    def _offer(self, name: str, choices: Iterable[tuple[int | str, str]]) -> None:
        self.filters[name].extra["choices"] = [(str(value), label) for value, label in choices]

    def by_owner(self, queryset: IssueQuerySet, name: str, value: str) -> IssueQuerySet:
        """Me, nobody, or a member of Support Operations."""
        if value == "nobody":
            return queryset.filter(assignee__isnull=True)
        return queryset.filter(assignee=self.person.pk if value == "me" else int(value))

    def by_priority(self, queryset: IssueQuerySet, name: str, value: str) -> IssueQuerySet:
        """One priority, or none at all."""
        return queryset.filter(priority__isnull=True) if value == "none" else queryset.filter(priority=value)

    def words(self) -> str:
        """What is looked for, as text."""
        return self.form.cleaned_data.get("q", "") if self.form.is_valid() else ""

    def applied(self) -> list[tuple[str, str, str]]:
        """[(name, label, words)] of every filter that is on."""
        if not self.is_bound:
            return []
        self.form.is_valid()
        return [
            (name, str(field.label), self._in_words(field, self.form.cleaned_data[name]))
            for name, field in self.form.fields.items()
            if self.form.cleaned_data.get(name) not in (None, "", False)
        ]

    def _in_words(self, field: forms.Field, value: bool | str) -> str:
        labels: dict[str, str] = dict(getattr(field, "choices", ()))
        return labels.get(str(value), "" if value is True else str(value))


def _known_choices() -> dict[str, list[tuple[int, str]]]:
    """{filter: [(id, what it is called)]} of whatever changes, in the order of lists; read by one statement."""
    found: dict[str, list[tuple[int, str]]] = {"owner": [], "tracker": [], "milestone": [], "system": []}
    for name, pk, first, last, what in _CHOICES.rows():
        if words := f"{first} {last}".strip() or name:
            found[what].append((pk, words))
    for choices in found.values():
        choices.sort(key=lambda choice: choice[1].casefold())
    return found


def _everything_to_choose() -> QuerySet[Any, Any]:
    """(name, id, first name, last name, the filter it is for)."""
    owners = User.objects.ops().order_by().values_list("username", "pk", "first_name", "last_name", Value("owner"))
    others = {
        "tracker": Tracker.objects.values_list("name"),
        "milestone": Milestone.objects.open().values_list("title"),
    }
    named = [*others.items(), *(("system", names) for names in systems_known())]
    return owners.union(
        *(
            names.order_by().annotate(id_=F("pk"), first=Value(""), last=Value(""), what=Value(what))
            for what, names in named
        ),
        all=True,
    )


_CHOICES = Statement("choices", _everything_to_choose)


class ListFilter(RequestFilter):
    """Filters of the list of everything."""

    state = django_filters.ChoiceFilter(
        choices=[("open", "All open"), ("ended", "All ended"), *State.choices],
        label="State",
        empty_label="Any state",
        method="by_state",
    )
    mine = django_filters.BooleanFilter(label="Filed by me", method="by_me", widget=forms.CheckboxInput)
    watching = django_filters.BooleanFilter(label="Watched by me", method="by_watch", widget=forms.CheckboxInput)
    milestone = django_filters.ChoiceFilter(
        choices=(), label="Milestone", empty_label="Any milestone", field_name="milestone__title"
    )

    def __init__(self, data: QueryDict, queryset: IssueQuerySet, *, person: User) -> None:
        super().__init__(data, queryset, person=person)
        self.filters = OrderedDict((name, self.filters[name]) for name in LIST_ORDER)

    def by_state(self, queryset: IssueQuerySet, name: str, value: str) -> IssueQuerySet:
        """One state, or all open or ended ones."""
        if value == "open":
            return queryset.open()
        return queryset.filter(state__in=sorted(ENDED) if value == "ended" else [value])

    def by_me(self, queryset: IssueQuerySet, name: str, value: bool) -> IssueQuerySet:
        """What the person filed."""
        return queryset.filter(requester=self.person) if value else queryset

    def by_watch(self, queryset: IssueQuerySet, name: str, value: bool) -> IssueQuerySet:
        """What the person watches."""
        return queryset.filter(watches__person=self.person) if value else queryset
