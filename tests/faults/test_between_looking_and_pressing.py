"""Who decides changes between the page and the button: what counts is who decides when it is pressed (row 46)."""

import pytest
from django.test import Client

from supportops.accounts.models import User
from tests.factories import request_at
from workflow.actions import name_approver
from workflow.catalogue.kinds import Kind
from workflow.models import Decision, Issue
from workflow.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.fault(46)]


@pytest.fixture
def looking(cast):
    """(request, the approver's browser with the form open, what it will send)."""
    issue = request_at(State.DISCUSSION, Kind.PROPOSAL, cast=cast)
    browser = Client()
    browser.force_login(cast.manager)
    assert browser.get(f"/issues/{issue.pk}/approve/").status_code == 200
    return issue, browser, {"text": "Agreed.", "version": issue.version}


def leaves(cast, issue):
    User.objects.filter(pk=cast.manager.pk).update(is_active=False)


def is_replaced(cast, issue):
    name_approver(issue.pk, cast.standin, by=cast.lead, text="You know more about it.")


@pytest.mark.parametrize("happens", [leaves, is_replaced])
@pytest.mark.parametrize("verb", ["approve", "decline"])
def test_who_may_no_longer_decide_decides_nothing(cast, looking, happens, verb):
    issue, browser, sent = looking
    happens(cast, issue)
    answer = browser.post(f"/issues/{issue.pk}/{verb}/", sent)
    assert answer.status_code in {302, 403, 409}
    assert answer.status_code != 302 or "/accounts/login/" in answer.url
    assert Issue.objects.get(pk=issue.pk).state == State.DISCUSSION
    assert not Decision.objects.filter(round__issue=issue, decided_at__isnull=False).exists()


def test_who_still_may_does(cast, looking):
    issue, browser, sent = looking
    assert browser.post(f"/issues/{issue.pk}/approve/", sent).status_code == 302
    assert Issue.objects.get(pk=issue.pk).state == State.TRIAGE
