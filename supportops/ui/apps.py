"""The app that only renders: tokens, components, template tags, form renderer, gallery."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "supportops.ui"
    label = "ui"
    verbose_name = "Design system"
