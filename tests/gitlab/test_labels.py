"""The label schemes say what domain.md §3 says."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from supportops.accounts.models import Division
from workflow.catalogue.kinds import Kind
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models.connection import LabelScheme, SchemeLabel
from workflow.models import Issue
from workflow.states import Priority, State

pytestmark = pytest.mark.django_db
STAGES = {
    "discussion": ([], []),
    "approval": ([], []),
    "triage": (["Stage::Triage"], ["Stage::Triage"]),
    "escalated": (["Stage::Triage"], ["Stage::Triage"]),
    "backlog": (["Stage::Backlogged"], ["Stage::Backlogged"]),
    "design": (["Stage::Design"], ["Stage::Planning"]),
    "planning": (["Stage::Planning"], ["Stage::Scheduling"]),
    "scheduled": (["Stage::Planning"], ["Stage::Queued"]),
    "development": (["Stage::Development"], ["Stage::Development"]),
    "validation": (["Stage::Validation"], ["Stage::Validation", "Validation::Awaiting"]),
    "implementation": (["Stage::Validation"], ["Stage::Implementation", "Validation::Received"]),
    "blocked": (["Stage::Blocked"], ["Stage::Blocked"]),
    "completed": (["Stage::Completed"], ["Stage::Completed"]),
    "closed": ([], []),
}


def labelling(name):
    """The labelling with this scheme active."""
    LabelScheme.objects.update(is_active=False)
    LabelScheme.objects.filter(name=name).update(is_active=True)
    return Labelling.read()


def shown(name, **fields):
    """All labels of a request with these fields."""
    wanted = labelling(name).wanted(Issue(**fields))
    return [label for names in wanted.values() for label in names]


def test_the_table_names_every_state():
    assert set(STAGES) | {"needs_info"} == set(State.values)


@pytest.mark.parametrize(("state", "labels"), STAGES.items(), ids=STAGES)
@pytest.mark.parametrize("scheme", ["2025", "2026"])
def test_a_state_has_its_labels(scheme, state, labels):
    assert shown(scheme, state=state) == labels[scheme == "2026"]


def test_a_request_that_waits_for_an_answer_looks_like_where_it_returns_to():
    assert shown("2026", state="needs_info", return_to="planning") == ["Stage::Scheduling"]


@pytest.mark.parametrize(("scheme", "pattern"), [("2025", "{value}"), ("2026", "RequestType::{label}")])
@pytest.mark.parametrize("kind", [Kind.BUG, Kind.FEATURE, Kind.ADMINISTRATIVE])
def test_a_kind_has_its_type_label(scheme, pattern, kind):
    assert shown(scheme, state="closed", kind=kind) == [pattern.format(value=kind.value, label=kind.label)]


@pytest.mark.parametrize(("scheme", "pattern"), [("2025", "p{}"), ("2026", "Priority::{}")])
def test_priorities_have_theirs(scheme, pattern):
    found = [shown(scheme, state="closed", priority=priority) for priority in Priority.values]
    assert found == [[pattern.format(number)] for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("division", Division.values)
def test_divisions_have_theirs(division):
    assert shown("2025", state="closed", customer=division) == [f"Customer::{division}"]


def test_systems_have_theirs():
    assert shown("2025", state="closed", system="Calendly") == ["Calendly"]


def test_the_handbooks_scheme_is_the_active_one_at_first():
    assert LabelScheme.objects.get(is_active=True).name == "2025"


def test_the_database_refuses_a_second_active_scheme():
    with pytest.raises(IntegrityError), transaction.atomic():
        LabelScheme.objects.update(is_active=True)


def test_seeding_again_changes_nothing_that_somebody_edited():
    SchemeLabel.objects.filter(name="p1").update(color="#000000")
    call_command("seed_label_schemes", verbosity=0)
    assert SchemeLabel.objects.get(name="p1").color == "#000000"


def test_labels_of_no_scheme_are_nobodys_to_remove():
    labels = labelling("2025")
    wanted = labels.wanted(Issue(state="triage", kind=Kind.BUG))
    assert labels.changes(list(wanted), wanted, {"mine", "roadmap_item", "Stage::Triage"}) == (["bug"], [])


def test_an_alias_is_removed_but_never_written():
    labels = labelling("2026")
    wanted = labels.wanted(Issue(state="development"))
    assert labels.changes(["state"], wanted, {"Stage::Deployment"}) == (["Stage::Development"], ["Stage::Deployment"])
