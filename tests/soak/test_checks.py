"""That the soak's checks can fail: each finds the violation that is put there, and nothing where all is well."""

from contextlib import ExitStack
from copy import copy, deepcopy
from dataclasses import fields
from uuid import uuid4

import pytest
from django.db import transaction
from django.test.utils import override_settings

from tests.factories import Cast, answers_for, file_request, restrict, step
from tests.gitlab.sandboxed import ADMIN, GitLab
from tests.soak.checks import (
    each_comment_once,
    in_order,
    managed_fields_equal,
    one_issue_per_request,
    versions_only_grow,
)
from tests.soak.checks_of_the_story import (
    WAYS,
    lives_are_paths,
    nothing_is_stuck,
    the_audit_is_whole,
    the_restricted_stays_hidden,
)
from tests.soak.deeds_there import DeedsOnBothSides
from tests.soak.ledger import CANARY, Filed, Ledger, Said, Taken
from tests.soak.nemesis import Nemesis
from tests.soak.people import InGitLab
from tests.soak.plan import BLOWS, DEEDS, Plan
from tests.soak.watch import Watch
from tests.soak.world import World
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.gitlab.pull import look_at
from workflow.gitlab.push import push_issue
from workflow.models import Comment, Decision, Event
from workflow.verbs import Verb

CHECKS = {
    "I1": one_issue_per_request,
    "I2": each_comment_once,
    "I3": managed_fields_equal,
    "I4": versions_only_grow,
    "I5": lives_are_paths,
    "I6": the_restricted_stays_hidden,
    "I7": nothing_is_stuck,
    "I8": the_audit_is_whole,
}


class Case:
    """A small past in which all is well. ``bug``, ``approved`` and ``hidden`` are its requests."""

    def __init__(self, gitlab):
        self.cast, self.ledger, self.watch = Cast(), Ledger(), Watch()
        self.bug = self._filed(file_request(self.cast, title="Title w1z", submission=uuid4()))
        self.approved = self._filed(file_request(self.cast, Kind.ADMINISTRATIVE, route="calendly"))
        self.hidden = self._filed(restrict(file_request(self.cast, title=f"Title {CANARY}")), hidden=True)
        self._happens(gitlab)
        self.world = World(InGitLab(gitlab.url, ADMIN))
        self.watch.look()

    def _filed(self, issue, hidden=False):
        push_issue(issue.pk)
        self.ledger.file(Filed(issue.pk, "requester", issue.title, str(issue.submission), hidden))
        return issue

    def _happens(self, gitlab):
        answers = answers_for("calendly", "approver")
        step(self.approved, Verb.APPROVE, self.cast.manager, text="Yes.", answers=answers)
        self.ledger.take(Taken(self.approved.pk, "approve", "manager"))
        comment(self.bug.pk, "w2z", by=self.cast.ops)
        self.ledger.say(Said(self.bug.pk, "w2z", "ops", there=False))
        for title in ("Title w3z", "Title w4z"):
            step(self.bug, Verb.EDIT, self.cast.requester, title=title)
            push_issue(self.bug.pk)
        mirror = GitLabLink.objects.get(pk=self.bug.pk)
        place = f"/projects/{mirror.project_id}/issues/{mirror.iid}"
        note = gitlab.api("POST", f"{place}/notes", sudo="ops", body="w5z")
        self.ledger.say(Said(self.bug.pk, "w5z", "ops", there=True, note_id=note["id"]))
        gitlab.api("PUT", place, sudo="ops", add_labels="own-w6z")
        self.ledger.label(self.bug.pk, "own-w6z")
        PendingPull.ask(self.bug.pk, thorough=True)
        look_at(self.bug.pk)
        for issue in (self.bug, self.approved, self.hidden):
            push_issue(issue.pk)

    def copy(self):
        """The same past, to be spoilt."""
        other, names = copy(self), [field.name for field in fields(Ledger) if field.name != "_lock"]
        other.ledger = Ledger(**{name: deepcopy(getattr(self.ledger, name)) for name in names})
        other.world, other.watch = deepcopy(self.world), Watch()
        other.watch.versions, other.watch.events = dict(self.watch.versions), dict(self.watch.events)
        return other

    def there(self, issue):
        """Its GitLab issue, as the world has it."""
        return self.world.at(GitLabLink.objects.get(pk=issue.pk))

    def found(self, name, **how):
        """What a check says."""
        return list(CHECKS[name](self.ledger, self.world, self.watch, **how))


