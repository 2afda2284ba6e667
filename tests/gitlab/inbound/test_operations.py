"""What waits for a person is shown with its reason, and every way out of it works and may be pressed twice."""

import pytest

from tests.factories import file_request, request_at, restrict
from tests.gitlab.inbound.looking import (
    change,
    filed,
    look,
    mirror_of,
    needing_a_person,
    note,
    path_of,
    push,
    push_later,
    shown,
    sync,
)
from tests.gitlab.pushing import minutes_after_it_was_not_found
from workflow.actions import Incomplete, Refused, comment
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.monitoring import health, keep_time
from workflow.gitlab.operations import let_go, pause, recreate, relink, resume, retry, skip
from workflow.gitlab.status import ledger_of
from workflow.models import Comment, Event, Issue
from workflow.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast, title="Views are empty")


@pytest.fixture
def orphan(cast, mirrored, bug):
    """A bug whose issue was deleted in GitLab; both sides had said something."""
    comment(bug.pk, "From here.", by=cast.requester)
    push(bug)
    note(mirrored, bug, "From there.", by="colleague")
    look(bug)
    mirrored.api("DELETE", path_of(bug))
    look(bug)
    minutes_after_it_was_not_found(bug)
    look(bug)
    return Issue.objects.get(pk=bug.pk)


def test_the_ledger_shows_every_field_as_intended_and_observed(cast, mirrored, bug):
    change(mirrored, bug, by="ops", title="Changed there")
    Connection.load().pause("test")
    rows = {row.field: row for row in ledger_of(bug).fields}
    assert (rows["Title"].intended, rows["Title"].observed, rows["Title"].agrees) == ("Views are empty",) * 2 + (True,)
    assert (rows["Stage label"].observed, rows["Confidential"].observed) == ("Stage::Triage", "No")


def test_the_ledger_shows_what_is_not_pushed_yet(cast, mirrored, bug):
    from workflow.actions import set_priority

    set_priority(bug.pk, 1, by=cast.ops)
    row = next(row for row in ledger_of(Issue.objects.get(pk=bug.pk)).fields if row.field == "Priority label")
    assert (row.intended, row.observed, row.agrees) == ("p1", "None", False)


def test_a_parked_request_is_shown_with_its_reason_to_those_who_may_see_it(cast, mirrored):
    secret = restrict(request_at(State.TRIAGE, cast=cast))
    push(secret)
    look(secret)
    change(mirrored, secret, by="ops", confidential=False)
    look(secret)
    assert needing_a_person(cast.ops) == []
    ((_, why),) = needing_a_person(secret.requester)
    assert "made visible to everyone" in why


def test_after_the_cause_is_gone_a_retry_brings_it_in_step(cast, mirrored):
    secret = restrict(request_at(State.TRIAGE, cast=cast))
    cast.ops.groups.add(secret.restricted_to)
    push(secret)
    look(secret)
    change(mirrored, secret, by="ops", confidential=False)
    look(secret)
    change(mirrored, secret, by="ops", confidential=True)
    retry(secret.pk, by=cast.ops.__class__.objects.get(pk=cast.ops.pk))
    sync(secret)
    assert mirror_of(secret).status == "in-step"


def test_a_frozen_pair_is_thawed_by_a_retry(cast, mirrored, bug):
    for number in range(6):
        change(mirrored, bug, by="colleague", title=f"Mine {number}")
        sync(bug)
    assert [number for number, _ in needing_a_person(cast.ops)] == [bug.pk]
    retry(bug.pk, by=cast.ops)
    retry(bug.pk, by=cast.ops)
    sync(bug)
    assert (shown(mirrored, bug)["title"], needing_a_person(cast.ops)) == ("Views are empty", [])


def test_a_skipped_request_is_in_step_until_its_next_change(cast, mirrored, bug):
    GitLabLink.objects.filter(pk=bug.pk).update(status="parked", parked=True, last_error="Too long.", due_at=None)
    skip(bug.pk, by=cast.ops)
    skip(bug.pk, by=cast.ops)
    assert (mirror_of(bug).status, needing_a_person(cast.ops)) == ("in-step", [])


def test_an_orphan_is_created_anew_with_its_comments(cast, mirrored, orphan):
    before = mirror_of(orphan)
    recreate(orphan.pk, by=cast.ops)
    push_later(orphan)
    push_later(orphan)
    after = mirror_of(orphan)
    assert (after.status, after.iid != before.iid) == ("in-step", True)
    assert len(mirrored.with_marker(after)) == 1
    assert [one["body"].count("From here.") for one in mirrored.notes(after)] == [1]
    sync(orphan)
    assert Comment.objects.filter(issue=orphan).count() == 2
    assert not Comment.objects.filter(issue=orphan, deleted_at__isnull=False).exists()


