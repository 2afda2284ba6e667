"""What people hear of a validation: what to check, what failed and why, that it went back and forth too often."""

from django.core import mail

from tests.factories import request_at, step
from tests.notifications.telling import mails_to, tell
from workflow.actions import check, delegate
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb


def ask(issue, cast, *items):
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="In the sandbox.", items=list(items))
    return Issue.objects.get(pk=issue.pk)


def told(clock, person):
    """The body of the one mail that reaches this person about all that happened just now."""
    mail.outbox.clear()
    tell()
    clock.shift(700)
    tell()
    [arrived] = mails_to(person)
    return arrived.body


def test_who_validates_reads_what_to_check(cast, clock):
    issue = ask(request_at(State.DEVELOPMENT, cast=cast), cast, "It opens", "It saves")
    delegate(issue.pk, cast.colleague, by=cast.requester, text="You know it best.")

    assert "> In the sandbox.\n>\n> - It opens\n> - It saves" in told(clock, cast.requester)
    assert "> You know it best." in mails_to(cast.colleague)[0].body


def test_who_did_the_work_reads_what_failed_and_why(cast, clock):
    issue = ask(request_at(State.DEVELOPMENT, cast=cast), cast, "It opens", "It saves")
    check(issue.pk, issue.checklist[1].pk, "failed", by=cast.requester, note="Nothing happens.")
    step(issue, Verb.SEND_BACK, cast.requester, text="Nearly.")

    assert "> - It saves: Nothing happens.\n>\n> Nearly." in told(clock, cast.ops)


def test_the_lead_reads_that_it_was_sent_back_again_and_again(cast, clock):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    for _ in range(3):
        ask(issue, cast)
        step(issue, Verb.SEND_BACK, cast.requester, text="No.")

    body = told(clock, cast.lead)

    assert f"The portal raised {issue.reference} to the lead." in body
    assert "> It was sent back from validation 3 times in a row." in body
