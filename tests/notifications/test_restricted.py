"""Nothing about a restricted request leaves the portal but its number: not by mail, not by Slack, not by the log."""

import logging

import pytest
import structlog

from supportops.accounts.models import User
from tests.factories import file_request, restrict
from tests.notifications.slack_server import TOKEN, SlackServer
from tests.notifications.telling import Reason, html_of, mails_to, prefer, tell
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.notifications.models import Channel, Reminder, When
from workflow.notifications.reminders import remind_people
from workflow.notifications.routing import route_new

CANARY = "Canary serinus"
SECRETS = (
    CANARY,
    "Requester",
    "Manager",
    "Ops",
    "needs you",
    "filed",
    "watch",
    "Calendly",
    "Team",
)


@pytest.fixture
def slack(settings):
    """Slack, and the portal with its token."""
    server = SlackServer()
    settings.SLACK_BOT_TOKEN, settings.SLACK_API_URL = TOKEN, server.url
    yield server
    server.close()


@pytest.fixture
def hidden(cast):
    """A confidential request that waits for the manager, its canary in every text; both hear by mail and Slack."""
    User.objects.filter(pk=cast.manager.pk).update(slack_id="U0MANAGER")
    User.objects.filter(pk=cast.requester.pk).update(slack_id="U0REQUESTER")
    for person in (cast.manager, cast.requester):
        prefer(person, When.AT_ONCE)
    issue = file_request(
        cast,
        Kind.ADMINISTRATIVE,
        route="calendly",
        title=f"{CANARY} title",
        description=f"{CANARY} text",
        confidential=True,
    )
    comment(issue.pk, f"{CANARY} comment", by=cast.requester)
    comment(issue.pk, f"{CANARY} answer", by=cast.manager)
    return issue


def everything_sent(slack, mailoutbox):
    return [str(body) for body in slack.asked] + [mail.message().as_string() + html_of(mail) for mail in mailoutbox]


def test_only_the_number_leaves_and_what_is_asked(hidden, cast, clock, slack, mailoutbox):
    clock.shift(700)
    tell()
    sent = everything_sent(slack, mailoutbox)
    assert len(mailoutbox) == 2 and len(slack.posted) == 2
    assert all(f"SO-{hidden.pk}" in text and f"/issues/{hidden.pk}/" in text for text in sent)
    said = [text.replace("SupportOps <", "") for text in sent]
    assert [secret for secret in SECRETS for text in said if secret in text] == []
    [asked] = mails_to(cast.manager)
    assert "It waits for your decision: approve or decline. This request is restricted" in asked.body


def test_the_canary_would_be_seen_in_an_open_request(cast, clock, mailoutbox):
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly", title=CANARY)
    clock.shift(700)
    tell()
    assert any(CANARY in text for text in everything_sent(type("None", (), {"asked": []}), mailoutbox))


def test_the_subject_is_the_number(hidden, cast, clock, mailoutbox):
    clock.shift(700)
    tell()
    assert {mail.subject for mail in mailoutbox} == {f"[SO-{hidden.pk}]"}


def test_what_is_restricted_while_a_message_waits_counts(cast, clock, slack, mailoutbox):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly", title=CANARY)
    route_new()
    restrict(issue)
    clock.shift(700)
    tell()
    assert [CANARY in text for text in everything_sent(slack, mailoutbox)] == [False]


def test_who_may_not_see_it_any_more_is_told_nothing(cast, clock, mailoutbox):
    issue = file_request(cast)
    prefer(cast.colleague, When.AT_ONCE)
    issue.watches.create(person=cast.colleague)
    comment(issue.pk, "Hello", by=cast.ops)
    route_new()
    restrict(issue)
    clock.shift(700)
    tell()
    assert mails_to(cast.colleague) == []


def test_a_digest_names_only_its_number(hidden, cast, clock, mailoutbox):
    prefer(cast.requester, When.DIGEST, channels=[Channel.EMAIL])
    clock.shift(100_000)
    tell()
    clock.shift(100_000)
    tell()
    [digest] = mails_to(cast.requester)
    assert f"SO-{hidden.pk}" in digest.body and CANARY not in digest.message().as_string()


def test_its_reminders_say_no_more(hidden, cast, clock, slack, mailoutbox):
    Issue.objects.filter(pk=hidden.pk).update(title=CANARY)
    clock.shift(3 * 86_400)
    remind_people()
    assert Reminder.objects.filter(person=cast.manager).exists()
    clock.shift(700)
    tell()
    assert not any(CANARY in text or "waited" in text for text in everything_sent(slack, mailoutbox))


def test_the_log_says_nothing_at_its_most_talkative(hidden, cast, clock, slack, mailoutbox, caplog):
    caplog.set_level(logging.DEBUG)
    slack.answer(ok=False, error="channel_not_found")
    slack.answer(429, {"Retry-After": "5"}, ok=False, error="ratelimited")
    clock.shift(700)
    with structlog.testing.capture_logs() as lines:
        tell()
    assert lines and CANARY not in str(lines) + caplog.text


@pytest.mark.parametrize("reason", Reason)
def test_no_preference_changes_that(reason, hidden, cast, clock, mailoutbox):
    prefer(cast.manager, When.AT_ONCE, reasons=[reason])
    clock.shift(700)
    tell()
    assert mailoutbox and CANARY not in "".join(mail.message().as_string() for mail in mailoutbox)