@pytest.fixture(scope="module")
def past(tmp_path_factory, quick_settings, django_db_setup, django_db_blocker):
    """One past for all tests, taken back at the end; each test works on a copy and is rolled back."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        gitlab = stack.enter_context(GitLab(tmp_path_factory.mktemp("soak")))
        told = {"GITLAB_URL": gitlab.url, "GITLAB_TOKEN": gitlab.bot_token, "PORTAL_URL": "https://portal.example"}
        stack.enter_context(override_settings(**told, GITLAB_TIMEOUT_SECONDS=30, GITLAB_WORDS_GRACE_SECONDS=0))
        stack.enter_context(transaction.atomic())
        yield Case(gitlab)
        transaction.set_rollback(True)


@pytest.fixture
def case(past, db):
    """A copy of the past; what is done to the database is rolled back."""
    return past.copy()


@pytest.mark.parametrize("name", CHECKS)
def test_nothing_is_found_where_all_is_well(case, name):
    assert case.found(name) == []


# The seeded violations: (check, what is said of it, how it comes about) ----------------------------------------------


def _twin(case):
    twin = deepcopy(case.there(case.bug))
    twin.issue["iid"] += 100
    case.world.issues.append(twin)


def _lost_issue(case):
    case.world.issues.remove(case.there(case.bug))


def _stranger(case):
    stranger = deepcopy(case.there(case.bug))
    stranger.issue |= {"iid": 999, "description": "By hand."}
    case.world.issues.append(stranger)


def _lost_request(case):
    case.ledger.file(Filed(999_999, "requester", "Gone", str(uuid4())))


def _lost_note(case):
    there = case.there(case.bug)
    there.notes.remove(next(note for note in there.notes if "w2z" in note["body"]))


def _doubled_note(case):
    there = case.there(case.bug)
    there.notes.append(next(note for note in there.notes if "w2z" in note["body"]))


def _lost_comment(case):
    Comment.objects.filter(body="w2z").update(body="other")


def _not_taken_in(case):
    case.there(case.bug).notes.append(_note("ops", "w9z"))
    case.ledger.say(Said(case.bug.pk, "w9z", "ops", there=True))


def _opened_there(case):
    Comment.objects.filter(body="w2z").update(internal=True)


def _opened_here(case):
    next(note for note in case.there(case.bug).notes if note["body"] == "w5z")["internal"] = True


def _note(by, body, system=False):
    return {"id": 10**9, "author": {"username": by}, "body": body, "system": system, "internal": False}


def _with(**changes):
    return lambda case: case.there(case.bug).issue.update(changes)


def _without_a_label(case):
    issue = case.there(case.bug).issue
    issue["labels"] = [name for name in issue["labels"] if not name.startswith("Stage::")]


def _without_a_foreign_label(case):
    case.there(case.bug).issue["labels"].remove("own-w6z")


def _older_after_newer(case):
    body = "changed title from **Title w4z** to **Title w3z**"
    case.there(case.bug).notes.append(_note("support-bot", body, system=True))


def _went_back(case):
    case.watch.versions[case.bug.pk] = (99, 99)
    case.watch.look()


def _event(**changes):
    def happens(case):
        last = Event.objects.filter(issue=case.bug).last()
        given = {"verb": "edit", "from_state": last.to_state, "to_state": last.to_state, "actor": case.cast.ops}
        Event.objects.create(issue=case.bug, version=99, at=last.at, **(given | changes))

    return happens


def _two_decisions(case):
    first = Decision.objects.get(round__issue=case.approved)
    Decision.objects.create(
        round=first.round, issue_requester=first.issue_requester, approver=case.cast.standin, verdict="approved",
        decided_by=case.cast.standin, decided_at=first.decided_at,
    )  # fmt: skip


def _own_approval(case):
    last = Event.objects.filter(issue=case.approved).last()
    Event.objects.create(
        issue=case.approved, verb="approve", from_state="approval", to_state="triage", actor=case.cast.requester,
        version=99, at=last.at,
    )  # fmt: skip


def _laid_open(case):
    case.there(case.hidden).issue["confidential"] = False


def _told_openly(case):
    WebhookDelivery.objects.create(key="k", event="Issue Hook", body=f"A {CANARY}")


def _still_due(case):
    case.bug.mirror.wake()


def _half_sent(case):
    GitLabLink.objects.filter(pk=case.bug.pk).update(status="behind", pushed_version=0)


def _dead_without_a_reason(case):
    OutgoingNote.objects.filter(issue=case.bug).update(parked=True, last_error="")


def _still_to_look(case):
    PendingPull.ask(case.bug.pk, thorough=False)


def _paused(case):
    Connection.load().pause("Because.")


def _event_gone(case):
    case.watch.events[10**9] = "was there"


def _event_changed(case):
    case.watch.events[min(case.watch.events)] = "was another"


def _step_lost(case):
    case.ledger.take(Taken(case.bug.pk, "accept", "ops"))


def _file_lost(case):
    case.ledger.attach(case.bug.pk, "w8z.txt")


SEEDED = [
    ("I1", "has 2 GitLab issues", _twin),
    ("I1", "has 0 GitLab issues", _lost_issue),
    ("I1", "which is no request's", _stranger),
    ("I1", "was acknowledged and is gone", _lost_request),
    ("I2", "is 0 times in GitLab", _lost_note),
    ("I2", "is 2 times in GitLab", _doubled_note),
    ("I2", "is 0 times in the portal", _lost_comment),
    ("I2", "people wrote 2 comments in GitLab, 1 are in the portal", _not_taken_in),
    ("I2", "is open in GitLab", _opened_there),
    ("I2", "is internal in GitLab and open here", _opened_here),
    ("I3", "title is 'Title w4z' here, 'Other' in GitLab", _with(title="Other")),
    ("I3", "state is 'opened' here, 'closed' in GitLab", _with(state="closed")),
    ("I3", "text is", _with(description="Wrecked")),
    ("I3", "state label is {'Stage::Triage'} here, set() in GitLab", _without_a_label),
    ("I3", "labels of people's own are gone: own-w6z", _without_a_foreign_label),
    ("I4", "GitLab was given the titles", _older_after_newer),
    ("I4", "(99, 99) was followed by", _went_back),
    ("I5", "led from triage to completed", _event(verb="validate", to_state="completed")),
    ("I5", "begins at design, but it was at triage", _event(from_state="design", to_state="design")),
    ("I5", "is at triage, its history ends at design", _event(verb="accept", to_state="design")),
    ("I5", "with 2 yes and 0 no", _two_decisions),
    ("I5", "its requester took the step", _own_approval),
    ("I6", "stands in the open GitLab issue", _laid_open),
    ("I6", "came in an open webhook", _told_openly),
    ("I7", "is still due", _still_due),
    ("I7", "is behind at 0 of", _half_sent),
    ("I7", "does not say why", _dead_without_a_reason),
    ("I7", "still has to be looked at", _still_to_look),
    ("I7", "The connection is paused", _paused),
    ("I8", "is gone", _event_gone),
    ("I8", "was changed", _event_changed),
    ("I8", "was acknowledged 1 times, is kept 0 times", _step_lost),
    ("I8", "the file w8z.txt is gone", _file_lost),
]


@pytest.mark.parametrize(("name", "said", "happens"), SEEDED, ids=[f"{n}: {s}" for n, s, _ in SEEDED])
def test_a_seeded_violation_is_found(case, name, said, happens):
    happens(case)
    assert any(said in line for line in case.found(name)), case.found(name)


def test_the_canary_is_found_in_what_people_and_machines_read(case):
    readable = [("a log", f"Saved {CANARY.upper()}"), ("a page", "Nothing")]
    assert case.found("I6", readable=readable) == [f"“{CANARY}” stands in a log."]


def test_an_approval_that_an_edit_voids_afterwards_is_no_violation(case):
    answers = [row | {"answer": "Something else"} for row in answers_for("calendly")]
    step(case.approved, Verb.EDIT, case.cast.requester, answers=answers)
    assert Decision.objects.get(round__issue=case.approved, verdict="approved").round.outcome == "voided"
    assert case.found("I5") == []


def test_a_comment_may_wait_with_an_issue_that_waits_for_a_person(case):
    OutgoingNote.objects.filter(issue=case.bug).first().wake()
    assert any("Outgoing note" in line for line in case.found("I7"))
    GitLabLink.objects.filter(pk=case.bug.pk).update(status="parked", parked=True, last_error="Decide.")
    assert case.found("I7") == []


def test_going_through_titles_forwards_only_is_in_order():
    assert in_order(["b", "b", "d"], ["a", "b", "c", "d"])
    assert not in_order(["b", "a"], ["a", "b"])


def test_the_soak_knows_every_step():
    assert {*Verb} - {"edit"} == WAYS.keys() - {"submit", "replan"}


def test_the_same_seed_is_the_same_plan():
    assert Plan(1, 600).fingerprint == Plan(1, 600).fingerprint
    assert Plan(1, 600).fingerprint != Plan(2, 600).fingerprint


def test_every_deed_and_every_blow_of_a_plan_can_be_done():
    assert {name for name in DEEDS if not callable(getattr(DeedsOnBothSides, name, None))} == set()
    assert {name for name in BLOWS if not callable(getattr(Nemesis, name, None))} == set()
