"""The ledger of one request on its page, and the ways out of what is stuck."""

import re

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import file_request, restrict
from tests.gitlab.inbound.looking import filed, mirror_of, note, path_of, push, push_later
from tests.gitlab.inbound.looking import look as look_at_gitlab
from tests.gitlab.pages.ledgers import refused_bug, stuck, text_of
from tests.gitlab.pushing import minutes_after_it_was_not_found
from tests.workflow.pages.test_hostile_text import CORPUS, assert_harmless
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.models import Issue

MOST_QUERIES = 13
"""Five of the session, the person, the roles, who is away, the menu with its banner; the request with its mirror; five
of the block's surroundings, which a request in step needs not; labels, what hangs on it, and its deliveries."""
IN_STEP_QUERIES = 9
OPERATIONS = ("retry", "skip", "let-go", "recreate", "relink")


@pytest.fixture
def bug(cast):
    """A bug whose last change GitLab refused."""
    return refused_bug(cast)


# The page ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["requester", "colleague", "manager", "ops", "lead", "admin"])
def test_everybody_who_sees_the_request_reads_its_ledger(visit, cast, bug, role):
    page = text_of(visit(getattr(cast, role)).get(bug, "sync"))

    assert "GitLab answered 403." in page
    assert re.search(r"Title</th><td>.*Differs.*</td><td>As it should be</td><td>As it was</td>", page)


@pytest.mark.parametrize(("role", "offered"), [("requester", False), ("manager", False), ("ops", True), ("lead", True)])
def test_the_ways_out_are_offered_to_support_operations(visit, cast, bug, role, offered):
    page = text_of(visit(getattr(cast, role)).get(bug, "sync"))

    assert [f"/issues/{bug.pk}/sync/{way}/" in page for way in ("retry", "skip", "relink")] == [offered] * 3


@pytest.mark.parametrize(
    ("fields", "ways"),
    [
        ({}, {"retry", "skip", "relink"}),
        ({"status": "in-step", "parked": False, "last_error": ""}, {"retry", "relink"}),
        ({"status": "orphaned"}, {"recreate", "let-go", "relink"}),
        ({"status": "orphaned", "parked": False}, {"recreate", "relink"}),
    ],
)
def test_only_what_fits_how_it_stands_is_offered(visit, cast, bug, fields, ways):
    stuck(bug, **fields)

    page = text_of(visit(cast.ops).get(bug, "sync"))

    assert set(re.findall(rf'action="/issues/{bug.pk}/sync/([\w-]+)/"', page)) == ways


def test_what_is_not_in_gitlab_yet_is_listed_with_its_error(visit, cast, bug):
    said = comment(bug.pk, "Seen here too", by=cast.requester)
    OutgoingNote.objects.filter(comment=said).update(parked=True, due_at=None, last_error="Too long for GitLab.")

    page = text_of(visit(cast.requester).get(bug, "sync"))

    assert "Too long for GitLab." in page
    assert "Waits for a person" in page


@pytest.mark.parametrize(("role", "seen"), [("requester", False), ("ops", True)])
def test_internal_comments_stay_unmentioned_to_others(visit, cast, bug, role, seen):
    said = comment(bug.pk, "Between us", by=cast.ops, internal=True)
    OutgoingNote.objects.filter(comment=said).update(parked=True, due_at=None, last_error="Not for everybody.")
    WebhookDelivery.objects.create(key="one", event="Confidential Note Hook", body="{}", issue=bug)

    page = text_of(visit(getattr(cast, role)).get(bug, "sync"))

    assert ("Not for everybody." in page, "An internal comment" in page) == (seen, seen)


def test_recent_deliveries_say_what_they_led_to(visit, cast, bug):
    outcome = f"Look at {bug.reference}"
    WebhookDelivery.objects.create(key="one", event="Issue Hook", body="{}", issue=bug, outcome=outcome)
    WebhookDelivery.objects.create(key="two", event="Note Hook", body="{}", issue=bug, due_at=timezone.now())

    page = text_of(visit(cast.requester).get(bug, "sync"))

    assert re.search(r"The issue changed</td><td>GitLab was read again", page)
    assert re.search(r"A comment</td><td>Not read yet", page)


