"""The page on which people choose what reaches them."""

from datetime import time

import pytest

from tests.notifications.telling import Reason
from workflow.notifications.models import Channel, QuietHours, When
from workflow.notifications.preferences import DEFAULTS, preferences_of

PAGE = "/people/me/notices/"
CHOSEN = {
    "needs_you_email": "digest",
    "needs_you_slack": "off",
    "filed_email": "off",
    "filed_slack": "at-once",
    "watched_email": "at-once",
    "watched_slack": "digest",
    "touched_email": "digest",
    "touched_slack": "off",
    "mentioned_email": "digest",
    "mentioned_slack": "at-once",
    "on_duty_email": "off",
    "on_duty_slack": "digest",
    "owned_email": "digest",
    "owned_slack": "off",
    "begins": "22:00",
    "ends": "06:30",
    "weekends": "on",
}


@pytest.fixture
def rita(client, cast):
    """A browser signed in as the requester."""
    client.force_login(cast.requester)
    return client


def test_it_shows_what_holds(rita):
    form = rita.get(PAGE).context["form"]
    assert {name: form[name].value() for name in CHOSEN} == {
        **{f"{reason}_{way}".replace("-", "_"): DEFAULTS[reason, way] for reason in Reason for way in Channel},
        "begins": None,
        "ends": None,
        "weekends": False,
    }


def test_what_is_chosen_holds_and_is_shown_again(rita, cast):
    assert rita.post(PAGE, CHOSEN).url == PAGE
    chosen = preferences_of(cast.requester)
    assert chosen.choices == {
        (Reason.NEEDS_YOU, Channel.EMAIL): When.DIGEST,
        (Reason.NEEDS_YOU, Channel.SLACK): When.OFF,
        (Reason.FILED, Channel.EMAIL): When.OFF,
        (Reason.FILED, Channel.SLACK): When.AT_ONCE,
        (Reason.WATCHED, Channel.EMAIL): When.AT_ONCE,
        (Reason.WATCHED, Channel.SLACK): When.DIGEST,
        (Reason.TOUCHED, Channel.EMAIL): When.DIGEST,
        (Reason.TOUCHED, Channel.SLACK): When.OFF,
        (Reason.MENTIONED, Channel.EMAIL): When.DIGEST,
        (Reason.MENTIONED, Channel.SLACK): When.AT_ONCE,
        (Reason.ON_DUTY, Channel.EMAIL): When.OFF,
        (Reason.ON_DUTY, Channel.SLACK): When.DIGEST,
        (Reason.OWNED, Channel.EMAIL): When.DIGEST,
        (Reason.OWNED, Channel.SLACK): When.OFF,
    }
    assert (chosen.begins, chosen.ends, chosen.weekends) == (time(22), time(6, 30), True)
    page = rita.get(PAGE).content.decode()
    assert 'value="22:00"' in page and 'value="06:30"' in page


def test_empty_times_mean_never_quiet(rita, cast):
    rita.post(PAGE, {**CHOSEN, "begins": "", "ends": "", "weekends": ""})
    assert preferences_of(cast.requester).begins is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"begins": ""}, "Give both times, or neither."),
        ({"ends": ""}, "Give both times, or neither."),
        ({"begins": "25:00"}, "Enter a valid time."),
        ({"filed_email": "hourly"}, "Select a valid choice."),
        ({"filed_email": ""}, "This field is required."),
    ],
)
def test_what_makes_no_sense_is_asked_again_and_changes_nothing(wrong, words, rita, cast):
    answer = rita.post(PAGE, {**CHOSEN, **wrong})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not QuietHours.objects.exists()


def test_one_persons_choice_is_nobody_elses(rita, cast):
    rita.post(PAGE, {**CHOSEN, "person": cast.ops.pk})
    assert preferences_of(cast.ops).choices == DEFAULTS


def test_looking_changes_nothing_whatever_the_address_says(rita, cast):
    rita.get(PAGE, CHOSEN)
    assert preferences_of(cast.requester).choices == DEFAULTS


@pytest.mark.parametrize(
    ("sends", "token", "words"),
    [
        (False, "", "This portal sends no e-mail yet."),
        (True, "", "This portal is in no Slack workspace yet."),
        (True, "xoxb-1", "Your Slack member id is not known here."),
    ],
)
def test_it_says_what_cannot_reach_and_who_puts_it_right(sends, token, words, rita, settings):
    settings.SENDS_EMAIL, settings.SLACK_BOT_TOKEN = sends, token
    assert words in rita.get(PAGE).content.decode()


def test_settings_lead_there(rita):
    assert f'href="{PAGE}"' in rita.get("/people/me/").content.decode()
