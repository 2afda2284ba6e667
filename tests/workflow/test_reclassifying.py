"""A request that turns out to be something else starts anew as that, with its GitLab issue."""

import pytest

from tests.factories import answers_for, file_request, step
from workflow.actions import Incomplete
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.forms.follow_ups import entries_for
from workflow.gitlab.models import GitLabLink
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db


def reclassify(issue, by, key):
    return step(issue, Verb.RECLASSIFY, by, route=Route.objects.get(key=key), text="It is.", answers=answers_for(key))


def test_a_question_that_becomes_a_bug_gets_its_gitlab_issue(cast):
    issue = reclassify(file_request(cast, Kind.QUESTION), cast.ops, "bug")

    assert (issue.kind, issue.state) == (Kind.BUG, State.TRIAGE)
    assert GitLabLink.objects.get(issue=issue).due_at is not None


def test_a_bug_that_becomes_a_question_keeps_its_gitlab_issue(cast):
    bug = file_request(cast, Kind.BUG)

    issue = reclassify(bug, cast.ops, "question")

    assert (issue.kind, issue.tracker, GitLabLink.objects.filter(issue=issue).count()) == (
        Kind.QUESTION,
        bug.tracker,
        1,
    )


def test_what_needs_an_approval_as_that_asks_for_it(cast):
    issue = reclassify(file_request(cast, Kind.BUG), cast.ops, "calendly")

    assert issue.state == State.APPROVAL
    assert Issue.objects.get(pk=issue.pk).approvers == [cast.manager]


def test_what_the_entry_alone_concerns_is_its_system(cast):
    issue = file_request(cast, Kind.BUG, system="Zapier")

    assert reclassify(issue, cast.ops, "calendly").system == "Calendly"


def test_nothing_becomes_what_a_tracker_takes_no_more(cast):
    issue = file_request(cast, Kind.QUESTION)
    Tracker.objects.filter(route__key="bug").update(is_active=False)

    with pytest.raises(Incomplete, match="takes no new requests"):
        reclassify(issue, cast.ops, "bug")

    assert "bug" not in dict(entries_for(Verb.RECLASSIFY, issue))
