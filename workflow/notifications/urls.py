"""The inbox, and what a person wants to be told (domain.md §8)."""

from django.urls import path

from workflow.notifications import inbox

urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox-read-all"),
    path("inbox/<int:pk>/read/", inbox.read, name="inbox-read"),
    path("people/me/notices/", inbox.preferences, name="notice-preferences"),
]
