"""Known bugs, put into the running code of a test process and nowhere else: the harness must turn red with each.

``pytest -p tests.faults.seeded --seeded-bug quarantine-dropped tests/…``
"""

from contextlib import suppress
from datetime import timedelta


def quarantine_dropped():
    """An unconfirmed creation is not waited for."""
    from workflow.gitlab import converge

    converge.quarantine = lambda: timedelta(0)


def delivery_acknowledged_before_commit():
    """A webhook is answered with success first and stored afterwards, if that should work."""
    from django.db import DatabaseError, transaction

    from workflow.gitlab import webhooks

    store = webhooks._store

    def answered_first(request, text):
        with suppress(DatabaseError), transaction.atomic():
            store(request, text)
        return webhooks._answer(200, "Stored.")

    webhooks._store = answered_first


def push_acknowledged_before_it_arrived():
    """The outbox row is written off when the work begins."""
    from django.db.models import F

    from workflow.gitlab import push
    from workflow.gitlab.models import GitLabLink

    send = push._send_everything

    def written_off(run):
        run.mirror.held().update(pushed_version=F("wanted_version"), due_at=None, status=GitLabLink.Status.IN_STEP)
        try:
            send(run)
        except Exception:  # it was acknowledged: nobody hears of it any more
            run.mirror.release()

    push._send_everything = written_off


def told_before_commit():
    """A worker is woken while the transaction still runs, and for one that is rolled back."""
    from workflow.actions import signals

    class Now:
        def on_commit(self, function, robust=False):
            function()

    signals.transaction = Now()


def deduped_on_event_uuid():
    """Webhooks that share an event count as one, though a chain of them shares it (reliability.md §0.5)."""
    from workflow.gitlab import webhooks

    key = webhooks._key
    webhooks._key = lambda request, text: request.headers.get("X-Gitlab-Event-UUID") or key(request, text)


def echo_filtered_by_author_only():
    """Whatever the bot wrote is taken for the portal's own."""
    from workflow.gitlab import pull_notes

    pull_notes._own = lambda run, note: note.by.id == run.bot_id


BUGS = {
    bug.__name__.replace("_", "-"): bug
    for bug in (
        quarantine_dropped,
        delivery_acknowledged_before_commit,
        push_acknowledged_before_it_arrived,
        told_before_commit,
        deduped_on_event_uuid,
        echo_filtered_by_author_only,
    )
}


def pytest_addoption(parser):
    """Which bug."""
    parser.addoption("--seeded-bug", choices=sorted(BUGS), help="the bug this process is to have")


def pytest_collection_finish(session):
    """Put it in once the code is there, before the first test."""
    if name := session.config.getoption("--seeded-bug"):
        BUGS[name]()
