"""The sync queue: what is the matter, alarms, the same for many; and the connection to GitLab."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supportops.portal.watch import watch
from tests.factories import file_request, restrict
from tests.gitlab.inbound.looking import mirror_of
from tests.gitlab.pages.ledgers import refused_bug, stuck, text_of
from tests.workflow.pages.test_hostile_text import CORPUS, assert_harmless
from workflow.actions import comment
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.alarms import Alarm
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull


@pytest.fixture
def bug(cast):
    """A bug whose last change GitLab refused."""
    return refused_bug(cast)


# The queue -----------------------------------------------------------------------------------------------------------


def listed(client, **query):
    """Titles of the rows of the sync queue."""
    return sorted(row["title"] for row in client.get("/queues/sync/", query).context["rows"])


@pytest.fixture
def troubles(client, cast):
    """A request with each trouble, titled with its name; ``client`` is signed in as ops."""
    client.force_login(cast.ops)
    issues = {name: file_request(cast, title=name) for name in ("refused", "gone", "fight", "unread", "piece")}
    stuck(issues["refused"], last_error="GitLab answered 403.")
    stuck(issues["gone"], status="orphaned", last_error="It was deleted.", iid=78)
    PendingPull.objects.create(pk=issues["fight"].pk, frozen_at=timezone.now())
    PendingPull.objects.create(pk=issues["unread"].pk, last_error="The portal failed.")
    said = comment(issues["piece"].pk, "Seen here too", by=cast.requester)
    OutgoingNote.objects.filter(comment=said).update(parked=True, due_at=None, last_error="Too long for GitLab.")
    return issues


def test_every_trouble_stands_in_the_queue_with_its_reason_and_leads_to_the_ledger(client, troubles):
    rows = {row["title"]: row for row in client.get("/queues/sync/").context["rows"]}

    assert {name: row["note"] for name, row in rows.items()} == {
        "refused": "GitLab answered 403.",
        "gone": "It was deleted.",
        "fight": "The two sides changed the same thing back and forth.",
        "unread": "The portal failed.",
        "piece": "A comment: Too long for GitLab.",
    }
    assert {name: row["url"] for name, row in rows.items()} == {
        name: f"/issues/{issue.pk}/sync/" for name, issue in troubles.items()
    }


@pytest.mark.parametrize("trouble", ["refused", "gone", "fight", "unread", "piece"])
def test_the_queue_is_narrowed_by_trouble(client, troubles, trouble):
    assert listed(client, trouble=trouble) == [trouble]


def test_selected_requests_are_tried_again(client, troubles):
    keys = [f"{troubles[name].pk}.1" for name in ("refused", "fight", "unread", "piece")]

    page = client.post("/queues/sync/bulk/", {"verb": "retry", "selected": keys}, follow=True)

    assert [row["done"] for row in page.context["rows"]] == [True] * 4
    assert listed(client) == ["gone"]


def test_selected_requests_are_skipped(client, troubles):
    keys = [f"{issue.pk}.1" for issue in troubles.values()]

    client.post("/queues/sync/bulk/", {"verb": "skip", "selected": keys}, follow=True)

    assert listed(client) == ["gone"]


def test_no_other_queue_offers_the_operations_of_the_sync_queue(client, cast, bug):
    client.force_login(cast.ops)

    answer = client.post("/queues/triage/bulk/", {"verb": "retry", "selected": [f"{bug.pk}.1"]})

    assert (answer.status_code, mirror_of(bug).parked) == (404, True)


def test_all_are_tried_again_with_one_press(client, troubles):
    answer = client.post("/sync/retry/", follow=True)

    assert "4 requests tried again now." in text_of(answer)
    assert listed(client) == ["gone"]
    assert "Nothing waits for another try." in text_of(client.post("/sync/retry/", follow=True))


def test_one_press_leaves_alone_what_ops_may_not_see(client, cast, bug):
    client.force_login(cast.ops)
    stuck(restrict(bug))

    client.post("/sync/retry/")

    assert mirror_of(bug).parked


def test_the_queue_takes_as_many_queries_however_much_is_the_matter(client, cast, troubles):
    counted = []
    for number in range(2):
        watch()
        client.get("/queues/sync/")
        with CaptureQueriesContext(database) as queries:
            client.get("/queues/sync/")
        counted.append(len(queries))
        for more in range(3):
            another = file_request(cast, title=f"{number} {more}")
            stuck(another, iid=900 + 10 * number + more, last_error=f"Error {'x' * more}")

    assert counted[0] == counted[1]


def test_alarms_stand_above_the_queue_with_the_next_step_until_they_are_over(client, cast, bug):
    client.force_login(cast.ops)
    watch()
    page = text_of(client.get("/queues/sync/"))
    assert "GitLab answered 403." in page
    assert "Read the error, put right what it names, then retry; or skip it." in page

    GitLabLink.objects.filter(pk=bug.pk).update(status="in-step", parked=False)
    watch()
    page = text_of(client.get("/queues/sync/"))
    assert "Nothing is the matter." in page
    assert "Cleared in the last seven days" in page


def test_the_inbox_leads_to_the_alarm(client, cast, bug):
    client.force_login(cast.ops)
    watch()

    assert f'href="/queues/sync/#alarm-{Alarm.objects.get().pk}"' in text_of(client.get("/inbox/"))
    assert f'id="alarm-{Alarm.objects.get().pk}"' in text_of(client.get("/queues/sync/"))


def test_no_error_runs_on_the_queue(client, cast):
    client.force_login(cast.ops)
    for number, evil in enumerate(CORPUS):
        stuck(file_request(cast), last_error=evil, iid=1000 + number)
    watch()

    assert Alarm.objects.open().count() >= len(CORPUS) - 1
    assert_harmless(client.get("/queues/sync/"))


# The connection ------------------------------------------------------------------------------------------------------


@pytest.fixture
def queue(client, cast):
    """``queue()``: the sync queue's page, as Support Operations see it."""
    client.force_login(cast.ops)
    return lambda: text_of(client.get("/queues/sync/"))