def test_a_request_without_a_tracker_is_not_in_gitlab(visit, cast):
    issue = file_request(cast, Kind.QUESTION)

    page, pressed = visit(cast.ops).get(issue, "sync"), visit(cast.ops).post(issue, "sync/retry")

    assert (page.status_code, "Not kept in GitLab" in text_of(page), pressed.status_code) == (200, True, 403)


def test_the_panel_of_the_request_leads_to_the_ledger(visit, cast, bug):
    assert f'href="/issues/{bug.pk}/sync/"' in text_of(visit(cast.requester).get(bug))


def test_the_page_takes_as_many_queries_however_much_hangs_on_it(visit, cast, bug):
    visitor = visit(cast.ops)
    visitor.get(bug, "sync")

    counted = []
    for _ in range(2):
        with CaptureQueriesContext(database) as queries:
            visitor.get(bug, "sync")
        counted.append(len(queries))
        for number in range(3):
            comment(bug.pk, f"Comment {number}", by=cast.requester)
            WebhookDelivery.objects.create(key=f"{len(counted)}{number}", event="Note Hook", body="{}", issue=bug)

    assert counted[0] == counted[1] <= MOST_QUERIES


def test_a_request_in_step_takes_even_fewer(visit, cast, bug):
    stuck(bug, status="in-step", parked=False, last_error="", pushed_version=F("wanted_version"))
    visitor = visit(cast.ops)
    visitor.get(bug, "sync")

    with CaptureQueriesContext(database) as queries:
        page = text_of(visitor.get(bug, "sync"))

    assert "Field by field" in page
    assert len(queries) <= IN_STEP_QUERIES


def test_what_was_skipped_is_not_said_to_be_the_same(visit, cast, bug):
    GitLabLink.objects.filter(pk=bug.pk).update(
        last_synced={"fields": {"title": "As it was", "block": "What GitLab was sent before"}}
    )
    visit(cast.ops).post(bug, "sync/skip")

    page = text_of(visit(cast.requester).get(bug, "sync"))

    assert re.search(r"Description</th><td>.*Differs.*</td><td>As written here</td><td>Older, or changed", page)


@pytest.mark.parametrize("evil", CORPUS)
def test_no_text_runs_on_the_ledger(visit, cast, evil):
    issue = stuck(
        file_request(cast, title=evil),
        last_error=evil,
        web_url="javascript:alert(1)",
        last_synced={
            "fields": {"title": evil, "state": evil, "labels": {"type": [evil]}, "due_date": evil},
        },
    )
    said = comment(issue.pk, evil, by=cast.requester)
    OutgoingNote.objects.filter(comment=said).update(parked=True, last_error=evil)
    PendingPull.objects.update_or_create(pk=issue.pk, defaults={"last_error": evil})
    WebhookDelivery.objects.create(key="evil", event=evil[:80], body="{}", issue=issue, outcome=evil)

    assert_harmless(visit(cast.ops).get(issue, "sync"))
    assert_harmless(visit(cast.ops).post(issue, "sync/relink", address=evil))


# The order of checks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("role", "status"), [("requester", 403), ("manager", 403), ("admin", 403)])
def test_who_is_not_of_support_operations_is_refused(visit, cast, bug, operation, role, status):
    before = GitLabLink.objects.values().get(pk=bug.pk)

    answer = visit(getattr(cast, role)).post(bug, f"sync/{operation}")

    assert (answer.status_code, GitLabLink.objects.values().get(pk=bug.pk)) == (status, before)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_hidden_request_is_not_found_even_by_support_operations(visit, cast, operation):
    issue = restrict(file_request(cast))

    assert visit(cast.ops).post(issue, f"sync/{operation}").status_code == 404
    assert visit(cast.ops).get(issue, "sync").status_code == 404


def test_an_unknown_operation_is_not_found(visit, cast, bug):
    assert visit(cast.ops).post(bug, "sync/explode").status_code == 404


@pytest.mark.parametrize("operation", ["let-go", "recreate"])
def test_what_is_not_gone_is_neither_let_go_nor_created_anew(visit, cast, bug, operation):
    answer = visit(cast.ops).post(bug, f"sync/{operation}")

    assert (answer.status_code, "is not gone" in text_of(answer)) == (403, True)


@pytest.mark.parametrize("address", ["", "  ", "https://elsewhere.example/a/-/issues/1", "nonsense"])
def test_an_address_that_is_none_of_gitlab_is_said_at_the_field(visit, cast, bug, address):
    answer = visit(cast.ops).post(bug, "sync/relink", address=address)

    assert (answer.status_code, 'aria-invalid="true"' in text_of(answer)) == (422, True)


