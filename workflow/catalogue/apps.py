"""What can be asked: the catalogue."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "workflow.catalogue"
    label = "catalogue"
    verbose_name = "Catalogue"