def test_recreating_adopts_an_issue_that_only_was_out_of_sight(cast, mirrored, bug):
    before = mirror_of(bug)
    GitLabLink.objects.filter(pk=bug.pk).update(status="orphaned", parked=True, due_at=None)
    recreate(bug.pk, by=cast.ops)
    push_later(bug)
    assert (mirror_of(bug).iid, mirror_of(bug).status) == (before.iid, "in-step")


def test_recreating_twice_creates_once(cast, mirrored, orphan):
    recreate(orphan.pk, by=cast.ops)
    with pytest.raises(Refused):
        recreate(orphan.pk, by=cast.ops)
    for _ in range(3):
        push_later(orphan)
    assert len(mirrored.with_marker(mirror_of(orphan))) == 1


def test_an_orphan_is_let_go_and_waits_no_more(cast, mirrored, orphan):
    let_go(orphan.pk, by=cast.ops)
    assert needing_a_person(cast.ops) == []
    assert Event.objects.filter(issue=orphan, verb="let-go").count() == 1


def test_an_orphan_is_relinked_to_another_issue(cast, mirrored, orphan):
    project = mirror_of(orphan).project_id
    other = mirrored.api(
        "POST", f"/projects/{project}/issues", sudo="ops", title="The same thing", description="By hand."
    )
    relink(orphan.pk, other["web_url"], by=cast.ops)
    push_later(orphan)
    now = shown(mirrored, orphan)
    assert (now["iid"], now["title"]) == (other["iid"], "Views are empty")
    assert "By hand." in now["description"]
    assert mirror_of(orphan).status == "in-step"


@pytest.mark.parametrize(
    "address", ["", "nonsense", "https://elsewhere.example/a/-/issues/1", "{url}/no/such/-/issues/1"]
)
def test_an_address_that_is_no_issue_is_refused(cast, mirrored, orphan, address):
    with pytest.raises(Incomplete):
        relink(orphan.pk, address.format(url=mirrored.url), by=cast.ops)


def test_another_requests_issue_is_refused(cast, mirrored, orphan):
    other = file_request(cast)
    push(other)
    with pytest.raises(Incomplete, match="Another request has this GitLab issue"):
        relink(orphan.pk, mirror_of(other).web_url, by=cast.ops)


@pytest.mark.parametrize("act", [retry, skip, let_go, recreate])
@pytest.mark.parametrize("who", ["requester", "manager", "admin"])
def test_only_support_operations_do_these_things(cast, mirrored, orphan, act, who):
    with pytest.raises(Refused, match="Only Support Operations"):
        act(orphan.pk, by=getattr(cast, who))


def test_a_restricted_request_is_none_for_those_who_may_not_see_it(cast, mirrored):
    secret = restrict(request_at(State.TRIAGE, cast=cast))
    with pytest.raises(Refused, match="There is no such request"):
        retry(secret.pk, by=cast.ops)


def test_pausing_stops_both_directions_and_resuming_loses_nothing(cast, mirrored, bug):
    pause("Maintenance", by=cast.ops)
    change(mirrored, bug, title="Meanwhile")
    mirrored.forget()
    look(bug)
    assert (mirrored.calls(), Connection.seen().paused) == ([], True)
    resume(by=cast.ops)
    assert (look(bug).title, Connection.seen().paused) == ("Meanwhile", False)


def test_health_counts_what_waits(cast, mirrored, bug):
    mirror_of(bug).want_push()
    found = health(cast.ops)
    assert (found.waiting, found.undone_deliveries, found.silent) == (1, 0, ())


def test_health_counts_no_request_that_a_person_may_not_know_of(cast, mirrored, bug):
    mirror_of(restrict(bug)).want_push()
    keep_time()
    hidden, known = health(cast.ops), health(cast.requester)
    assert (hidden.waiting, hidden.oldest, known.waiting) == (0, None, 1)
    assert known.oldest is not None


def test_a_look_that_failed_for_good_waits_for_a_person(cast, mirrored, bug):
    PendingPull.objects.update_or_create(pk=bug.pk, defaults={"due_at": None, "last_error": "The portal failed."})
    assert [why for _, why in needing_a_person(cast.ops)] == ["The portal failed."]
