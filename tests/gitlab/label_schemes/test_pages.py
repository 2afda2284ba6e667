"""The pages and the command: who may, what they show, and that nothing happens before the button is pressed."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import file_request, request_at, restrict
from tests.gitlab.label_schemes.changing import scheme
from workflow.catalogue.kinds import Kind
from workflow.gitlab.forecast import token_of
from workflow.gitlab.models import GitLabLink, LabelSchemeChange, TrackerLabels
from workflow.gitlab.models.connection import Connection, LabelScheme
from workflow.states import State

pytestmark = pytest.mark.django_db
IN_GITLAB = {"labels": {"state": ["Stage::Triage"], "type": ["bug"], "customer": ["Customer::Support"]}}


@pytest.fixture
def visit(cast):
    """``visit(person, name)``: the answer to a GET; ``post``: to a POST."""

    def ask(person, name, *args, post=None):
        client = Client()
        client.force_login(person)
        address = reverse(name, args=args)
        return client.get(address) if post is None else client.post(address, post)

    return ask


def shown(issue, *, iid, **fields):
    """The request with an issue in GitLab that shows the labels of a new bug of the scheme "2025"."""
    known = {"iid": iid, "project_id": 5, "status": "in-step", "due_at": None, "pushed_version": 1, "wanted_version": 1}
    GitLabLink.objects.filter(pk=issue.pk).update(**known | {"last_synced": {"fields": IN_GITLAB}} | fields)
    return issue


@pytest.fixture
def bug(cast):
    """A bug in triage that GitLab shows as the scheme "2025" says."""
    return shown(file_request(cast), iid=1)


def active():
    """The name of the scheme in use."""
    return LabelScheme.objects.get(is_active=True).name


# Who ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "status"), [("lead", 302), ("admin", 302), ("ops", 403), ("manager", 403)])
def test_leads_and_administrators_change_the_scheme(visit, cast, role, status):
    wanted = scheme("2026")
    answer = visit(getattr(cast, role), "change-labels", wanted.pk, post={"token": token_of(wanted)})
    assert answer.status_code == status
    assert active() == ("2026" if status == 302 else "2025")


def test_support_operations_read_what_would_change_and_why_they_may_not_change_it(visit, cast, bug):
    page = visit(cast.ops, "label-scheme", scheme("2026").pk).content.decode()
    assert "Only the lead of Support Operations" in page
    assert f'action="{reverse("change-labels", args=[scheme("2026").pk])}"' in page


def test_an_unknown_scheme_is_not_found(visit, cast):
    assert {visit(cast.lead, "label-scheme", pk).status_code for pk in (0, 10**30)} == {404}


# What they show -------------------------------------------------------------------------------------------------------


def test_the_dry_run_counts_and_changes_nothing(visit, cast, bug):
    shown(file_request(cast), iid=2)
    shown(request_at(State.TRIAGE, Kind.FEATURE, cast=cast), iid=3, status="parked", parked=True)
    TrackerLabels.objects.create(tracker=bug.tracker, names=["Stage::Triage"], read_at=timezone.now())
    before = list(GitLabLink.objects.order_by("pk").values())
    answer = visit(cast.lead, "label-scheme", scheme("2026").pk)
    page = answer.content.decode()
    seen = answer.context["seen"]
    assert (seen.changing, seen.waiting, seen.added, seen.removed, seen.requests) == (2, 1, 2, 2, 3)
    counted = {row.name: (row.added, row.removed) for row in seen.labels if row.added or row.removed}
    assert counted == {"RequestType::Bug": (2, 0), "bug": (0, 2)}
    assert seen.created == len(set(scheme("2026").labels.filter(alias=False).values_list("name", flat=True))) - 1
    assert "2 of 3 requests" in page
    assert "Change to 2026?" in page
    assert list(GitLabLink.objects.order_by("pk").values()) == before
    assert active() == "2025"


def test_more_requests_take_no_more_queries(visit, cast, bug):
    def queries():
        with CaptureQueriesContext(database) as asked:
            visit(cast.lead, "label-scheme", scheme("2026").pk)
        return len(asked)

    one = queries()
    for iid in range(2, 8):
        shown(file_request(cast), iid=iid)
    assert queries() <= one


def test_what_was_looked_at_before_is_not_what_is_pressed_for(visit, cast, bug):
    wanted = scheme("2026")
    old = token_of(wanted)
    wanted.labels.filter(family="type", key="bug").update(name="Type::Bug")
    answer = visit(cast.lead, "change-labels", wanted.pk, post={"token": old})
    assert answer.status_code == 409
    assert "Type::Bug" in {row.name for row in answer.context["seen"].labels}
    assert "so nothing was done" in answer.content.decode()
    assert active() == "2025"


def test_a_second_press_does_nothing_more(visit, cast, bug):
    wanted = scheme("2026")
    token = token_of(wanted)
    statuses = [visit(cast.lead, "change-labels", wanted.pk, post={"token": token}).status_code for _ in range(2)]
    assert statuses == [302, 409]
    assert LabelSchemeChange.objects.count() == 1


def test_how_far_it_came_is_shown_with_the_way_back(visit, cast, bug):
    wanted = scheme("2026")
    visit(cast.lead, "change-labels", wanted.pk, post={"token": token_of(wanted)})
    page = visit(cast.ops, "label-schemes").content.decode()
    assert "0 of 1" in page
    assert "Go back to 2025" in page
    Connection.load().pause("Maintenance.")
    assert "Stands still: the exchange with GitLab is paused" in visit(cast.ops, "label-schemes").content.decode()


def test_a_scheme_that_needs_two_labels_of_one_scope_is_warned_of(visit, cast, bug):
    scheme("2026").labels.create(family="state", key="triage", name="Stage::New", color="#123abc")
    address = ("label-scheme", scheme("2026").pk)
    assert "cannot stand together" in visit(cast.lead, *address).content.decode()
    Connection.load()
    Connection.objects.update(premium=False)
    assert "cannot stand together" not in visit(cast.lead, *address).content.decode()


def test_a_restricted_request_is_counted_for_nobody_who_may_not_know_of_it(visit, cast, bug):
    secret, wanted = restrict(shown(file_request(cast), iid=2)), scheme("2026")
    shown(restrict(request_at(State.TRIAGE, Kind.FEATURE, cast=cast)), iid=3, status="parked", parked=True)
    seen = {who: visit(getattr(cast, who), "label-scheme", wanted.pk).context["seen"] for who in ("ops", "lead")}
    for counted in seen.values():
        assert (counted.requests, counted.changing, counted.waiting, counted.added) == (1, 1, 0, 1)
    cast.lead.groups.add(secret.restricted_to)
    assert visit(cast.lead, "label-scheme", wanted.pk).context["seen"].requests == 3


def test_a_change_takes_in_what_the_person_who_begins_it_may_not_know_of(visit, cast, bug):
    restrict(shown(file_request(cast), iid=2))
    wanted = scheme("2026")
    token = visit(cast.lead, "label-scheme", wanted.pk).context["seen"].token
    assert visit(cast.lead, "change-labels", wanted.pk, post={"token": token}).status_code == 302
    assert LabelSchemeChange.objects.get().foreseen["changing"] == 2


# The command ----------------------------------------------------------------------------------------------------------


def run(*arguments):
    """Run the command while GitLab is away; returns what it printed."""
    Connection.load().mark_away()
    out = io.StringIO()
    call_command("change_labels", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_counts_one_tracker(cast, bug):
    printed = run("--to", "2026", "--tracker", bug.tracker.path, "--dry-run")
    assert f"{bug.tracker.path}: 1 of 1 requests, 1 labels on, 1 off; labels to make: not known yet" in printed
    assert printed.count("requests, ") == 2
    assert active() == "2025"


def test_the_command_changes_the_scheme_in_a_leads_name(cast, bug):
    assert "“2026” is in use." in run("--to", "2026", "--by", "lead", "--no-input")
    assert (active(), LabelSchemeChange.objects.get().by) == ("2026", cast.lead)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "1999", "--dry-run"], "There are: 2025, 2026."),
        (["--to", "2026", "--tracker", "a/b", "--dry-run"], "There is no tracker a/b."),
        (["--to", "2026", "--tracker", "a/b", "--by", "lead"], "holds for every tracker"),
        (["--to", "2026", "--no-input"], "--by with the username of a lead"),
        (["--to", "2026", "--by", "ops", "--no-input"], "Only the lead"),
    ],
)
def test_the_command_says_what_is_wrong(cast, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(*arguments)
    assert active() == "2025"
