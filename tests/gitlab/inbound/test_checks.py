"""What only GitLab can say about webhooks and token is asked once an hour, and becomes an alarm."""

from datetime import timedelta

import pytest
from django.utils import timezone
from msgspec.structs import replace

from supportops.portal.watch import watch
from tests.gitlab.inbound.looking import filed
from workflow.catalogue.models import Tracker
from workflow.gitlab.client import ReadingGateway
from workflow.gitlab.connect import set_up_hook
from workflow.gitlab.models.alarms import Alarm, GitLabCheck, Kind
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.monitoring import check_gitlab
from workflow.gitlab.schemas import RemoteToken
from workflow.gitlab.tasks import check_gitlab as task

pytestmark = pytest.mark.django_db


@pytest.fixture
def tracker(cast, mirrored):
    """The only tracker in use, with its webhook."""
    tracker = Tracker.objects.get(pk=filed(cast).tracker_id)
    Tracker.objects.exclude(pk=tracker.pk).update(is_active=False)
    set_up_hook(tracker)
    return tracker


def an_hour_passes():
    """Every check is due again."""
    GitLabCheck.objects.update(checked_at=timezone.now() - timedelta(hours=1))


def alarms():
    """{kind: reason} of the open alarms."""
    watch()
    return dict(Alarm.objects.open().values_list("kind", "reason"))


def answer_about_the_token(monkeypatch, **answer):
    """GitLab says this about the token."""
    monkeypatch.setattr(ReadingGateway, "token", lambda self: RemoteToken(**answer))


def hook_of(gitlab, tracker):
    """The address of its webhook below the API."""
    path = f"/projects/{tracker.project_id}/hooks"
    return f"{path}/{gitlab.api('GET', path)[0]['id']}"


def test_all_in_order_is_no_alarm(mirrored, tracker):
    check_gitlab()
    assert (GitLabCheck.objects.filter(problem="").count(), alarms()) == (2, {})


def test_a_hook_that_is_gone_is_an_alarm_until_it_is_there_again(mirrored, tracker):
    mirrored.api("DELETE", hook_of(mirrored, tracker))
    check_gitlab()
    assert alarms() == {Kind.HOOK: f"{tracker.path} has no webhook to the portal. Run gitlab_connect."}

    set_up_hook(tracker)
    an_hour_passes()
    check_gitlab()
    assert alarms() == {}


def test_35_a_hook_that_gitlab_switched_off_is_an_alarm(mirrored, tracker, monkeypatch):
    hooks = ReadingGateway.hooks
    monkeypatch.setattr(
        ReadingGateway, "hooks", lambda self, project: [replace(hook, disabled=True) for hook in hooks(self, project)]
    )
    check_gitlab()
    assert "switched the webhook" in alarms()[Kind.HOOK]


def test_a_token_that_may_too_little_or_expires_soon_is_an_alarm(mirrored, tracker, monkeypatch):
    expires = timezone.localdate() + timedelta(days=20)
    answer_about_the_token(monkeypatch, scopes=("read_api",), expires_at=expires)
    check_gitlab()
    watch()
    reasons = sorted(Alarm.objects.open().filter(kind=Kind.TOKEN).values_list("reason", flat=True))
    assert reasons[0].startswith(f"It expires on {expires.day} ")
    assert reasons[1] == "It may only do this: read_api. It needs the scope api."
    assert Connection.load().token_expires_at == expires

    answer_about_the_token(monkeypatch, scopes=("api",), expires_at=expires + timedelta(days=300))
    an_hour_passes()
    check_gitlab()
    assert alarms() == {}


def test_it_asks_once_an_hour_however_often_it_is_called(mirrored, tracker):
    check_gitlab()
    mirrored.forget()
    task()
    assert mirrored.calls() == []
    an_hour_passes()
    task()
    assert len(mirrored.calls()) == 2


def test_gitlab_away_teaches_nothing(mirrored, tracker):
    mirrored.fail("server_error", method="GET", path=r"/personal_access_tokens")
    check_gitlab()
    assert not GitLabCheck.objects.exists()


def test_a_refused_token_pauses_the_connection(mirrored, tracker, settings):
    settings.GITLAB_TOKEN = "nobody-knows-this-one"
    check_gitlab()
    assert Connection.load().paused
    assert Kind.PAUSED in alarms()


def test_nothing_is_asked_while_paused(mirrored, tracker):
    Connection.load().pause("For a test.")
    mirrored.forget()
    check_gitlab()
    assert mirrored.calls() == []


def test_a_tracker_that_is_not_used_any_more_has_no_alarm(mirrored, tracker):
    mirrored.api("DELETE", hook_of(mirrored, tracker))
    check_gitlab()
    Tracker.objects.filter(pk=tracker.pk).update(is_active=False)
    check_gitlab()
    assert alarms() == {}
