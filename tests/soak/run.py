"""The soak itself: begins, lets people and the nemesis work, heals, checks, tells."""

import threading
import time
import traceback
from collections import Counter

from django.db import connections

from tests.soak import checks, checks_of_the_story
from tests.soak.checks_of_the_story import dead, the_restricted_stays_hidden
from tests.soak.deeds_there import DeedsOnBothSides
from tests.soak.healing import Healing
from tests.soak.ledger import AVIARY, DONE, REFUSED, UNKNOWN, Ledger
from tests.soak.nemesis import Nemesis
from tests.soak.people import AT_THE_PORTAL, OUTSIDER, AtThePortal, Away, InGitLab, Refused
from tests.soak.watch import Watch
from tests.soak.world import World

HANDS = 3
"""How many people do something at the same time."""
CHECKS = {
    "I1": checks.one_issue_per_request,
    "I2": checks.each_comment_once,
    "I3": checks.managed_fields_equal,
    "I4": checks.versions_only_grow,
    "I5": checks_of_the_story.lives_are_paths,
    "I7": checks_of_the_story.nothing_is_stuck,
    "I8": checks_of_the_story.the_audit_is_whole,
}


class Soak:
    """One run of a plan in a house. ``violations`` is what it found, by check."""

    def __init__(self, house, plan, *, rate, say):
        self.house, self.plan, self._rate, self._say = house, plan, rate, say
        self.ledger, self.watch, self.nemesis = Ledger(), Watch(), Nemesis(house, plan.blows)
        self.people = {name: AtThePortal(house.url, name, self.ledger) for name in AT_THE_PORTAL}
        self.gitlab = InGitLab(house.gitlab_url)
        self.violations, self.broken, self.compared = {}, [], None

    def run(self):
        """All of it; returns whether nothing was violated."""
        self._work()
        self._say("Healing.")
        healing = Healing(self.house, self.people, self._say)
        healing.heal()
        healing.settle()
        healing.compare()  # finds and heals what no webhook tells of
        healing.settle()
        self.compared = healing.compare()
        self.watch.look()
        self.watch.end()
        self._check()
        return not any(self.violations.values()) and not self.broken

    # People and the nemesis -------------------------------------------------------------------------------------------

    def _work(self):
        self._deeds, self._choosing, self._began = self.plan.deeds(), threading.Lock(), time.monotonic()
        does = DeedsOnBothSides(self.people, self.ledger, self.gitlab)
        hands = [threading.Thread(target=self._hand, args=(does,), name=f"hand-{n}") for n in range(HANDS)]
        for thread in (*hands, self.watch, self.nemesis):
            thread.start()
        for hand in hands:
            hand.join()
        self.nemesis.end()

    def _hand(self, does):
        while (deed := self._next()) is not None:
            self.ledger.count(deed.name, self._outcome(does, deed))
        connections.close_all()

    def _next(self):
        """The next deed when its time has come, not more of them in a second than the rate; None when all is over."""
        with self._choosing:
            deed = next(self._deeds)
            time.sleep(max(0, self._began + deed.number / self._rate - time.monotonic()))
        return deed if time.monotonic() - self._began < self.plan.seconds else None

    def _outcome(self, does, deed):
        try:
            does.do(deed)
        except Refused as refused:
            self.ledger.hear_no(str(refused).partition(" at /")[0])
            return REFUSED
        except Away:
            return UNKNOWN
        except Exception:  # a fault of the soak's own; it is told, and the others go on
            self.broken.append(f"{deed}\n{traceback.format_exc()}")
            connections.close_all()
            return UNKNOWN
        return DONE

    # What came of it --------------------------------------------------------------------------------------------------

    def _check(self):
        world = World(self.gitlab)
        self._say(f"Checking {len(world.issues)} GitLab issues.")
        for name, check in CHECKS.items():
            self.violations[name] = list(check(self.ledger, world, self.watch))
        self.violations["I6"] = the_restricted_stays_hidden(self.ledger, world, self.watch, readable=self._readable())
        self.violations["pages"] = list(self.ledger.failed_pages)
        self.violations["processes"] = list(self.house.fallen)
        if self.compared is None or self.compared.drifted or self.compared.missing or self.compared.twins:
            found = self.compared and (self.compared.findings, self.compared.missing, self.compared.twins)
            self.violations["I3"].append(f"The last comparison was not clean: {found}")
        connections.close_all()

    def _readable(self):
        """Everything that somebody outside may read: pages as the outsider, mails, logs."""
        yield from self.house.logs()
        for mail in (self.house.folder / "var" / "mail").glob("*"):
            yield f"the mail {mail.name}", mail.read_text(errors="replace")
        person = self.people[OUTSIDER]
        lists = ("/", "/mine/", "/issues/", f"/issues/?q={AVIARY}", "/issues/?format=csv", "/inbox/", "/reports/",
                 "/queues/triage/", "/menu/", "/metrics", f"/new/bug/similar/?title={AVIARY}", "/guide/")  # fmt: skip
        hidden = [f"/issues/{number}/{part}" for number in self.ledger.numbers(hidden=True) for part in ("", "sync/")]
        for path in (*lists, *hidden):
            status, text = person.text(path)
            yield f"{path} ({status}) for {OUTSIDER}", text

    def report(self):
        """Lines that say what was done, what went wrong, what was checked, and what was found."""
        done = Counter()
        for (_, outcome), times in self.ledger.deeds.items():
            done[outcome] += times
        yield f"Operations: {sum(done.values())} ({_counted(done)})"
        for name in sorted({name for name, _ in self.ledger.deeds}):
            ended = {outcome: self.ledger.deeds[name, outcome] for outcome in (DONE, REFUSED, UNKNOWN)}
            yield f"  {name}: {_counted(Counter(ended))}"
        if self.ledger.silences:
            yield f"  pages that did not answer, or not well: {_counted(self.ledger.silences)}"
        yield f"  why refused: {_counted(self.ledger.refusals)}"
        yield f"Faults: {sum(self.nemesis.counts.values())} ({_counted(self.nemesis.counts)})"
        if self.nemesis.missed:
            yield f"  could not be done, because something was away: {_counted(self.nemesis.missed)}"
        filed, said, waiting = len(self.ledger.filed), len(self.ledger.said), dead()
        yield f"Checked: {filed} requests, {said} comments, {len(self.watch.events)} events"
        yield f"Waiting for a person, with a reason: {len(waiting)}"
        yield from (f"  {line}" for line in waiting)
        for name, found in sorted(self.violations.items()):
            yield f"{name}: {'holds' if not found else f'{len(found)} VIOLATIONS'}"
            yield from (f"  {line}" for line in found[:40])
        yield from (f"The soak itself failed at {line}" for line in self.broken[:5])


def _counted(counter):
    return ", ".join(f"{times} {name}" for name, times in sorted(counter.items()) if times) or "none"
