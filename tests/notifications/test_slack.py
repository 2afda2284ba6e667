"""Slack: through slack_sdk, against a small Slack that checks each request."""

import pytest

from supportops.accounts.models import User
from tests.factories import file_request, request_at
from tests.notifications.slack_server import TOKEN, SlackServer
from tests.notifications.telling import message_to, only_by, tell
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.notifications.models import Channel, ChannelState, Message, When
from workflow.states import State

MessageState = Message.State


@pytest.fixture
def slack(settings):
    """Slack, and the portal with its token."""
    server = SlackServer()
    settings.SLACK_BOT_TOKEN, settings.SLACK_API_URL = TOKEN, server.url
    yield server
    server.close()


@pytest.fixture
def cast(cast):
    """The manager and the requester are in Slack and want to hear everything there."""
    for one, slack_id in ((cast.manager, "U0MANAGER"), (cast.requester, "U0REQUESTER")):
        User.objects.filter(pk=one.pk).update(slack_id=slack_id)
        only_by(one, Channel.SLACK)
    return cast


@pytest.fixture
def asked(cast, clock):
    """A request whose approver is to be told by now."""
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly", title="Fish & <!channel> chips")
    clock.shift(180)
    return issue


def all_text(body):
    texts = (block["text"] if block["type"] == "section" else block["elements"][0] for block in body["blocks"])
    return "\n".join(text["text"] for text in texts)


def waiting(cast):
    return message_to(cast.manager, Channel.SLACK)


def test_a_direct_message_says_what_why_since_when_and_links_to_the_decision(slack, cast, asked):
    tell()
    [posted] = slack.posted
    text = all_text(posted)
    assert posted["channel"] == "U0MANAGER"
    assert "It waits for your decision: approve or decline." in text
    assert "Approval since Tuesday 10 March 2026, 09:00 UTC." in text
    assert f"<http://127.0.0.1:8000/issues/{asked.pk}/#decision-title|Open the decision>" in text
    assert "because it is about what needs you" in text and "/people/me/notices/" in text


def test_text_mentions_nobody(slack, cast, asked):
    tell()
    [posted] = slack.posted
    assert "Fish &amp; &lt;!channel&gt; chips" in all_text(posted) and "<!channel>" not in str(posted)


def test_there_is_nothing_to_press(slack, cast, asked):
    tell()
    assert {block["type"] for block in slack.posted[0]["blocks"]} == {"section", "context"}


def test_a_long_story_fits_into_slacks_limits(slack, cast, clock):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    for _ in range(30):
        comment(issue.pk, "<&>" * 2000, by=cast.ops)
    clock.shift(700)
    tell()
    assert [posted["channel"] for posted in slack.posted] == ["U0REQUESTER"]


def test_too_many_requests_wait_as_long_as_slack_says_and_cost_no_attempt(slack, cast, asked, clock):
    slack.answer(429, {"Retry-After": "90"}, ok=False, error="ratelimited")
    tell()
    assert waiting(cast).attempts == 0
    clock.shift(89)
    tell()
    assert len(slack.asked) == 1
    clock.shift(2)
    tell()
    assert len(slack.posted) == 1 and waiting(cast).state == MessageState.SENT


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "missing_scope", "account_inactive"])
def test_a_refused_token_pauses_slack_with_words_and_loses_nothing(error, slack, cast, asked):
    slack.answer(ok=False, error=error)
    tell()
    tell()
    paused = ChannelState.objects.get(channel=Channel.SLACK)
    assert (len(slack.asked), waiting(cast).attempts) == (1, 0)
    assert paused.reason == f"Slack refuses the portal ({error}). Correct SLACK_BOT_TOKEN or its scopes, then resume."
    paused.resume()
    tell()
    assert len(slack.posted) == 1


def test_a_wrong_token_is_refused(slack, cast, asked, settings):
    settings.SLACK_BOT_TOKEN = "xoxb-old"
    tell()
    assert ChannelState.objects.get(channel=Channel.SLACK).paused_at


def test_a_paused_channel_stops_no_other(slack, cast, asked, clock, mailoutbox):
    ChannelState.pause(Channel.SLACK, "by hand")
    only_by(cast.requester, Channel.EMAIL)
    comment(asked.pk, "Hello", by=cast.ops)
    clock.shift(180)
    tell()
    assert (len(mailoutbox), slack.asked) == (1, [])


@pytest.mark.parametrize("error", ["channel_not_found", "user_disabled"])
def test_somebody_slack_does_not_know_is_parked_with_words(error, slack, cast, asked, clock):
    slack.answer(ok=False, error=error)
    tell()
    clock.shift(100_000)
    tell()
    assert len(slack.asked) == 1 and waiting(cast).parked
    assert waiting(cast).last_error == (
        f"Slack knows nobody by the person's member id ({error}). Correct it, then try again."
    )


@pytest.mark.parametrize(
    "answer",
    [{"silent": True}, {"status": 500}, {"status": 502}, {"ok": False, "error": "fatal_error"}],
    ids=["silence", "500", "502", "fatal error"],
)
def test_what_slack_may_have_taken_is_not_sent_twice(answer, slack, cast, asked, clock):
    slack.answer(**answer)
    tell()
    clock.shift(100_000)
    tell()
    assert len(slack.asked) == 1
    assert (waiting(cast).state, waiting(cast).parked) == (MessageState.UNCONFIRMED, True)


def test_a_slack_that_is_away_costs_no_attempt(slack, cast, asked, clock, settings):
    url, settings.SLACK_API_URL = settings.SLACK_API_URL, "http://127.0.0.1:9/api/"
    tell()
    assert (waiting(cast).attempts, waiting(cast).last_error) == (0, "Slack cannot be reached.")
    settings.SLACK_API_URL = url
    clock.shift(61)
    tell()
    assert len(slack.posted) == 1


def test_sent_again_by_hand_it_has_the_same_name(slack, cast, asked):
    slack.answer(silent=True)
    tell()
    waiting(cast).wake()
    tell()
    first, second = slack.asked
    assert first["client_msg_id"] == second["client_msg_id"]


def test_who_has_no_member_id_gets_nothing_there(slack, cast, asked):
    User.objects.update(slack_id="")
    tell()
    assert slack.asked == [] and not Message.objects.filter(channel=Channel.SLACK).exists()


def test_a_digest_of_very_many_requests_is_cut_short(slack, cast, clock):
    only_by(cast.requester, Channel.SLACK, When.DIGEST)
    for _ in range(18):
        comment(file_request(cast).pk, "Hello", by=cast.ops)
    tell()
    clock.shift(86_400)
    tell()
    [posted] = slack.posted
    assert "And 3 more in your inbox." in all_text(posted)


def test_the_token_is_in_no_error(slack, cast, asked):
    slack.answer(ok=False, error="something_new")
    tell()
    assert waiting(cast).parked and TOKEN not in waiting(cast).last_error
    assert Issue.objects.get(pk=asked.pk).state == State.APPROVAL
