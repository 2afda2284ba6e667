"""A queue's page: what it shows, in which order, to whom, and at what cost."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import file_request, request_at, restrict
from tests.workflow.lists.population import many, mirrored
from workflow.actions import assign, set_priority
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import GitLabLink
from workflow.models import Issue, Milestone, StageTarget
from workflow.queues import QUEUES, in_order
from workflow.states import State

MOST_QUERIES = 12


@pytest.fixture
def ops(client, cast):
    """A browser signed in as Support Operations."""
    client.force_login(cast.ops)
    return client


def numbers(response):
    return [row["number"] for row in response.context["rows"]]


@pytest.mark.parametrize("name", QUEUES)
def test_everybody_may_open_every_queue_but_that_of_the_mirror(client, cast, name):
    client.force_login(cast.requester)
    assert client.get(f"/queues/{name}/").status_code == (403 if name == "sync" else 200)


def test_an_unknown_queue_does_not_exist(ops):
    assert ops.get("/queues/holidays/").status_code == 404


def test_a_stranger_is_sent_to_sign_in(client, db):
    assert urlsplit(client.get("/queues/triage/").url).path == "/accounts/login/"


def test_a_queue_that_is_not_for_the_person_says_whose_it_is(client, cast):
    file_request(cast)
    client.force_login(cast.requester)
    response = client.get("/queues/triage/")
    assert response.context["rows"] == []
    assert "It holds requests for Support Operations." in response.content.decode()


def test_most_urgent_first_and_a_fix_without_priority_counts_as_urgent(cast):
    plain = file_request(cast, title="plain bug")
    low = set_priority(file_request(cast).pk, 4, by=cast.ops)
    fix = file_request(cast, route="fix")
    high = set_priority(file_request(cast).pk, 2, by=cast.ops)
    unhurried_fix = set_priority(file_request(cast, route="fix").pk, 3, by=cast.ops)
    assert list(in_order(Issue.objects.all())) == [fix, high, unhurried_fix, low, plain]


def test_then_whatever_has_waited_longest(cast):
    issues = many(3, cast.requester)
    Issue.objects.filter(pk=issues[2].pk).update(state_since=timezone.now() - timedelta(days=9))
    assert list(in_order(Issue.objects.all())) == [issues[2], issues[0], issues[1]]


def test_age_is_marked_once_the_stage_took_longer_than_its_target(ops, cast):
    StageTarget.objects.update_or_create(state=State.TRIAGE, defaults={"working_days": 2})
    late, fresh = many(2, cast.requester)
    Issue.objects.filter(pk=late.pk).update(state_since=timezone.now() - timedelta(days=5))
    rows = ops.get("/queues/triage/").context["rows"]
    assert [(row["number"], row["over_target"]) for row in rows] == [(late.reference, True), (fresh.reference, False)]


def test_questions_and_hand_overs_stand_apart(ops, cast):
    bug = file_request(cast)
    question, hand_over = file_request(cast, Kind.QUESTION), file_request(cast, Kind.HAND_OVER)
    assert numbers(ops.get("/queues/triage/")) == [bug.reference]
    assert numbers(ops.get("/queues/questions/")) == [question.reference, hand_over.reference]


def test_approvals_are_those_of_the_person(client, cast):
    mine = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    file_request(cast, Kind.PROPOSAL, approver=cast.standin)
    proposal = file_request(cast, Kind.PROPOSAL, approver=cast.manager)
    client.force_login(cast.manager)
    assert numbers(client.get("/queues/approvals/")) == [mine.reference, proposal.reference]


@pytest.mark.parametrize("status", GitLabLink.NEEDS_A_PERSON)
@pytest.mark.parametrize("state", [State.TRIAGE, State.COMPLETED])
def test_what_gitlab_needs_a_person_for_shows_even_when_it_ended(ops, cast, status, state):
    stuck, fine = many(2, cast.requester, state=state)
    mirrored(stuck, status)
    mirrored(fine, GitLabLink.Status.BEHIND)
    assert numbers(ops.get("/queues/sync/")) == [stuck.reference]


def test_a_restricted_request_is_neither_listed_nor_counted_for_outsiders(ops, cast):
    restrict(file_request(cast, title="Secret bug"))
    page = ops.get("/queues/triage/")
    assert page.context["rows"] == []
    assert "Secret" not in page.content.decode()
    triage = next(item for section in page.context["menu"] for item in section["items"] if item["label"] == "Triage")
    assert triage["count"] == 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("owner=me", ["mine"]),
        ("owner=nobody", ["nobodys", "feature"]),
        ("kind=feature", ["feature"]),
        ("kind=bug&owner=me", ["mine"]),
        ("priority=1", ["mine"]),
        ("priority=none", ["nobodys", "feature"]),
        ("q=purple", ["mine"]),
        ("q=purple&kind=feature", []),
        ("customer=Support", ["mine", "nobodys", "feature"]),
        ("customer=Finance", []),
        ("kind=nonsense", ["mine", "nobodys", "feature"]),
        ("priority=9999999999999999999999", ["mine", "nobodys", "feature"]),
        ("owner=%00&tracker=abc&system=%27", ["mine", "nobodys", "feature"]),
    ],
)
def test_filters_live_in_the_address(ops, cast, query, expected):
    issues = {
        "mine": file_request(cast, title="A purple one"),
        "nobodys": file_request(cast),
        "feature": file_request(cast, Kind.FEATURE),
    }
    assign(issues["mine"].pk, cast.ops, by=cast.ops)
    set_priority(issues["mine"].pk, 1, by=cast.ops)
    assert numbers(ops.get(f"/queues/triage/?{query}")) == [issues[name].reference for name in expected]


def test_the_tracker_filter_takes_a_tracker(ops, cast):
    bug = file_request(cast)
    file_request(cast, Kind.ADMINISTRATIVE)
    assert numbers(ops.get(f"/queues/triage/?tracker={bug.tracker_id}")) == [bug.reference]


def test_what_several_label_schemes_know_is_offered_once_and_in_order(ops):
    page = ops.get("/queues/triage/")
    for name in ("system", "owner", "tracker"):
        offered = [label for _, label in page.context["filters"].form.fields[name].choices][1:]
        known = offered[2:] if name == "owner" else offered
        assert known == sorted(set(known), key=str.casefold) != [], name


def test_each_filter_can_be_taken_away(ops, cast):
    applied = ops.get("/queues/triage/?kind=bug&owner=me").context["applied"]
    assert applied == [
        {"label": "Kind: Bug", "remove_url": "/queues/triage/?owner=me"},
        {"label": "Owner: Me", "remove_url": "/queues/triage/?kind=bug"},
    ]


def test_nothing_found_offers_to_clear_the_filters(ops, cast):
    file_request(cast)
    response = ops.get("/queues/triage/?q=nowhere")
    assert response.context["empty"]["action"] == {"label": "Clear the filters", "url": "/queues/triage/"}


def test_pages_are_25_long_and_lead_on(ops, cast):
    issues = many(30, cast.requester)
    first = ops.get("/queues/triage/?kind=bug")
    second = ops.get(first.context["next_url"])
    assert numbers(first) + numbers(second) == [issue.reference for issue in issues]
    assert second.context["next_url"] is None
    assert numbers(ops.get(second.context["previous_url"])) == numbers(first)


def test_the_checkbox_knows_the_version_that_was_looked_at(ops, cast):
    issue = file_request(cast)
    assert f'value="{issue.pk}.{issue.version}"' in ops.get("/queues/triage/").content.decode()


def test_only_reading_is_allowed(ops):
    assert ops.post("/queues/triage/").status_code == 405


def whole_page(client, address):
    """How many queries the page takes, session, person and menu included; asked a second time, as all day long."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert response.status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "address",
    [
        "/queues/triage/",
        "/queues/triage/?q=request&owner=nobody",
        "/queues/triage/?q=requezt",
        "/issues/",
        "/issues/?q=few&state=open&milestone=Deployment",
        "/issues/?q=requezt",
        "/issues/?q=nowhere",
    ],
)
def test_a_page_takes_as_many_queries_with_a_thousand_rows_as_with_ten(ops, cast, address):
    tracker = file_request(cast).tracker
    Milestone.objects.create(tracker=tracker, gitlab_id=1, title="Deployment")
    milestone = Milestone.objects.get()
    many(10, cast.requester, title="Few", milestone=milestone)
    few = whole_page(ops, address)
    many(990, cast.requester, title="Many", milestone=milestone)
    assert whole_page(ops, address) == few <= MOST_QUERIES


def test_a_row_tells_what_it_waits_for(ops, cast):
    issue = request_at(State.DEVELOPMENT, Kind.FEATURE, cast=cast)
    row = ops.get("/queues/development/").context["rows"][0]
    assert (row["title"], row["court"], row["owner"], row["labels"]) == (
        issue.title,
        "ops",
        cast.ops,
        [{"name": issue.milestone.title}],
    )
