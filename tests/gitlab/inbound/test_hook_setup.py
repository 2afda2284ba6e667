"""The webhook of a tracker is made once, put right, and switched on again."""

import pytest

from tests.gitlab.inbound.looking import filed
from workflow.catalogue.models import Tracker
from workflow.gitlab.connect import EVENTS, set_up_hook, what_is_wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def tracker(cast, mirrored):
    """A tracker whose project is known."""
    return Tracker.objects.get(pk=filed(cast).tracker_id)


def hooks(gitlab, tracker):
    """The hooks GitLab has for it."""
    return gitlab.api("GET", f"/projects/{tracker.project_id}/hooks")


def test_a_missing_hook_is_made_with_both_secrets_and_every_event(mirrored, tracker):
    done, missing = set_up_hook(tracker)
    (hook,) = hooks(mirrored, tracker)
    assert (done != "", missing) == (True, "")
    assert hook["url"] == "https://portal.example/hooks/gitlab/"
    assert all(hook[name] for name in EVENTS)
    assert (hook["push_events"], hook["enable_ssl_verification"]) == (False, True)
    assert (hook["token_present"], hook["signing_token_present"]) == (True, True)


def test_a_second_time_changes_nothing(mirrored, tracker):
    set_up_hook(tracker)
    before = hooks(mirrored, tracker)
    set_up_hook(tracker)
    assert hooks(mirrored, tracker) == before


def test_a_hook_somebody_trimmed_is_put_right(mirrored, tracker):
    set_up_hook(tracker)
    (hook,) = hooks(mirrored, tracker)
    mirrored.api(
        "PUT",
        f"/projects/{tracker.project_id}/hooks/{hook['id']}",
        confidential_issues_events=False,
        enable_ssl_verification=False,
    )
    assert "confidential_issues_events" in what_is_wrong(tracker)
    set_up_hook(tracker)
    assert what_is_wrong(tracker) == ""
    assert hooks(mirrored, tracker)[0]["enable_ssl_verification"] is True


def test_other_peoples_hooks_are_left_alone(mirrored, tracker):
    mirrored.api("POST", f"/projects/{tracker.project_id}/hooks", url="https://other.example/hook")
    set_up_hook(tracker)
    assert [hook["url"] for hook in hooks(mirrored, tracker)] == [
        "https://other.example/hook",
        "https://portal.example/hooks/gitlab/",
    ]


def test_a_missing_hook_is_named(mirrored, tracker):
    assert "has no webhook to the portal" in what_is_wrong(tracker)


def test_a_role_that_is_too_low_is_named(mirrored, tracker):
    mirrored.fail("forbidden", method="GET", path=r"/hooks$")
    assert "Give it the Maintainer role there." in set_up_hook(tracker)[1]