# The operations ------------------------------------------------------------------------------------------------------


def test_a_retry_makes_it_due_and_says_so(visit, cast, bug):
    answer = visit(cast.ops).post(bug, "sync/retry")

    assert (answer.status_code, answer["Location"]) == (302, f"/issues/{bug.pk}/sync/")
    assert "It is tried again now." in text_of(visit(cast.ops).get(bug, "sync"))
    assert (mirror_of(bug).parked, mirror_of(bug).due_at is None) == (False, False)


def test_a_skip_leaves_gitlab_as_it_is(visit, cast, bug):
    answer = visit(cast.ops).post(bug, "sync/skip")

    assert (answer.status_code, mirror_of(bug).status, mirror_of(bug).parked) == (302, "in-step", False)


def test_a_late_skip_stops_nothing_that_goes_on_by_itself(visit, cast, bug):
    visit(cast.ops).post(bug, "sync/retry")

    answer = visit(cast.ops).post(bug, "sync/skip")

    assert (answer.status_code, PendingPull.objects.get(pk=bug.pk).due_at is None) == (302, False)


def test_letting_go_may_be_pressed_twice(visit, cast, bug):
    stuck(bug, status="orphaned")

    answers = [visit(cast.ops).post(bug, "sync/let-go").status_code for _ in range(2)]

    assert (answers, mirror_of(bug).status, mirror_of(bug).parked) == ([302, 302], "orphaned", False)


def test_a_deleted_issue_is_created_anew_from_the_page(visit, cast, mirrored):  # noqa: F811
    issue = filed(cast, title="Views are empty")
    note(mirrored, issue, "From there.", by="colleague")
    before = mirror_of(issue)
    mirrored.api("DELETE", path_of(issue))
    look_at_gitlab(issue)
    minutes_after_it_was_not_found(issue)
    look_at_gitlab(issue)

    answer = visit(cast.ops).post(issue, "sync/recreate")
    push_later(issue)
    push_later(issue)

    after = mirror_of(issue)
    assert (answer.status_code, after.status, after.iid != before.iid) == (302, "in-step", True)


def test_another_gitlab_issue_is_linked_from_the_page(visit, cast, mirrored):  # noqa: F811
    issue = filed(cast, title="Views are empty")
    place = path_of(issue).rsplit("/", 1)[0]
    other = mirrored.api("POST", place, sudo="ops", title="The other one")

    answer = visit(cast.ops).post(issue, "sync/relink", address=other["web_url"])
    push(issue)

    assert (answer.status_code, mirror_of(issue).iid) == (302, other["iid"])
    assert "Views are empty" in text_of(visit(cast.requester).get(issue, "sync"))


def test_an_issue_that_another_request_has_is_not_linked(visit, cast, mirrored):  # noqa: F811
    first, second = filed(cast), filed(cast)

    answer = visit(cast.ops).post(first, "sync/relink", address=mirror_of(second).web_url)

    assert (answer.status_code, "Another request has this GitLab issue already." in text_of(answer)) == (422, True)


def test_the_ledger_agrees_once_gitlab_has_taken_everything(visit, cast, mirrored):  # noqa: F811
    page = text_of(visit(cast.requester).get(filed(cast, title="Views are empty"), "sync"))

    assert "Differs" not in page
    assert re.search(r"Title</th><td>Same</td><td>Views are empty</td><td>Views are empty</td>", page)


def test_what_was_let_go_waits_for_nobody(client, visit, cast, bug):
    stuck(bug, status="orphaned")
    visit(cast.ops).post(bug, "sync/let-go")

    for place in ("", "sync"):
        page = text_of(visit(cast.requester).get(bug, place))
        assert "The GitLab issue is gone, and the request goes on without one" in page
        assert "Needs a person" not in page
    client.force_login(cast.ops)
    assert bug.title not in text_of(client.get("/queues/sync/"))


def test_the_request_itself_is_not_changed_by_a_retry(visit, cast, bug):
    before = Issue.objects.values("version", "state", "updated_at").get(pk=bug.pk)

    visit(cast.ops).post(bug, "sync/retry")

    assert Issue.objects.values("version", "state", "updated_at").get(pk=bug.pk) == before
