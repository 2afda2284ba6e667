"""Run as a process that may die while it tells people. Its first word says what it does; it prints JSON.

``stage NAME …``: a database in which a message waits for each of these people: {name: the message's id}.
``send ID``: hand one message over. ``rest``: go on as beat and workers do until nothing is left, then press "send
again" for what nobody knows; how all stood in between, how many were unknown, how all stand at the end.
"""

import json
import os
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "supportops.settings"
django.setup()

from tests.faults import stage  # noqa: E402
from workflow.actions import comment  # noqa: E402
from workflow.notifications import delivery, preferences, routing  # noqa: E402
from workflow.notifications.models import Message  # noqa: E402

PATIENCE = 60
"""Seconds after which the process gives up on what is not done yet."""


def prepare(names):
    """A request watched by these people, a comment on it, and their messages, due at once."""
    stage.main(0)
    from supportops.accounts.models import User
    from tests.factories import file_request, person
    from tests.notifications.telling import Reason
    from workflow.notifications.models import Channel, When

    chosen = {(reason, way): When.AT_ONCE for reason in Reason for way in Channel}
    cast = type("Cast", (), {"requester": User.objects.get(username="requester")})
    issue = file_request(cast)
    for name in names:
        one = person(name, email=f"{name}@example.com")
        preferences.choose(one, chosen, begins=None, ends=None, weekends=False)
        issue.watches.create(person=one)
    comment(issue.pk, "Hello", by=cast.requester)
    routing.route_new()
    return dict(Message.objects.filter(person__username__in=names).values_list("person__username", "pk"))


def go_on():
    """Sweep as beat does until every message is sent, dropped or waits for a person; then each person's."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        routing.route_new()
        delivery.settle_interrupted()
        for pk in delivery.due_messages():
            delivery.deliver(pk)
        if not Message.objects.filter(state__in=["waiting", "sending"], parked=False).exists():
            break
        time.sleep(0.1)
    return {row.person.username: [row.state, row.parked] for row in Message.objects.select_related("person")}


def rest():
    """Both halves of what a survivor does."""
    before = go_on()
    unknown = delivery.parked_count()
    for message in Message.objects.filter(state=Message.State.UNCONFIRMED):
        message.wake()
    return [before, unknown, go_on()]


if __name__ == "__main__":
    done = {"stage": lambda: prepare(sys.argv[2:]), "send": lambda: delivery.deliver(int(sys.argv[2])), "rest": rest}
    print(json.dumps(done[sys.argv[1]]()))
