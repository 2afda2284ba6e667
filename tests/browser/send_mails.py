"""Run as a process of its own: sends the mails that are due in the portal's database, as its beat does."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportops.settings")
django.setup()

from workflow.notifications import delivery, routing  # noqa: E402 - needs the apps

if __name__ == "__main__":
    routing.route_new()
    for pk in delivery.due_messages():
        delivery.deliver(pk)