def test_the_queue_says_how_the_connection_stands(queue, bug):
    GitLabLink.objects.update(due_at=None)
    assert "In step" in queue()

    GitLabLink.objects.filter(pk=bug.pk).update(due_at=timezone.now())
    assert "1 request" in queue()

    Connection.load()
    Connection.objects.update(away_since=timezone.now())
    assert "GitLab does not answer. It is asked again until it does." in queue()


def test_a_pause_has_a_reason_that_the_queue_shows_until_somebody_resumes(client, cast, queue):
    client.force_login(cast.ops)

    paused = client.post("/sync/pause/", {"reason": "The token is renewed"})
    shown = queue()
    again = client.post("/sync/resume/")

    assert (paused.status_code, paused["Location"], again.status_code) == (302, "/queues/sync/", 302)
    assert f"Paused: The token is renewed ({cast.ops})" in shown
    assert 'action="/sync/resume/"' in shown
    assert 'action="/sync/resume/"' not in queue()
    assert not Connection.load().paused


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_a_pause_without_a_fit_reason_pauses_nothing(client, cast, reason):
    client.force_login(cast.ops)

    answer = client.post("/sync/pause/", {"reason": reason})

    assert (answer.status_code, Connection.load().paused) == (422, False)


@pytest.mark.parametrize("path", ["/sync/pause/", "/sync/resume/"])
@pytest.mark.parametrize("role", ["requester", "manager", "admin"])
def test_others_neither_pause_nor_resume(client, cast, role, path):
    Connection.load().pause("The token is renewed")
    client.force_login(getattr(cast, role))

    assert client.post(path, {"reason": "Mine"}).status_code == 403
    assert Connection.load().paused_reason == "The token is renewed"


@pytest.mark.parametrize("evil", CORPUS)
def test_no_reason_runs_on_the_queue(client, cast, evil):
    client.force_login(cast.ops)
    client.post("/sync/pause/", {"reason": evil})

    assert_harmless(client.get("/queues/sync/"))
    assert_harmless(client.post("/sync/pause/", {"reason": evil * 50}))


def test_a_queue_of_other_things_does_not_speak_of_the_connection(client, cast):
    client.force_login(cast.ops)

    assert "Connection to GitLab" not in text_of(client.get("/queues/triage/"))
