"""Afterwards: everything works again, people do what the sync queue asks of them, and all that waits is done."""

import time
from datetime import timedelta

from django.utils import timezone

from tests.soak.checks_of_the_story import nothing_is_stuck
from tests.soak.people import Away, Refused
from workflow.gitlab.models import GitLabLink, OutgoingNote, OutgoingUpload
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, Reconciliation

OPERATORS = ("federal", "ops", "lead")
LONGEST = 420
"""Seconds until what still waits is a violation: more than the longest back-off."""


class Healing:
    """Puts everything right. ``say`` prints a line."""

    def __init__(self, house, people, say):
        self.house, self.people, self._say = house, people, say

    def heal(self):
        """GitLab behaves, every process lives, the connection goes on."""
        self.house.rise_all()
        self.house.wait_for_gitlab()
        self.house.gitlab("DELETE", "/sandbox/faults")
        self.house.spoil_hooks(None)
        self.house.set_token(revoked=False)
        self.house.wait_for_web()

    def settle(self):
        """Wait until nothing waits any more; True if it came to that."""
        began = time.monotonic()
        pressed, polled, told = began - 60, began - 60, began
        quiet = 0
        while quiet < 3 and time.monotonic() - began < LONGEST:
            self.house.rise_all()
            if Connection.load().paused:
                self._resume()
            if time.monotonic() - polled > 15:
                self.house.send("workflow.gitlab.tasks.poll_gitlab")
                polled = time.monotonic()
            if time.monotonic() - pressed > 20:
                self._press_retry()
                pressed = time.monotonic()
            for task in ("workflow.gitlab.tasks.sweep_mirror", "workflow.gitlab.tasks.sweep_inbound"):
                self.house.send(task)
            time.sleep(2)
            waiting = self._waiting()
            quiet = 0 if waiting else quiet + 1
            if waiting and time.monotonic() - told > 20:
                told = time.monotonic()
                self._say(f"{len(waiting)} things wait; the first: {waiting[0]}")
        self._say(f"Settled after {time.monotonic() - began:.0f} s." if quiet >= 3 else "It did not settle.")
        return quiet >= 3

    def compare(self):
        """Have everything compared with GitLab, as every night; the finished Reconciliation, or None."""
        since, until = timezone.now(), time.monotonic() + LONGEST
        Reconciliation.objects.filter(scope="all", finished_at=None).update(finished_at=since)
        while time.monotonic() < until:
            self.house.send("workflow.gitlab.tasks.reconcile_gitlab", "all")
            time.sleep(3)
            done = Reconciliation.objects.filter(scope="all", started_at__gte=since, finished_at__isnull=False).first()
            if done:
                return done
        return None

    def _waiting(self):
        idle = self.house.gitlab("GET", "/sandbox/hooks")["idle"]
        return nothing_is_stuck(None, None, None) + ([] if idle else ["GitLab still has webhooks to send."])

    def _resume(self):
        self._press("/queues/sync/", "/sync/resume/", ("ops",))

    def _press_retry(self):
        """On every request that waits for a person, or would wait longer than a person likes."""
        soon = timezone.now() + timedelta(seconds=20)
        numbers = {
            *GitLabLink.objects.filter(parked=True).values_list("pk", flat=True),
            *GitLabLink.objects.filter(due_at__gt=soon).values_list("pk", flat=True),
            *OutgoingNote.objects.filter(parked=True).values_list("issue_id", flat=True),
            *OutgoingUpload.objects.filter(parked=True).values_list("attachment__issue_id", flat=True),
            *PendingPull.objects.filter(frozen_at__isnull=False).values_list("pk", flat=True),
            *PendingPull.objects.filter(due_at=None).exclude(last_error="").values_list("pk", flat=True),
            *PendingPull.objects.filter(due_at__gt=soon).values_list("pk", flat=True),
        }
        for number in sorted(numbers - {None}):
            self._press(f"/issues/{number}/sync/", f"/issues/{number}/sync/retry/", OPERATORS)

    def _press(self, page, button, people):
        for by in people:
            try:
                form = self.people[by].get(page).form_to(button)
                if form is not None:
                    self.people[by].post(button, form.given)
                    return
            except (Away, Refused) as error:
                self._say(f"{button}: {error}")
