"""Addresses of the shell around the apps: the menu's refresh, and what machines ask (domain.md §8)."""

from django.urls import path

from supportops.portal import health, menu, metrics

urlpatterns = [
    path("menu/", menu.refreshed, name="menu"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
