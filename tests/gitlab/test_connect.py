"""``gitlab_connect`` finds and completes what the mirror needs, and says in plain words what is missing."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from workflow.catalogue.models import Tracker
from workflow.gitlab.models.connection import Connection, LabelScheme, SchemeLabel
from workflow.models import Milestone

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_trackers():
    """Two trackers are enough, and quick."""
    kept = ["gitlab-com/support/team", "gitlab-com/support/support-team-meta"]
    Tracker.objects.exclude(path__in=kept).update(is_active=False)


def connect():
    """Run the command; returns what it printed."""
    out = io.StringIO()
    call_command("gitlab_connect", stdout=out)
    return out.getvalue()


def test_it_learns_who_the_bot_is_and_where_the_trackers_are(mirrored):
    printed = connect()
    connection, tracker = Connection.load(), Tracker.objects.get(path="gitlab-com/support/team")
    assert (connection.bot_username, connection.url) == ("support-bot", mirrored.url)
    assert mirrored.api("GET", f"/projects/{tracker.project_id}")["path_with_namespace"] == tracker.path
    assert "Connected." in printed


@pytest.mark.parametrize("name", ["2025", "2026"])
def test_it_creates_missing_labels_of_the_active_scheme_with_their_colours(mirrored, name):
    LabelScheme.objects.update(is_active=False)
    LabelScheme.objects.filter(name=name).update(is_active=True)
    SchemeLabel.objects.create(
        scheme=LabelScheme.objects.get(name=name), family="system", key="New", name="New", color="#123abc"
    )
    connect()
    tracker = Tracker.objects.get(path="gitlab-com/support/team")
    path = f"/projects/{tracker.project_id}/labels?per_page=100&include_ancestor_groups=true"
    there = {label["name"]: label["color"] for label in mirrored.api("GET", path)}
    assert set(SchemeLabel.objects.filter(alias=False, scheme__name=name).values_list("name", flat=True)) <= set(there)
    assert there["New"].lower() == "#123abc"


def test_it_reads_the_milestones_of_the_groups_above(mirrored):
    connect()
    assert Milestone.objects.filter(tracker__path="gitlab-com/support/team", title__contains="Deployment").exists()


def test_a_second_run_changes_nothing_there(mirrored):
    connect()
    mirrored.forget()
    connect()
    assert mirrored.calls("POST") == []


def test_a_tracker_that_is_not_there_is_named_with_what_to_do(mirrored):
    Tracker.objects.filter(path="gitlab-com/support/team").update(path="gitlab-com/support/gone")
    with pytest.raises(CommandError, match="gitlab-com/support/gone. Make the bot a member"):
        connect()


def test_a_role_that_is_too_low_is_named(mirrored):
    mirrored.api("PUT", f"/groups/gitlab-com/members/{mirrored.bot_id}", access_level=10)
    with pytest.raises(CommandError, match="role in gitlab-com/support/team is too low"):
        connect()


def test_a_token_nobody_knows_is_named(mirrored, settings):
    settings.GITLAB_TOKEN = "nobody-knows-this-one"
    with pytest.raises(CommandError, match="Set a new GITLAB_TOKEN"):
        connect()


def test_another_bot_than_expected_is_named(mirrored, settings):
    settings.GITLAB_BOT_USERNAME = "somebody-else"
    with pytest.raises(CommandError, match="belongs to @support-bot, not to @somebody-else"):
        connect()


def test_a_complete_connection_goes_on_after_a_pause(mirrored):
    Connection.load().pause("The token was refused.")
    connect()
    assert not Connection.load().paused


def test_an_incomplete_connection_stays_paused(mirrored):
    Connection.load().pause("The token was refused.")
    Tracker.objects.filter(path="gitlab-com/support/team").update(path="gitlab-com/support/gone")
    with pytest.raises(CommandError):
        connect()
    assert Connection.load().paused


def test_gitlab_away_is_said_in_words(settings, db):
    settings.GITLAB_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="could not be reached"):
        connect()
