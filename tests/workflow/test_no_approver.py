"""A request that nobody can be asked to approve is in a queue of those who may name somebody, and is reminded of."""

import pytest

from supportops.accounts.models import User
from tests.factories import file_request, person
from workflow.actions import name_approver
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import ApprovalPolicy, Quorum, Route
from workflow.models import Issue
from workflow.permissions import refusal
from workflow.queues import QUEUES
from workflow.verbs import Act

NAME = "approver-missing"


@pytest.fixture
def orphan(cast):
    """A request whose requester reports to nobody."""
    User.objects.filter(pk=cast.requester.pk).update(reports_to=None)
    cast.requester.refresh_from_db()
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly")


def found_by(one):
    return list(QUEUES[NAME].of(User.objects.get(pk=one.pk)))


def test_the_leads_find_it_until_somebody_is_named(orphan, cast):
    assert found_by(cast.lead) == [orphan]
    assert [found_by(one) for one in (cast.ops, cast.requester, cast.manager, cast.colleague)] == [[], [], [], []]
    name_approver(orphan.pk, cast.manager, by=cast.lead)
    assert found_by(cast.lead) == []


def test_the_page_and_the_menu_show_it(orphan, cast, client):
    client.force_login(cast.lead)
    page = client.get(f"/queues/{NAME}/")
    assert orphan.title in page.text
    assert f"/queues/{NAME}/" in client.get("/menu/").text


@pytest.mark.parametrize("there", ["no lead", "only the requester leads", "a lead"])
def test_it_is_found_by_whoever_may_name_somebody(orphan, cast, there):
    if there != "a lead":
        cast.lead.groups.clear()
    if there == "only the requester leads":
        cast.requester.groups.set(person(groups=["lead"]).groups.all())
        User.objects.exclude(pk=cast.requester.pk).filter(groups__name="lead").delete()
    for one in User.objects.all():
        issue = Issue.objects.get(pk=orphan.pk)
        assert (found_by(one) == [orphan]) == (refusal(one, Act.NAME_APPROVER, issue) is None), one


def test_a_request_that_somebody_decides_is_not_in_it(cast):
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    file_request(cast, Kind.PROPOSAL)
    assert found_by(cast.lead) == []


@pytest.mark.parametrize(("quorum", "stuck"), [(Quorum.IN_ORDER, True), (Quorum.ALL, False)])
def test_of_several_the_first_in_turn_counts(cast, quorum, stuck):
    """In order, an empty first seat keeps everybody waiting; otherwise the others decide meanwhile."""
    User.objects.filter(pk=cast.requester.pk).update(reports_to=None)
    cast.requester.refresh_from_db()
    policy = ApprovalPolicy.objects.create(
        route=Route.objects.get(key="calendly"), with_manager=True, quorum=quorum, needed=2
    )
    policy.named.create(person=cast.standin, order=1)
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    assert found_by(cast.lead) == ([issue] if stuck else [])
    assert stuck == (not Issue.objects.get(pk=issue.pk).approver_ids)
