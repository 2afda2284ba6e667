"""Each kind of request from its form to Completed, in a browser, with GitLab agreeing after every step."""

import re

import pytest

from tests.browser.gitlab_side import Mirrored
from tests.browser.person import Person

pytestmark = pytest.mark.browser


def test_a_bug_is_fixed(portal, people):
    gitlab = Mirrored(portal, "bug", "The SLA timer stops at noon")
    requester, ops = people("requester"), people("ops")

    number = requester.file("bug", title=gitlab.title)
    gitlab.agrees("triage", labels=["bug"])
    ops.take(number, "accept", priority=2, customer="Support", system="Zendesk", confirmed_valid=True)
    gitlab.agrees("design", labels=["bug", "p2", "Customer::Support", "Zendesk"])
    ops.take(number, "submit-gameplan", text="Mend the trigger.")
    gitlab.agrees("development")
    ops.take(number, "request-validation", text="File a ticket in the sandbox at 11:59.")
    gitlab.agrees("validation")
    requester.take(number, "send-back", text="It still stops.")
    gitlab.agrees("development")
    ops.take(number, "request-validation", text="Now the time zone is right.")
    gitlab.agrees("validation")
    requester.take(number, "validate")
    gitlab.agrees("implementation")
    ops.take(number, "complete", text="Merged and live.")
    gitlab.agrees("completed")
    requester.page.goto(f"/issues/{number}/")
    requester.sees("Completed")


def test_a_feature_is_planned_and_built(portal, people):
    gitlab = Mirrored(portal, "feature", "Show the plan tier in the sidebar")
    requester, ops = people("requester"), people("ops")

    number = requester.file("feature", title=gitlab.title)
    gitlab.agrees("triage", labels=["feature"])
    ops.answer_gate(number, "no", "yes")
    ops.take(number, "accept", priority=3, customer="Support", system="Zendesk")
    gitlab.agrees("design", labels=["feature", "p3"])
    ops.answer_gate(number, "yes", "yes", "no")
    ops.take(number, "submit-gameplan", text="A new app in the sidebar.")
    gitlab.agrees("planning", milestone=None)
    milestone = ops.schedule_far_ahead(number)
    gitlab.agrees("scheduled", milestone=milestone)  # planning has the same stage: only the milestone tells
    ops.take(number, "start", text="There is room this week.")
    gitlab.agrees("development")
    ops.take(number, "request-validation", text="Open a ticket of a Premium customer.")
    gitlab.agrees("validation")
    requester.take(number, "validate")
    gitlab.agrees("implementation")
    ops.take(number, "complete", text="The app is installed.")
    gitlab.agrees("completed")


def test_an_administrative_request_is_approved_and_done(portal, people):
    gitlab = Mirrored(portal, "calendly", "Add me to the onboarding event")
    requester, manager, ops = people("requester"), people("manager"), people("ops")

    number = requester.file("calendly", title=gitlab.title)
    gitlab.agrees("approval")
    manager.page.goto("/queues/approvals/")
    manager.sees(gitlab.title)
    manager.take(number, "approve")
    gitlab.agrees("triage", labels=["administrative"])
    ops.take(number, "accept", priority=3, customer="Support", system="Calendly")
    gitlab.agrees("development", labels=["Calendly"])
    ops.take(number, "complete", text="You are in the event.")
    gitlab.agrees("completed")


def test_a_proposal_is_decided_and_its_continued_request_completed(portal, people):
    proposal = Mirrored(portal, "propose-change", "Merge the two escalation forms")
    work = Mirrored(portal, "feature", "Merge the two escalation forms")
    requester, manager, ops = people("requester"), people("manager"), people("ops")

    number = requester.file("propose-change", title=proposal.title)
    proposal.agrees("discussion")
    manager.take(number, "approve", text="We agree: one form, with a switch.")
    proposal.agrees("triage")
    ops.page.goto(f"/issues/{number}/continue-in/?route=feature")
    ops.answer_what_is_required()
    ops.page.locator("main form button.button--primary").first.click()
    ops.page.wait_for_url("**/issues/*/")
    proposal.agrees("completed")
    ops.page.goto(f"/issues/{number}/")
    with ops.page.expect_navigation():
        itself = re.compile(rf"SO-{number}\b")
        ops.page.get_by_role("link", name="SO-").filter(has_not_text=itself).first.click()
    new = int(ops.page.url.rstrip("/").rpartition("/")[2])
    assert new != number
    work.agrees("triage")

    ops.answer_gate(new, "yes")
    ops.take(new, "accept", priority=2, customer="Support", system="Zendesk")
    ops.answer_gate(new, "yes", "yes", "no")
    ops.take(new, "submit-gameplan", text="One form.")
    ops.schedule_far_ahead(new)
    ops.take(new, "start", text="Ready.")
    ops.take(new, "request-validation", text="Try both cases.")
    work.agrees("validation")
    requester.take(new, "validate")
    ops.take(new, "complete", text="Live.")
    work.agrees("completed")


def test_a_question_is_answered(portal, people):
    requester, ops = people("requester"), people("ops")

    number = requester.file("question", title="How do I see the tags of a ticket?")
    ops.page.goto("/queues/questions/")
    ops.sees("How do I see the tags of a ticket?")
    ops.take(number, "complete", text="Open the ticket's events.")

    requester.page.goto(f"/issues/{number}/")
    requester.sees("Open the ticket's events.")
    requester.sees("Completed")


def test_a_question_that_needs_more_goes_on_as_a_bug(portal, people):
    gitlab = Mirrored(portal, "bug", "Tags are gone since Monday")
    requester, ops = people("requester"), people("ops")

    question = requester.file("question", title=gitlab.title)
    ops.page.goto(f"/issues/{question}/continue-in/?route=bug")
    with ops.page.expect_navigation():
        ops.page.locator("main form button.button--primary").first.click()
    requester.page.goto(f"/issues/{question}/")
    requester.page.get_by_role("link", name="Answer and file it").click()
    requester.answer_what_is_required()
    requester.page.locator('main button.button--primary[value="submit"]').click()
    requester.page.wait_for_url("**/issues/*/")

    assert not requester.page.url.endswith(f"/issues/{question}/")
    gitlab.agrees("triage", labels=["bug"])


def test_a_ticket_is_handed_over(portal, people):
    requester, ops = people("requester"), people("ops")

    number = requester.file("portal-change")
    requester.sees("change the ticket's form to Support Ops")
    ops.take(number, "complete", text="The contact is added.")

    requester.page.goto(f"/issues/{number}/")
    requester.sees("Completed")


def test_without_javascript_a_request_is_filed_and_approved(portal, browser):
    requester = Person(browser, portal, "colleague", java_script_enabled=False)
    manager = Person(browser, portal, "manager", java_script_enabled=False)

    number = requester.file("calendly", title="Take me off the late event")
    manager.page.goto(f"/issues/{number}/approve/")
    manager.answer_what_is_required()
    manager.page.locator("main form button.button--primary").first.click()
    manager.page.wait_for_url(f"**/issues/{number}/")

    manager.sees("Triage")
    for person in (requester, manager):
        person.context.close()
