"""While a change of the scheme is half way, what GitLab shows is nobody's wish, and what people wish is understood."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import file_request, request_at
from tests.gitlab.inbound.looking import change, filed, look, said_back, sync
from tests.gitlab.label_schemes.changing import begin_change, carry_out, labels, put_on
from tests.gitlab.pushing import push
from workflow.actions import set_priority
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import GitLabLink, LabelSchemeChange
from workflow.gitlab.push import push_issue
from workflow.gitlab.relabel import go_on
from workflow.models import Event, Issue
from workflow.models.event import CONFLICT, UNDONE
from workflow.states import Source, State

pytestmark = pytest.mark.django_db
READY = "Zendesk,p2"
HALF_A_MINUTE = timedelta(seconds=30)
STANDING = (
    (State.DESIGN, Kind.FEATURE),
    (State.PLANNING, Kind.FEATURE),
    (State.SCHEDULED, Kind.FEATURE),
    (State.IMPLEMENTATION, Kind.BUG),
)
"""States that one scheme writes with a label by which the other means another state, or has another label for."""


@pytest.fixture
def standing(cast, mirrored):
    """A request in each of STANDING, as GitLab shows it by the scheme "2025"; looked at once."""
    made = [request_at(state, kind, cast=cast) for state, kind in STANDING]
    for issue in made:
        push(issue)
        look(issue)
    return made


def test_a_half_applied_change_is_no_step_either_way(cast, mirrored, standing):
    states = [Issue.objects.get(pk=issue.pk).state for issue in standing]
    notes = [len(mirrored.notes(GitLabLink.objects.get(pk=issue.pk))) for issue in standing]
    for name, kept_behind in (("2026", standing[::2]), ("2025", standing[1::2])):
        begin_change(name, by=cast.lead)
        go_on(seconds=0)
        ahead = [issue for issue in standing if issue not in kept_behind]
        for issue in ahead:
            GitLabLink.objects.get(pk=issue.pk).want_push()
            push_issue(issue.pk)
        for issue in standing:
            change(mirrored, issue, add_labels=f"seen-{name}")  # a person did something there, so all of it is read
            look(issue)
        carry_out()
        assert [look(issue).state for issue in standing] == states
    assert not Event.objects.filter(source=Source.GITLAB).exists()
    assert not Event.objects.filter(verb__in=(UNDONE, CONFLICT)).exists()
    assert [len(mirrored.notes(GitLabLink.objects.get(pk=issue.pk))) for issue in standing] == notes
    assert all({"seen-2026", "seen-2025"} <= labels(mirrored, issue) for issue in standing)


def test_a_label_put_on_before_the_change_is_read_as_it_was_meant(cast, mirrored):
    """“Stage::Planning” says design in the new scheme; who put it on under the old one did not accept the bug."""
    bug = filed(cast)
    begin_change("2026", by=cast.lead)
    LabelSchemeChange.objects.update(at=timezone.now() + HALF_A_MINUTE)
    put_on(mirrored, bug, *READY.split(","), "Stage::Planning")
    bug = sync(bug)
    assert bug.state == State.TRIAGE
    assert len(said_back(bug, UNDONE)) == 1


def test_a_label_put_on_after_the_change_is_read_by_the_new_scheme(cast, mirrored):
    bug = filed(cast)
    begin_change("2026", by=cast.lead)
    LabelSchemeChange.objects.update(at=timezone.now() - HALF_A_MINUTE)
    put_on(mirrored, bug, *READY.split(","), "Stage::Planning")
    bug = sync(bug)
    assert bug.state == State.DESIGN
    assert said_back(bug, UNDONE) == []


def test_what_somebody_did_is_undone_at_once_not_when_its_turn_comes(cast, mirrored):
    bug = filed(cast)
    begin_change("2026", by=cast.lead)
    go_on(seconds=0)
    put_on(mirrored, bug, "Stage::Completed")
    look(bug)
    push_issue(bug.pk)
    assert len(said_back(bug, UNDONE)) == 1
    assert {name for name in labels(mirrored, bug) if name.startswith("Stage::")} == {"Stage::Triage"}


@pytest.mark.parametrize("spelt", ["p1", "Priority::1"])
def test_a_shared_value_in_either_spelling_is_taken_without_a_quarrel(cast, mirrored, spelt):
    """The scheme changed how the portal writes the priority; nobody in the portal changed the priority."""
    bug = file_request(cast)
    set_priority(bug.pk, 2, by=cast.ops)
    push(bug)
    look(bug)
    begin_change("2026", by=cast.lead)
    change(mirrored, bug, add_labels=spelt, remove_labels="p2")
    bug = sync(bug)
    assert bug.priority == 1
    assert said_back(bug, CONFLICT) == []
    assert "Priority::1" in labels(mirrored, bug)
    assert not {"p1", "p2"} & labels(mirrored, bug)
