"""The people, and the administration site they may work in."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.contrib.auth.signals import user_logged_in
from django.core.management import call_command
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    default = True
    name = "supportops.accounts"
    label = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        """Every migration leaves the groups with the permissions that ops need in the administration; signing in tells
        a person's time zone."""
        from supportops.accounts.admin_groups import grant_after_migration
        from supportops.accounts.time_zones import learn_from_browser

        post_migrate.connect(make_room_for_limits, sender=self, dispatch_uid="make_room_for_limits")
        post_migrate.connect(grant_after_migration, sender=self, dispatch_uid="grant_admin_permissions")
        user_logged_in.connect(learn_from_browser, dispatch_uid="learn_from_browser")


def make_room_for_limits(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Receives post_migrate: the table in which the limits of sign-in are counted is there, where there is one."""
    call_command("createcachetable", database=using, verbosity=0)


class AdministrationConfig(admin.AdminConfig):
    """Stands in INSTALLED_APPS instead of ``django.contrib.admin``."""

    default = False
    default_site = "supportops.accounts.admin_site.Administration"
