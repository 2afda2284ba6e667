"""Whether GitLab keeps scoped labels apart itself is found out, and what it would not show is not asked for."""

import pytest

from tests.factories import file_request
from tests.gitlab.pushing import push
from tests.gitlab.sandboxed import GitLab
from workflow.catalogue.models import Route, Tracker
from workflow.gitlab.connect import connect
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection, LabelScheme

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[True, False], ids=["Premium", "Free"])
def plan(request, tmp_path, settings):
    """(whether the sandbox has the paid plan, the sandbox)."""
    with GitLab(tmp_path / "gitlab", premium=request.param) as running:
        settings.GITLAB_URL, settings.GITLAB_TOKEN = running.url, running.bot_token
        settings.PORTAL_URL = "https://portal.example"
        yield request.param, running


def two_of_a_scope():
    """The scheme writes two stage labels for triage."""
    scheme = LabelScheme.objects.get(name="2025")
    scheme.labels.create(family="validation", key="triage", name="Stage::New", color="#123abc")


def test_connecting_finds_out_what_the_plan_is(cast, plan):
    paid, _ = plan
    push(file_request(cast))
    Tracker.objects.exclude(project_id__isnull=False).update(is_active=False)
    LabelScheme.objects.get(is_active=True).labels.exclude(key="bug").delete()
    report = connect()
    assert Connection.load().premium is paid
    assert any(("(Premium)" if paid else "(Free)") in line for line in report.done)


def test_without_an_issue_to_tell_by_it_stays_as_it_was_known(db, plan):
    _, gitlab = plan
    Tracker.objects.exclude(path="gitlab-com/support/team").update(is_active=False)
    LabelScheme.objects.get(is_active=True).labels.exclude(key="bug").delete()
    connect()
    assert Connection.load().premium is None


def test_a_request_with_two_labels_of_a_scope_comes_into_step_on_either_plan(cast, plan):
    paid, gitlab = plan
    two_of_a_scope()
    Connection.load()
    Connection.objects.update(premium=paid)
    mirror = push(file_request(cast))
    assert (mirror.status, mirror.last_synced["dropped"], mirror.last_error) == (GitLabLink.Status.IN_STEP, [], "")
    stages = {name for name in gitlab.issue(mirror)["labels"] if name.startswith("Stage::")}
    assert stages == ({"Stage::Triage"} if paid else {"Stage::Triage", "Stage::New"})


def test_a_default_label_does_not_stand_against_one_of_the_portals(cast, plan):
    _, gitlab = plan
    Route.objects.filter(key="bug").update(default_labels=["Stage::Vendor", "zendesk-theme"])
    mirror = push(file_request(cast))
    assert {"Stage::Triage", "zendesk-theme"} <= set(gitlab.issue(mirror)["labels"])
    assert "Stage::Vendor" not in gitlab.issue(mirror)["labels"]
    assert gitlab.calls("PUT") == []
