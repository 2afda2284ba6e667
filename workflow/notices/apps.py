"""Telling people."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Nothing wakes on a change: a message waits minutes for its sitting to end, the sweep comes every ten seconds."""

    name = "workflow.notices"
    label = "notices"
    verbose_name = "Notices"
