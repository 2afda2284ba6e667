"""Webhooks in the administration: found by filters, and their bodies never where they might tell too much."""

import pytest
from django.utils import timezone

from tests.admin.rows import address
from workflow.gitlab.models.alarms import GitLabCheck
from workflow.gitlab.models.inbound import PollCursor, Reconciliation, RejectedWebhook, WebhookDelivery

CANARY = "Canary of the payload"


def delivery(issue, **fields):
    """A webhook about the request, with a canary in its body."""
    known = {"event": "Issue Hook", "body": f'{{"title": "{CANARY}"}}', "key": str(WebhookDelivery.objects.count())}
    return WebhookDelivery.objects.create(issue=issue, **known | fields)


def page_of(client, row):
    """The row's page, as text."""
    return client.get(address(type(row), "change", row.pk)).content.decode()


@pytest.mark.parametrize("reader", ["ops", "lead", "admin"])
def test_the_body_is_shown_where_everybody_may_read_the_request(reader, visit, staff, full_story):
    assert CANARY in page_of(visit(getattr(staff, reader)), delivery(full_story))


def test_the_body_of_a_restricted_request_is_shown_to_nobody(visit, staff, hidden_story):
    page = page_of(visit(staff.federal), delivery(hidden_story))

    assert (CANARY in page, "Not shown: it is confidential." in page) == (False, True)


@pytest.mark.parametrize("event", ["Confidential Issue Hook", "Confidential Note Hook"])
def test_the_body_of_what_gitlab_calls_confidential_is_not_shown(visit, staff, full_story, event):
    assert CANARY not in page_of(visit(staff.ops), delivery(full_story, event=event))


def test_the_body_of_what_belongs_to_no_request_is_not_shown(visit, staff):
    page = page_of(visit(staff.ops), delivery(None))

    assert (CANARY in page, "Not shown" in page) == (False, True)


def test_that_there_was_an_internal_comment_is_not_for_administrators(visit, staff, full_story):
    row = delivery(full_story, event="Confidential Note Hook")

    pages = [visit(person).get(address(WebhookDelivery, "change", row.pk)) for person in (staff.ops, staff.admin)]

    assert [page.status_code for page in pages] == [200, 404]


def test_what_was_not_understood_yet_is_found_by_a_filter(visit, staff, full_story):
    waiting = delivery(full_story, due_at=timezone.now())

    page = visit(staff.ops).get(address(WebhookDelivery, "changelist"), {"due_at__isempty": "0"})

    assert [row.pk for row in page.context["cl"].result_list] == [waiting.pk]


@pytest.mark.parametrize(("place", "status"), [("changelist", 200), ("add", 403)])
@pytest.mark.parametrize("model", [PollCursor, Reconciliation, RejectedWebhook, GitLabCheck])
def test_figures_are_only_read(visit, staff, model, place, status):
    assert visit(staff.ops).get(address(model, place)).status_code == status
