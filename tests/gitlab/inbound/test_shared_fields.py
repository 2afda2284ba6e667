"""Shared fields follow whoever changed them; what a person may not change is put back (rows 39 to 41)."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from supportops.accounts.models import User
from tests.factories import request_at
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, push, push_later, said_back, shown, sync
from workflow.actions import set_due_date, set_priority, take_step
from workflow.models import Event
from workflow.models.event import CONFLICT, UNDONE
from workflow.notifications.models import Notice
from workflow.states import Source, State
from workflow.verbs import Act, Verb

pytestmark = pytest.mark.django_db
SOON = (timezone.localdate() + timedelta(days=20)).isoformat()


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab; the log is empty."""
    issue = filed(cast, title="Views are empty")
    mirrored.forget()
    return issue


@pytest.mark.fault(39)
def test_39_an_echo_of_our_own_write_costs_one_get_and_nothing_outbound(cast, mirrored, bug):
    set_priority(bug.pk, 1, by=cast.ops)
    push(bug)
    mirrored.forget()
    look(bug, thorough=False)
    push(bug)
    assert [method for method, _ in mirrored.calls()] == ["GET"]


@pytest.mark.parametrize(
    ("sent", "field", "value"),
    [
        ({"title": "Views are empty on Mondays"}, "title", "Views are empty on Mondays"),
        ({"due_date": SOON}, "due_date", date.fromisoformat(SOON)),
        ({"add_labels": "p1"}, "priority", 1),
        ({"add_labels": "Priority::3"}, "priority", 3),
        ({"add_labels": "Customer::Field", "remove_labels": "Customer::Support"}, "customer", "Field"),
        ({"add_labels": "Customer::Field"}, "customer", "Field"),
        ({"remove_labels": "Customer::Support"}, "customer", ""),
        ({"add_labels": "Zendesk"}, "system", "Zendesk"),
    ],
)
def test_what_an_ops_person_changes_in_gitlab_is_theirs_in_the_portal(cast, mirrored, bug, sent, field, value):
    change(mirrored, bug, by="ops", **sent)
    assert getattr(sync(bug), field) == value
    event = Event.objects.filter(issue=bug).last()
    assert (event.actor, event.source) == (cast.ops, Source.GITLAB)


def test_the_spelling_of_another_scheme_is_replaced_by_the_active_one(cast, mirrored, bug):
    change(mirrored, bug, add_labels="Priority::3")
    sync(bug)
    assert {"p3", "Priority::3"} & set(shown(mirrored, bug)["labels"]) == {"p3"}


def test_an_assignee_set_in_gitlab_is_assigned_here(cast, mirrored, bug):
    ops_id = mirrored.api("GET", "/users?username=lead")[0]["id"]
    change(mirrored, bug, by="ops", assignee_ids=[ops_id])
    assert sync(bug).assignee == cast.lead
    assert User.objects.get(pk=cast.lead.pk).gitlab_id == ops_id


def test_an_assignee_nobody_knows_is_taken_off_again_with_a_comment(cast, mirrored, bug):
    User.objects.filter(pk=cast.lead.pk).update(gitlab_username="")
    lead_id = mirrored.api("GET", "/users?username=lead")[0]["id"]
    change(mirrored, bug, by="ops", assignee_ids=[lead_id])
    assert sync(bug).assignee is None
    assert shown(mirrored, bug)["assignees"] == []
    assert "is not known in the portal" in said_back(bug, UNDONE)[0]


def test_what_a_person_may_not_change_is_put_back_in_one_put_with_one_comment(cast, mirrored, bug):
    change(mirrored, bug, by="colleague", title="Mine now", add_labels="p1")
    look(bug)
    mirrored.forget()
    push(bug)
    assert [path for method, path in mirrored.calls("PUT")] == [
        f"/projects/{mirror_of(bug).project_id}/issues/{mirror_of(bug).iid}"
    ]
    now = shown(mirrored, bug)
    assert (now["title"], "p1" in now["labels"]) == ("Views are empty", False)
    (text,) = [one["body"] for one in mirrored.notes(mirror_of(bug))]
    assert "Only the requester, Requester, or Support Operations may do this." in text
    assert "Only Support Operations may do this." in text
    assert f"https://portal.example/issues/{bug.pk}/" in text


def test_what_somebody_unknown_changes_is_put_back_and_says_so(cast, mirrored, bug):
    change(mirrored, bug, by="root", title="From outside")
    assert sync(bug).title == "Views are empty"
    assert shown(mirrored, bug)["title"] == "Views are empty"
    assert "(@root) is not known in the portal" in said_back(bug, UNDONE)[0]


