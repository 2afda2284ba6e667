"""The sync queue narrowed by what is the matter."""

import django_filters
from django.db.models import Q

from workflow.models import LinkMirror, Mirror, NoteMirror, UploadMirror
from workflow.views.filters import RequestFilter

TROUBLES = [
    ("refused", "GitLab refused it"),
    ("gone", "Gone from GitLab"),
    ("fight", "Changed back and forth"),
    ("unread", "Could not be read"),
    ("piece", "A comment, file or link"),
]


class SyncFilter(RequestFilter):
    """The filters of every queue, and what is the matter first."""

    trouble = django_filters.ChoiceFilter(
        choices=TROUBLES, label="Trouble", empty_label="Any trouble", method="by_trouble"
    )

    def __init__(self, data, queryset, *, person):
        super().__init__(data, queryset, person=person)
        others = [name for name in self.filters if name not in ("q", "trouble")]
        self.filters = {name: self.filters[name] for name in ("q", "trouble", *others)}

    def by_trouble(self, queryset, name, value):
        """Requests with this trouble; those with several are found by each."""
        return queryset.filter(_WITH[value])


_WITH = {
    "refused": Q(mirror__status=Mirror.Status.PARKED),
    "gone": Q(mirror__status=Mirror.Status.ORPHANED),
    "fight": Q(look__frozen_at__isnull=False),
    "unread": Q(look__due_at__isnull=True, look__last_error__gt=""),
    "piece": Q(pk__in=NoteMirror.objects.filter(parked=True).values("issue"))
    | Q(pk__in=UploadMirror.objects.filter(parked=True, attachment__issue__isnull=False).values("attachment__issue"))
    | Q(pk__in=LinkMirror.objects.filter(parked=True).values("link__source")),
}
