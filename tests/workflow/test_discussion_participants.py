"""A discussion has participants: the teams it touches are told, who speaks up watches, Support Operations are asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from supportops.accounts.directory import meant_by
from supportops.accounts.models import User
from tests.factories import file_request, person, request_at, restrict, step
from tests.workflow.places import confidential_member
from workflow.actions import comment, watch
from workflow.actions.discussion import ASKED_IN
from workflow.actions.from_gitlab import receive_comment
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.models import Issue
from workflow.notifications.models import Notice
from workflow.states import Outcome, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
TOUCHED, NEEDS_YOU = Notice.Reason.TOUCHED, Notice.Reason.NEEDS_YOU


@pytest.fixture
def teams(cast):
    """Managers of Finance and of Support in two regions, a group, and somebody in it who has left."""
    for name, fields in {
        "fay": {"division": "Finance"},
        "sue": {"division": "Support", "region": "EMEA"},
        "sam": {"division": "Support", "region": "APAC"},
    }.items():
        setattr(cast, name, person(name, groups=["managers"], **fields))
    person("clerk", division="Finance")
    cast.gil = person("gil", groups=["Zendesk Owners"])
    person("gone", groups=["Zendesk Owners"], is_active=False)
    return cast


def proposal(cast, named="Finance, zendesk owners and nobody knows", **fields):
    due = timezone.localdate() + timedelta(days=14)
    return file_request(cast, Kind.PROPOSAL, teams=named, approver=cast.manager, due_date=due, **fields)


def told(issue, reason, event=None):
    """Who was told of the request for this reason, of its latest event unless one is given."""
    event = event or Issue.objects.get(pk=issue.pk).events.last()
    return set(Notice.objects.filter(event=event, reason=reason).values_list("person__username", flat=True))


@pytest.mark.parametrize(
    ("named", "people"),
    [
        ("Finance", {"fay"}),
        ("finance", {"fay"}),
        ("Support EMEA", {"sue"}),
        ("Support", {"sue", "sam"}),
        ("Finance; Support APAC", {"fay", "sam"}),
        ("Zendesk owners and Finance", {"gil", "fay"}),
        ("", set()),
        ("managers", set()),
        ("Everybody", set()),
        ("Fin", set()),
        ("@clerk, Fay (fay)", {"clerk", "fay"}),
        ("gone", set()),
    ],
)
def test_a_team_is_its_managers_or_its_members(teams, named, people):
    assert {one.username for one in meant_by(named).people} == people


def test_they_hear_when_the_discussion_opens_and_when_it_is_decided(teams):
    issue = proposal(teams)
    assert told(issue, TOUCHED) == {"fay", "gil"}

    comment(issue.pk, "Hello", by=teams.colleague)
    step(issue, Verb.ASK, teams.manager, text="Why?")
    assert told(issue, TOUCHED) == set()
    step(issue, Verb.ANSWER, teams.requester, text="So.")
    assert told(issue, TOUCHED) == set()

    step(issue, Verb.APPROVE, teams.manager, text="Agreed.")
    assert told(issue, TOUCHED) == {"fay", "gil"}


def test_a_declined_one_says_why(teams, client):
    issue = step(proposal(teams), Verb.DECLINE, teams.manager, text="It would slow everybody down.")

    client.force_login(teams.fay)
    assert told(issue, TOUCHED) == {"fay", "gil"} and issue.outcome == Outcome.DECLINED
    assert "It would slow everybody down." in client.get("/inbox/").text
    assert "It would slow everybody down." in client.get(issue.get_absolute_url()).text


def test_they_hear_when_it_is_withdrawn(teams):
    assert told(step(proposal(teams), Verb.WITHDRAW, teams.requester), TOUCHED) == {"fay", "gil"}


def test_a_team_that_is_named_later_hears_of_it(teams):
    issue = proposal(teams, named="")
    row = {"key": "teams", "label": "Teams", "type": "short", "answer": "Finance", "feeds": "teams"}
    rest = [row for row in issue.answers if row["key"] != "teams"]

    step(issue, Verb.EDIT, teams.requester, answers=[*rest, row])

    assert told(issue, TOUCHED) == {"fay"}


def test_who_decides_or_watches_is_told_for_that(teams):
    User.objects.filter(pk=teams.manager.pk).update(division="Finance")
    issue = proposal(teams)
    assert told(issue, NEEDS_YOU) == {"manager"} and told(issue, TOUCHED) == {"fay", "gil"}


def test_a_restricted_one_is_told_to_nobody_outside(teams):
    issue = restrict(proposal(teams))
    step(issue, Verb.APPROVE, teams.manager, text="Agreed.")
    assert told(issue, TOUCHED) == set()


def test_stakeholders_of_any_kind_hear_that_it_was_filed_and_how_it_ends_and_of_nothing_between(teams):
    issue = file_request(teams, Kind.FEATURE, teams="Finance, Colleague (colleague)")
    assert told(issue, TOUCHED) == {"fay", "colleague"}
    comment(issue.pk, "Hello", by=teams.ops)
    step(issue, Verb.ASK, teams.ops, text="Which?")
    assert told(issue, TOUCHED) == set()
    step(issue, Verb.WITHDRAW, teams.requester)
    assert told(issue, TOUCHED) == {"fay", "colleague"}


# Who speaks up -------------------------------------------------------------------------------------------------------


def watchers(issue):
    return set(issue.watches.values_list("person__username", flat=True))


def test_who_comments_takes_part_from_then_on(teams):
    issue = proposal(teams)
    comment(issue.pk, "I wonder", by=teams.colleague)
    receive_comment(issue.pk, "So do I", author=teams.fay, at=timezone.now())
    receive_comment(issue.pk, "And I", author=None, author_name="Somebody", at=timezone.now())
    comment(issue.pk, "I explain", by=teams.requester)
    comment(issue.pk, "Psst", by=teams.ops, internal=True)
    assert watchers(issue) == {"colleague", "fay", "ops"}


@pytest.mark.parametrize("kind", [Kind.PROPOSAL, Kind.BUG])
def test_they_may_leave(kind, teams):
    issue = file_request(teams, kind)
    comment(issue.pk, "I wonder", by=teams.colleague)
    watch(issue.pk, False, by=teams.colleague)
    assert watchers(issue) == set()


# Support Operations are asked in -------------------------------------------------------------------------------------


def ask(client, who, issue, **given):
    client.force_login(who)
    return client.post(f"/issues/{issue.pk}/comment/", {"body": "Can it be done?", "asks_ops_in": "on", **given})


def test_anybody_in_the_discussion_asks_support_operations_in(teams, client):
    issue = proposal(teams)
    client.force_login(teams.colleague)
    assert "Ask Support Operations to join the discussion" in client.get(issue.get_absolute_url()).text

    ask(client, teams.colleague, issue)

    said = issue.comments.get()
    notices = Notice.objects.filter(comment=said, reason=NEEDS_YOU)
    assert said.body.endswith(ASKED_IN)
    assert set(notices.values_list("person__username", flat=True)) == {"ops", "other_ops", "federal", "lead"}
    assert {"ops", "colleague"} <= watchers(issue)


def test_where_the_route_has_owners_they_are_asked(teams, client):
    Route.objects.filter(key="propose-change").update(owner=teams.ops, second_owner=teams.other_ops)
    ask(client, teams.requester, issue := proposal(teams))
    assert watchers(issue) == {"ops", "other_ops"}


@pytest.mark.parametrize("where", ["of ops themselves", "not discussed"])
def test_nobody_is_asked_in(teams, client, where):
    issue = proposal(teams) if where == "of ops themselves" else request_at(State.TRIAGE, Kind.BUG, cast=teams)
    ask(client, teams.ops if where == "of ops themselves" else teams.colleague, issue)
    assert issue.comments.get().body == "Can it be done?"
    assert not Notice.objects.filter(comment__isnull=False, reason=NEEDS_YOU).exists()


def test_of_a_restricted_discussion_only_insiders_are_asked(teams):
    issue = restrict(proposal(teams))
    insider = confidential_member(person("insider", groups=["ops"]))
    comment(issue.pk, "Can it be done?", by=teams.requester, asks_ops_in=True)
    assert watchers(issue) == {insider.username}


def test_owners_who_may_not_see_it_leave_it_to_the_others(teams):
    Route.objects.filter(key="propose-change").update(owner=teams.ops)
    insider = confidential_member(person("insider", groups=["ops"]))
    comment(restrict(issue := proposal(teams)).pk, "Can it be done?", by=teams.requester, asks_ops_in=True)
    assert watchers(issue) == {insider.username}


def test_where_nobody_can_be_asked_the_comment_says_so_and_is_not_written(teams, client):
    issue = restrict(proposal(teams))
    page = ask(client, teams.requester, issue)
    assert page.status_code == 422 and "Nobody else of Support Operations may see this." in page.text
    assert "Can it be done?" in page.text and not issue.comments.exists()