def test_a_title_is_no_longer_changed_where_what_was_asked_for_is_fixed(cast, mirrored):
    bug = request_at(State.DEVELOPMENT, cast=cast)
    push(bug)
    bug.route.voiding_fields = ["title"]
    bug.route.save()
    look(bug)
    change(mirrored, bug, by="requester", title="Something else")
    assert sync(bug).title == bug.title
    assert "can no longer change" in said_back(bug, UNDONE)[0]


def test_foreign_labels_stay(cast, mirrored, bug):
    change(mirrored, bug, by="colleague", add_labels="roadmap_item,Whatever")
    sync(bug)
    set_priority(bug.pk, 2, by=cast.ops)
    push(bug)
    assert {"roadmap_item", "Whatever", "p2"} <= set(shown(mirrored, bug)["labels"])
    assert not said_back(bug, UNDONE)


@pytest.mark.fault(41)
def test_41_labels_set_at_the_same_time_on_both_sides_both_survive(cast, mirrored, bug):
    set_priority(bug.pk, 2, by=cast.ops)
    change(mirrored, bug, by="ops", add_labels="Zendesk,Foreign")
    assert sync(bug).system == "Zendesk"
    assert {"p2", "Zendesk", "Foreign"} <= set(shown(mirrored, bug)["labels"])


@pytest.mark.fault(40)
def test_40_the_newer_change_stays_the_other_is_kept_and_both_are_told(cast, mirrored, bug):
    take_step(bug.pk, Verb.EDIT, by=cast.requester, given={"title": "Changed here"})
    Event.objects.filter(issue=bug)  # the portal's change came first
    change(mirrored, bug, by="ops", title="Changed there")
    assert sync(bug).title == "Changed there"
    assert shown(mirrored, bug)["title"] == "Changed there"
    conflict = Event.objects.get(issue=bug, verb=CONFLICT)
    assert "“Changed there” stays because it is newer; “Changed here” does not." in conflict.text
    told = set(Notice.objects.filter(event=conflict).values_list("person__username", flat=True))
    assert {"requester", "ops"} <= told


@pytest.mark.fault(40)
def test_40_a_newer_change_here_wins_over_an_older_one_there(cast, mirrored, bug):
    change(mirrored, bug, by="ops", due_date=SOON)
    later = timezone.localdate() + timedelta(days=40)
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        set_due_date(bug.pk, later, by=cast.ops)
        assert sync(bug).due_date == later
    assert shown(mirrored, bug)["due_date"] == later.isoformat()
    assert Event.objects.filter(issue=bug, verb=CONFLICT).exists()


def test_words_below_the_block_stay_and_are_shown_and_the_block_is_put_right(cast, mirrored, bug, client):
    description = shown(mirrored, bug)["description"]
    change(
        mirrored,
        bug,
        by="colleague",
        description=description.replace("It should work.", "Hands off.") + "\n\nSeen too.",
    )
    sync(bug)
    now = shown(mirrored, bug)["description"]
    assert ("Seen too." in now, "It should work." in now, "Hands off." in now) == (True, True, False)
    client.force_login(cast.requester)
    page = client.get(bug.get_absolute_url()).text
    assert "Added in GitLab" in page and "Seen too." in page
    assert "The upper part is written by the portal" in said_back(bug, UNDONE)[0]


def test_looking_twice_changes_nothing_the_second_time(cast, mirrored, bug):
    change(mirrored, bug, by="ops", title="Twice", add_labels="p2")
    sync(bug)
    events = Event.objects.filter(issue=bug).count()
    mirrored.forget()
    sync(bug)
    assert Event.objects.filter(issue=bug).count() == events
    assert mirrored.calls("PUT") == [] == mirrored.calls("POST")


@pytest.mark.fault(34)
def test_34_the_order_of_hints_does_not_matter(cast, mirrored, bug):
    for title in ("One", "Two", "Three"):
        change(mirrored, bug, by="ops", title=title)
    assert [look(bug).title, look(bug).title, look(bug, thorough=False).title] == ["Three"] * 3


def test_a_war_over_a_field_freezes_the_pair_and_waits_for_a_person(cast, mirrored, bug):
    for number in range(6):
        change(mirrored, bug, by="colleague", title=f"Mine {number}")
        sync(bug)
    assert mirror_of(bug).status == "parked"
    assert "back and forth" in mirror_of(bug).last_error
    change(mirrored, bug, by="colleague", title="Mine at last")
    sync(bug)
    assert shown(mirrored, bug)["title"] == "Mine at last"


def test_a_change_of_the_assignee_by_the_portal_is_no_change_of_gitlab(cast, mirrored, bug):
    take_step(bug.pk, Verb.EDIT, by=cast.requester, given={"title": "New here"})
    look(bug)
    push_later(bug)
    assert shown(mirrored, bug)["title"] == "New here"
    assert not Event.objects.filter(issue=bug, verb__in=[CONFLICT, UNDONE, Act.ASSIGN]).exists()
