"""Alarms of what happens in GitLab itself: two sides at odds over who may read, second issues, fights."""

import pytest

from supportops.portal.watch import watch
from tests.factories import request_at, restrict
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, push, shown, sync
from workflow.gitlab.models.alarms import Alarm, Kind
from workflow.gitlab.operations import retry
from workflow.gitlab.poll import poll_all
from workflow.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


def kinds():
    """Kinds of the alarms that are open after a watch."""
    watch()
    return sorted(Alarm.objects.open().values_list("kind", flat=True))


def test_a_restricted_issue_made_visible_is_an_alarm_until_it_is_hidden_again(cast, mirrored):
    secret = restrict(request_at(State.TRIAGE, cast=cast))
    cast.federal.groups.add(secret.restricted_to)
    push(secret)
    look(secret)
    change(mirrored, secret, by="ops", confidential=False)
    look(secret)
    assert kinds() == [Kind.MISMATCH]

    change(mirrored, secret, by="ops", confidential=True)
    retry(secret.pk, by=type(cast.federal).objects.get(pk=cast.federal.pk))
    sync(secret)
    assert kinds() == []


def test_an_issue_that_gitlab_does_not_hide_is_an_alarm(cast, mirrored, bug):
    mirrored.api("PUT", f"/groups/gitlab-com/members/{mirrored.bot_id}", access_level=10)  # a guest hides nothing
    restrict(bug)
    mirror_of(bug).want_push()
    push(bug)
    assert not shown(mirrored, bug)["confidential"]
    assert kinds() == [Kind.MISMATCH]


def test_a_late_twin_is_an_alarm_though_it_was_closed(cast, mirrored, bug):
    mirror = mirror_of(bug)
    twin = mirrored.api(
        "POST",
        f"/projects/{mirror.project_id}/issues",
        sudo="support-bot",
        title="Twin",
        description=shown(mirrored, bug)["description"],
    )
    poll_all()
    poll_all()
    assert kinds() == [Kind.TWIN]
    assert f"#{mirror.iid} and #{twin['iid']}" in Alarm.objects.get().reason


def test_a_fight_over_a_field_is_one_alarm_until_somebody_ends_it(cast, mirrored, bug):
    for number in range(6):
        change(mirrored, bug, by="colleague", title=f"Mine {number}")
        sync(bug)
    assert kinds() == [Kind.LOOP]
    retry(bug.pk, by=cast.ops)
    assert kinds() == []
