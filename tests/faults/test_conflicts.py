"""GitLab says 409: what carries our own mark is adopted, nothing else is (row 22)."""

import pytest

from tests.factories import file_request
from tests.gitlab.pushing import push, push_later
from workflow.gitlab.escaping import managed_block
from workflow.gitlab.models import GitLabLink

pytestmark = [pytest.mark.django_db, pytest.mark.fault(22)]
ISSUES = r"/projects/\d+/issues$"


def test_a_duplicate_that_is_our_own_is_adopted(cast, mirrored):
    issue = file_request(cast)
    mirrored.fail("conflict", path=ISSUES, apply=True)
    mirror = push(issue)
    assert (mirror.status, mirror.creating_since) == ("in-step", None)
    assert [found["iid"] for found in mirrored.with_marker(mirror)] == [mirror.iid]


def test_a_duplicate_that_only_looks_like_ours_is_not(cast, mirrored):
    issue = file_request(cast)
    push(file_request(cast))  # now the tracker's number is known
    copied = managed_block(GitLabLink.objects.get(pk=issue.pk).marker, "Copied.")
    issue.tracker.refresh_from_db()
    mirrored.api("POST", f"/projects/{issue.tracker.project_id}/issues", sudo="ops", title="Mine", description=copied)
    mirrored.fail("conflict", path=ISSUES)
    mirror = push(issue)
    assert (mirror.status, mirror.iid, mirror.creating_since) == ("parked", None, None)
    assert "Duplicated issue" in mirror.last_error


def test_a_conflict_nobody_can_look_into_is_doubtful_not_refused(cast, mirrored):
    issue = file_request(cast)
    mirrored.fail("conflict", path=ISSUES, apply=True)
    mirrored.fail("server_error", method="GET", path=ISSUES)
    mirror = push(issue)
    assert (mirror.parked, mirror.creating_since is not None) == (False, True)


def test_an_issue_that_is_busy_is_tried_again(cast, mirrored):
    issue = file_request(cast)
    mirrored.fail("conflict", path=ISSUES, message="409 Conflict: Resource lock")
    assert push(issue).status == "behind"
    mirror = push_later(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)
