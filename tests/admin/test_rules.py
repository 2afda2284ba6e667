"""Routes, trackers and targets: what ops edit, and what protects somebody and so is for leads and administrators."""

import pytest
from django.contrib.auth.models import Group

from tests.admin.rows import address
from tests.factories import file_request, milestone_for
from workflow.catalogue.models import Route, Tracker
from workflow.models import StageTarget


def _form(route, **changed):
    """What the route's page sends when nothing but ``changed`` was touched."""
    fields = {
        "kind": route.kind,
        "tracker": route.tracker_id or "",
        "template": route.template,
        "approval_rule": route.approval_rule,
        "voiding_fields": "\n".join(route.voiding_fields),
        "restricted_to": route.restricted_to_id or "",
        "default_labels": "\n".join(route.default_labels),
        "owner": "",
        "second_owner": "",
    }
    return fields | ({"waivable": "on"} if route.waivable else {}) | changed


def _save(client, route, **changed):
    answer = client.post(address(Route, "change", route.pk), _form(route, **changed))
    return answer, Route.objects.get(pk=route.pk)


def _problems(answer):
    return [sentence for sentences in answer.context["adminform"].form.errors.values() for sentence in sentences]


@pytest.fixture
def federal_route(db):
    """Approved by a chosen manager, restricted to the US Federal group."""
    return Route.objects.get(key="macros-us-federal")


def test_lists_are_written_as_lines(visit, staff, federal_route):
    owners = {"owner": staff.ops.pk, "second_owner": staff.lead.pk}

    answer, route = _save(visit(staff.ops), federal_route, default_labels="one\n\n two \r\none", **owners)

    assert answer.status_code == 302
    assert (route.default_labels, route.owner, route.second_owner) == (["one", "two"], staff.ops, staff.lead)


PROTECTION = {"approval_rule": "none", "restricted_to": "", "voiding_fields": ""}


def test_ops_do_not_lift_what_protects_somebody(visit, staff, federal_route):
    _, route = _save(visit(staff.ops), federal_route, **PROTECTION, default_labels="changed")

    assert route.default_labels == ["changed"]
    assert (route.approval_rule, route.restricted_to) == (federal_route.approval_rule, federal_route.restricted_to)
    assert route.voiding_fields == federal_route.voiding_fields != []


@pytest.mark.parametrize("who", ["lead", "admin"])
def test_leads_and_administrators_decide_about_protection(who, visit, staff, federal_route):
    _, route = _save(visit(getattr(staff, who)), federal_route, **PROTECTION)

    assert (route.approval_rule, route.restricted_to, route.voiding_fields) == ("none", None, [])


def test_a_field_that_voids_must_be_on_the_form(visit, staff, federal_route):
    answer, _ = _save(visit(staff.lead), federal_route, voiding_fields="title\nshoe_size")

    assert _problems(answer)[0].startswith("The form has no field shoe_size. It has: title, description")


def test_a_route_keeps_its_key(visit, staff, federal_route):
    _, route = _save(visit(staff.admin), federal_route, key="another", template="Other")

    assert (route.key, route.template) == ("macros-us-federal", "Other")


def test_what_is_worked_on_needs_a_tracker(visit, staff, federal_route):
    answer, _ = _save(visit(staff.ops), federal_route, tracker="")

    assert _problems(answer) == ["A bug, feature or administrative request needs a tracker."]


def test_a_lead_adds_a_tracker_by_the_path_of_its_address(visit, staff):
    new = {"name": "New", "path": "/group/project/", "is_active": "on"}

    answer = visit(staff.lead).post(address(Tracker, "add"), new)

    assert answer.status_code == 302
    assert Tracker.objects.get(name="New").path == "group/project"


@pytest.mark.parametrize("path", ["project", "https://gitlab.com/group/project", "group//project", "group/pro ject"])
def test_a_tracker_has_the_path_of_a_project(path, visit, staff):
    answer = visit(staff.lead).post(address(Tracker, "add"), {"name": "New", "path": path})

    assert _problems(answer) == ["Write the path of the project as it stands in its address: group/project."]


def test_another_path_is_looked_up_anew(visit, staff):
    tracker = Tracker.objects.create(name="Moved", path="group/old", project_id=77)

    visit(staff.lead).post(address(Tracker, "change", tracker.pk), {"name": "Moved", "path": "group/new"})

    assert Tracker.objects.values_list("path", "project_id").get(pk=tracker.pk) == ("group/new", None)


def test_ops_look_at_trackers_only(visit, staff):
    tracker = Tracker.objects.first()

    answer = visit(staff.ops).post(address(Tracker, "change", tracker.pk), {"name": "Mine", "path": "group/mine"})

    assert answer.status_code == 403
    assert Tracker.objects.get(pk=tracker.pk).name == tracker.name


def test_targets_are_set_in_the_list(visit, staff):
    target = StageTarget.objects.update_or_create(state="triage", defaults={"working_days": 2})[0]
    rows = list(StageTarget.objects.values_list("pk", "working_days"))
    forms = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for place, (pk, days) in enumerate(rows):
        forms |= {f"form-{place}-id": pk, f"form-{place}-working_days": 9 if pk == target.pk else days}

    visit(staff.ops).post(address(StageTarget, "changelist"), forms)

    assert StageTarget.objects.get(pk=target.pk).working_days == 9


@pytest.mark.parametrize("who", ["ops", "lead", "admin"])
def test_every_page_of_the_rules_opens(who, visit, staff):
    client = visit(getattr(staff, who))
    file_request(staff)
    tracker = Tracker.objects.first()
    rows = [Route.objects.first(), tracker, milestone_for(tracker), Group.objects.first()]

    pages = [client.get(address(type(row), "changelist")) for row in rows]
    pages += [client.get(address(type(row), "change", row.pk)) for row in rows]

    assert [page.status_code for page in pages] == [200] * 8
