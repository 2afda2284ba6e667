"""The shipped catalogue is whole (domain.md §2)."""

import re
import string
from pathlib import Path

import pytest
from django.conf import settings

from workflow.catalogue.kinds import WORKED_ON, ApprovalRule, Kind
from workflow.catalogue.models import Entry, Question, Route
from workflow.catalogue.shipped import ENTRIES, TRACKERS

pytestmark = pytest.mark.django_db

TABLE = {
    "portal-change": (Kind.HAND_OVER, None, ApprovalRule.NONE),
    "question": (Kind.QUESTION, None, ApprovalRule.NONE),
    "calendly": (
        Kind.ADMINISTRATIVE,
        "gitlab-com/support/support-ops/other-software/calendly",
        ApprovalRule.REPORTS_TO,
    ),
    "propose-change": (Kind.PROPOSAL, "gitlab-com/support/support-team-meta", ApprovalRule.CHOSEN),
    "fix": (Kind.BUG, "gitlab-com/support/support-ops/support-ops-project", ApprovalRule.NONE),
    "macros-global": (Kind.ADMINISTRATIVE, "gitlab-com/support/support-ops/zendesk-global/macros", ApprovalRule.CHOSEN),
    "macros-us-federal": (
        Kind.ADMINISTRATIVE,
        "gitlab-com/support/support-ops/zendesk-us-federal",
        ApprovalRule.CHOSEN,
    ),
    "team-page": (Kind.ADMINISTRATIVE, "gitlab-com/support/team", ApprovalRule.NONE),
    "bug": (Kind.BUG, "gitlab-com/gl-security/corp/cust-support-ops/issue-tracker", ApprovalRule.NONE),
    "feature": (Kind.FEATURE, "gitlab-com/gl-security/corp/cust-support-ops/issue-tracker", ApprovalRule.NONE),
    "other": (Kind.ADMINISTRATIVE, "gitlab-com/support/support-ops/support-ops-project", ApprovalRule.NONE),
}
MUST_KNOW = [
    ("portal-change", "form to Support Ops"),
    ("portal-change", "Do not reply"),
    ("portal-change", "access or the organisation"),
    ("calendly", "team events"),
    ("propose-change", "due date"),
    ("propose-change", "own trackers"),
    ("fix", "broken things only"),
    ("fix", "Stay available"),
    ("macros-global", "merge request"),
]


def test_the_routes_are_those_of_the_table():
    assert {
        route.key: (route.kind, route.tracker and route.tracker.path, route.approval_rule)
        for route in Route.objects.select_related("tracker")
    } == TABLE


def test_only_macros_may_be_waived():
    waivable = Route.objects.filter(waivable=True).values_list("key", flat=True)

    assert set(waivable) == {"macros-global", "macros-us-federal"}


def test_us_federal_macros_are_restricted_and_their_tracker_holds_nothing_open():
    route = Route.objects.get(key="macros-us-federal")

    assert route.restricted_to.name == "us-federal"
    assert route.tracker.confidential_only


@pytest.mark.parametrize(("key", "words"), MUST_KNOW)
def test_guidance_says_what_one_must_know(key, words):
    assert words.lower() in Entry.objects.get(route__key=key).guidance.lower()


@pytest.mark.parametrize("spec", ENTRIES, ids=lambda spec: spec.key)
def test_everything_shipped_would_pass_the_admin(spec):
    entry = Entry.objects.get(route__key=spec.key)

    entry.full_clean()
    entry.route.full_clean()
    for question in entry.questions.all():
        question.full_clean()


@pytest.mark.parametrize("spec", ENTRIES, ids=lambda spec: spec.key)
def test_what_voids_an_approval_is_asked(spec):
    asked = {question.key for question in spec.questions} | {"title", "description"}

    assert set(spec.voids) <= asked
    assert spec.voids or spec.approval == ApprovalRule.NONE


@pytest.mark.parametrize("spec", ENTRIES, ids=lambda spec: spec.key)
def test_a_title_made_from_answers_uses_required_ones(spec):
    required = {question.key for question in spec.questions if question.required}

    assert {name for _, name, _, _ in string.Formatter().parse(spec.title_pattern) if name} <= required


@pytest.mark.parametrize("spec", ENTRIES, ids=lambda spec: spec.key)
def test_the_icon_is_in_the_sprite(spec):
    sprite = Path(settings.BASE_DIR, "supportops/ui/static/ui/icons/sprite.svg").read_text()

    assert f'id="{spec.icon}"' in sprite


@pytest.mark.parametrize("spec", ENTRIES, ids=lambda spec: spec.key)
def test_links_in_the_guidance_lead_to_entries(spec):
    assert set(re.findall(r"\(/new/([a-z-]+)/\)", spec.guidance)) <= set(TABLE)


def test_what_is_worked_on_has_a_tracker_and_every_tracker_is_used():
    assert all((spec.tracker is not None) >= (spec.kind in WORKED_ON) for spec in ENTRIES)
    assert {spec.tracker for spec in ENTRIES} - {None} == set(TRACKERS)


def test_the_managers_part_of_calendly_is_asked_of_the_approver():
    asked = Question.objects.filter(entry__route__key="calendly", asked_of="approver").values_list("key", flat=True)

    assert {"events_right", "coverage"} <= set(asked)
