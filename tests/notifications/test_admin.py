"""Administrators see what did not arrive, why, and try it again."""

import pytest

from tests.factories import file_request
from tests.notifications.telling import message_to, tell
from workflow.actions import comment
from workflow.catalogue.restriction import confidential_group
from workflow.models import Issue
from workflow.notifications.delivery import parked_count
from workflow.notifications.models import ChannelState, Message
from workflow.notifications.routing import route_new

PAGE = "/admin/notices/message/"
WHY = "The mail server answered 550 no such mailbox"


@pytest.fixture
def admin(client, cast):
    """A browser signed in as the administrator."""
    client.force_login(cast.admin)
    return client


@pytest.fixture
def parked(cast, clock):
    """A message that waits for a person."""
    comment(file_request(cast, title="Canary").pk, "Hello", by=cast.ops)
    route_new()
    message = message_to(cast.requester)
    Message.objects.filter(pk=message.pk).update(parked=True, due_at=None, last_error=WHY)
    message.refresh_from_db()
    return message


def test_the_reason_is_seen_in_the_list_and_on_the_page_and_the_text_is_not(admin, parked):
    for address in (PAGE, f"{PAGE}?parked__exact=1", f"{PAGE}{parked.pk}/change/"):
        page = admin.get(address).content.decode()
        assert WHY in page and "Canary" not in page


def test_it_is_tried_again_by_hand(admin, parked, mailoutbox):
    admin.post(PAGE, {"action": "try_again", "_selected_action": [parked.pk]})
    tell()
    assert len(mailoutbox) == 1


def test_nothing_is_edited_or_deleted(admin, parked):
    assert admin.post(f"{PAGE}{parked.pk}/change/", {"state": "sent"}).status_code == 403
    assert admin.post(f"{PAGE}{parked.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Message.objects.get(pk=parked.pk).parked


def test_messages_about_hidden_requests_are_hidden(admin, parked):
    Issue.objects.filter(pk=parked.issue_id).update(restricted_to=confidential_group())
    assert admin.get(f"{PAGE}{parked.pk}/change/").status_code == 404
    assert WHY not in admin.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("who", "tries", "resumes"), [("ops", True, False), ("lead", True, True), ("admin", True, True)]
)
def test_ops_see_and_try_again_and_leads_resume(who, tries, resumes, cast, client, parked, mailoutbox):
    person = getattr(cast, who)
    person.is_staff = True
    person.save()
    client.force_login(person)
    ChannelState.pause("slack", "Slack refuses the portal.")

    pages = [client.get(address).text for address in (PAGE, "/admin/notices/channelstate/", "/admin/")]
    client.post(PAGE, {"action": "try_again", "_selected_action": [parked.pk]})
    client.post("/admin/notices/channelstate/", {"action": "resume", "_selected_action": ["slack"]})
    tell()

    assert WHY in pages[0] and "Slack refuses the portal." in pages[1] and "Telling people" in pages[2]
    assert (len(mailoutbox) == 1) == tries
    assert (ChannelState.objects.get().paused_at is None) == resumes


def test_somebody_else_on_the_staff_sees_none_of_it(cast, client, parked):
    cast.colleague.is_staff = True
    cast.colleague.save()
    client.force_login(cast.colleague)
    assert [client.get(page).status_code for page in (PAGE, "/admin/notices/channelstate/")] == [403, 403]


def test_a_message_of_a_hidden_request_is_not_sent_again_by_ops(cast, client, parked, mailoutbox):
    Issue.objects.filter(pk=parked.issue_id).update(restricted_to=confidential_group())
    cast.ops.is_staff = True
    cast.ops.save()
    client.force_login(cast.ops)
    page = client.get(PAGE).text
    client.post(PAGE, {"action": "try_again", "_selected_action": [parked.pk]})
    tell()
    assert WHY not in page and mailoutbox == []
    assert client.get(f"{PAGE}{parked.pk}/change/").status_code == 404


def test_what_waits_for_a_person_is_counted(parked):
    before = parked_count()
    Message.objects.update(parked=False)
    assert (before, parked_count()) == (1, 0)


def test_a_paused_channel_says_why_and_is_resumed(admin):
    ChannelState.pause("slack", "Slack refuses the portal (invalid_auth).")
    page = "/admin/notices/channelstate/"
    assert "Slack refuses the portal (invalid_auth)." in admin.get(page).content.decode()
    admin.post(page, {"action": "resume", "_selected_action": ["slack"]})
    assert ChannelState.objects.get().paused_at is None
