"""Anybody may ask a colleague who may see a request to watch it; they are told, and may stop."""

import pytest

from tests.factories import file_request, restrict
from tests.workflow.places import confidential_member
from workflow.actions import Incomplete, Refused, watch
from workflow.notifications.models import Notice


def watchers(issue):
    return set(issue.watches.values_list("person__username", flat=True))


def test_a_colleague_watches_and_only_they_are_told(cast, client):
    issue = file_request(cast)
    Notice.objects.all().delete()
    client.force_login(cast.manager)
    answer = client.post(f"/issues/{issue.pk}/watch/", {"watching": "yes", "person": cast.colleague.pk}, follow=True)
    assert "Colleague watches this now, and is told." in answer.text
    assert "asked somebody to watch this (Colleague)" in answer.text
    assert watchers(issue) == {"colleague"}
    [told] = Notice.objects.all()
    assert told.person == cast.colleague
    client.force_login(cast.colleague)
    assert f"Manager asked somebody to watch {issue.reference} (Colleague)." in client.get("/inbox/").text


def test_twice_asks_once(cast):
    issue = file_request(cast)
    for _ in range(2):
        watch(issue.pk, True, by=cast.ops, person=cast.colleague)
    assert issue.events.filter(verb="watch").count() == 1


def test_they_may_stop_and_nobody_stops_for_them(cast):
    issue = file_request(cast)
    watch(issue.pk, True, by=cast.ops, person=cast.colleague)
    with pytest.raises(Incomplete):
        watch(issue.pk, False, by=cast.ops, person=cast.colleague)
    watch(issue.pk, False, by=cast.colleague)
    assert watchers(issue) == set()


def test_who_may_not_see_it_is_neither_offered_nor_taken(cast, client):
    issue, insider = restrict(file_request(cast)), confidential_member(cast.other_ops)
    client.force_login(cast.requester)
    page = client.get(f"/issues/{issue.pk}/watch/").text
    assert str(insider) in page and f">{cast.colleague}<" not in page
    assert (
        client.post(f"/issues/{issue.pk}/watch/", {"watching": "yes", "person": cast.colleague.pk}).status_code == 422
    )
    with pytest.raises(Incomplete):
        watch(issue.pk, True, by=cast.requester, person=cast.colleague)
    with pytest.raises(Refused):
        watch(issue.pk, True, by=cast.colleague, person=insider)
    assert watchers(issue) == set()


def test_the_requester_hears_anyway(cast):
    issue = file_request(cast)
    with pytest.raises(Incomplete):
        watch(issue.pk, True, by=cast.ops, person=cast.requester)
