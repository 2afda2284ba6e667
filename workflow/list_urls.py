"""Addresses of lists, queues and what stands around them (domain.md §8)."""

from django.urls import path

from workflow.views import (
    bulk,
    connection,
    health,
    inbox,
    label_schemes,
    lists,
    menu,
    metrics,
    mine,
    queues,
    reports,
    telling,
)

urlpatterns = [
    path("mine/", mine.mine, name="mine"),
    path("issues/", lists.issues, name="issues"),
    path("queues/<slug:name>/", queues.queue, name="queue"),
    path("queues/<slug:name>/bulk/", bulk.bulk, name="bulk"),
    path("sync/pause/", connection.pause, name="sync-pause"),
    path("sync/resume/", connection.resume, name="sync-resume"),
    path("sync/retry/", connection.retry_all, name="sync-retry"),
    path("sync/labels/", label_schemes.schemes, name="label-schemes"),
    path("sync/labels/<int:pk>/", label_schemes.scheme, name="label-scheme"),
    path("sync/labels/<int:pk>/change/", label_schemes.change, name="change-labels"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox-read-all"),
    path("inbox/<int:pk>/read/", inbox.read, name="inbox-read"),
    path("people/me/notices/", telling.preferences, name="notice-preferences"),
    path("reports/", reports.reports, name="reports"),
    path("menu/", menu.refreshed, name="menu"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
