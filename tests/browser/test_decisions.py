"""Decisions as people meet them in a browser: from a mail, for somebody away, anew, and on a list of checks."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.person import PATIENCE, within

pytestmark = pytest.mark.browser

TURN = "It is your turn"


def approve_on_the_card(person, words):
    """Answer the approver's questions on the request page itself, and approve."""
    person.answer_what_is_required("section.decision form", text=words)
    press(person, "Approve")


def press(person, button):
    """Press the button of the page's form, and wait for what it leads to."""
    with person.page.expect_navigation():
        person.page.locator("main").get_by_role("button", name=button).click()


def hear_at_any_hour(person):
    """Choose in the browser to have no quiet hours, so that no walk depends on the time of day."""
    person.page.goto("/people/me/notices/")
    person.fill(begins="", ends="", weekends=False)
    press(person, "Save choices")


def link_in_the_mail(portal, username, number):
    """Where the mail about the request leads, as its text has it."""

    def told():
        return [one for one in portal.mails(f"{username}@example.com") if f"[SO-{number}]" in one["Subject"]]

    letters = within(PATIENCE, told)
    assert letters, f"No mail about SO-{number} has reached {username}."
    text = letters[0].get_body(("plain",)).get_content()
    return re.search(rf"{re.escape(portal.url)}/issues/{number}/\S*", text)[0]


@pytest.fixture
def away(people):
    """Two signed-in people; the first is away, and the second stands in for them. The absence ends with the test."""
    absent, stand_in = people("manager"), people("standin")
    yesterday = timezone.localdate() - timedelta(days=1)  # away already, whatever the zone and the time of day
    _save_absence(absent, away_from=yesterday.isoformat(), stand_in=_id_of(absent, "Stan Standin"))
    yield absent, stand_in
    _save_absence(absent, away_from="", stand_in="")


def _save_absence(person, **absence):
    person.page.goto("/people/me/")
    person.fill(**absence)
    press(person, "Save settings")


def _id_of(person, name):
    person.page.goto("/people/me/")
    return person.page.locator('[name="stand_in"] option').filter(has_text=name).get_attribute("value")


def test_a_manager_approves_from_the_mails_link(portal, people):
    hear_at_any_hour(people("manager"))
    number = people("requester").file("calendly", title="Add me to the emergency event")

    link = link_in_the_mail(portal, "manager", number)
    manager = people("manager", another="signed out", arrives=link)

    manager.sees(TURN)
    manager.page.goto(link)
    manager.sees("It waits for you to decide.")  # however often the link is opened, nothing is decided by it
    approve_on_the_card(manager, "The events are right.")
    manager.sees("The events are right.")
    assert "It waits for you to decide." not in manager.page.locator("main").inner_text()
    expect(manager.page.locator(".issue-header .state-pill")).to_have_text("Triage")


def test_a_stand_in_approves_for_who_is_away(people, away):
    absent, stand_in = away
    number = people("requester").file("calendly", title="Add me to the event of the stand-in")

    stand_in.page.goto("/queues/approvals/")
    stand_in.page.locator(f'main a[href="/issues/{number}/"]').first.click()
    stand_in.sees("Maya Manager is away and you stand in: it waits for you to decide.")
    approve_on_the_card(stand_in, "Maya and I agreed on it.")

    absent.page.goto(f"/issues/{number}/")
    said = absent.page.locator(".event__line").filter(has_text="Stan Standin for Maya Manager")
    expect(said.first).to_be_visible()
    absent.sees("Triage")


def test_a_changed_request_is_approved_anew_with_its_difference(people):
    requester, manager = people("requester"), people("manager")
    number = requester.file("calendly", title="Add me to two events", events="Support onboarding")
    manager.page.goto(f"/issues/{number}/")
    approve_on_the_card(manager, "One event is fine.")

    requester.take(number, "edit", events="Support emergencies")
    requester.sees("Approval")
    manager.page.goto(f"/issues/{number}/")

    changed = manager.page.locator(".diff").first
    expect(changed).to_be_visible()
    expect(changed).to_contain_text("Support onboarding")
    expect(changed).to_contain_text("Support emergencies")
    approve_on_the_card(manager, "This one is fine too.")
    manager.sees("Round 2: approved")
    manager.sees("Round 1: voided")


def test_a_delegate_fails_an_item_and_validates_the_second_round(people):
    requester, ops, colleague = people("requester"), people("ops"), people("colleague")
    number = requester.file("bug", title="The form loses its attachment")
    ops.take(number, "accept", priority=2, customer="Support", system="Zendesk", confirmed_valid=True)
    ops.take(number, "submit-gameplan", text="Mend the upload.")
    asked = {"text": "In the sandbox.", "items": "A picture arrives\nA table arrives"}
    ops.take(number, "request-validation", **asked)
    requester.page.goto(f"/issues/{number}/delegate/")
    requester.page.locator('[name="person"]').select_option(label="Colin Colleague")
    press(requester, "Delegate validation")

    look_at(colleague, number, "A picture arrives", "Tick")
    look_at(colleague, number, "A table arrives", "Fail", "The table is empty.")
    colleague.take(number, "send-back")
    colleague.sees("Development")

    ops.page.goto(f"/issues/{number}/")
    ops.sees("The table is empty.")
    ops.take(number, "request-validation", text="The table is mended.")
    look_at(colleague, number, "A table arrives", "Tick", "It is whole now.")
    look_at(colleague, number, "A picture arrives", "Tick")
    colleague.take(number, "validate")
    colleague.sees("Implementation")


def look_at(person, number, item, press, note=""):
    """Find the item on the list of checks, and tick or fail it."""
    person.page.goto(f"/issues/{number}/check/")
    row = person.page.locator(".checks__item").filter(has_text=item)
    row.locator('[name="note"]').fill(note)
    with person.page.expect_navigation():
        row.get_by_role("button", name=press, exact=True).click()
