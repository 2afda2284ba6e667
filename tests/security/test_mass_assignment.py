"""Names that no form offers, posted all the same: they make no difference."""

import uuid
from datetime import date

import pytest
from django.db import transaction

from intake.forms import RequestForm
from intake.models import Draft
from supportops.accounts.models import User
from tests.factories import file_request, milestone_for
from tests.intake.filled import filled
from tests.workflow.pages.cases import CASES
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Entry, Route, Tracker
from workflow.forms import form_for
from workflow.models import Issue
from workflow.states import Outcome, State
from workflow.verbs import Act

ROUTES = ("bug", "calendly", "macros-global", "propose-change", "question")
BELONGS_TO_THE_MOMENT = {"created_at", "updated_at", "state_since", "submission", "number"}


def forged(cast):
    """{name: value} for every field of a request and of its companions, each with a value that would show."""
    other = Issue(
        number=424_242,
        version=77,
        kind=Kind.FEATURE,
        route=Route.objects.get(key="team-page"),
        tracker=Tracker.objects.last(),
        title="Forged",
        description="Forged",
        requester=cast.admin,
        filed_by=cast.admin,
        assignee=cast.admin,
        implemented_by=cast.admin,
        escalated_by=cast.admin,
        state_since=date(2001, 1, 1),
        return_to=State.DESIGN,
        outcome=Outcome.COMPLETED,
        customer="Finance",
        system="Forged",
        priority=4,
        milestone=milestone_for(Tracker.objects.last()),
        due_date=date(2999, 1, 1),
        teams="Forged",
        gameplan="Forged",
        validation_brief="Forged",
        validation_asked=True,
        validation_mandatory=True,
        blocked_by="Forged",
        unblock_when="Forged",
        submission=uuid.uuid4(),
    )
    values = {}
    for field in Issue._meta.concrete_fields:
        value = field.value_from_object(other)
        values[field.name] = values[field.attname] = "" if value is None else str(value)
    restricted = Route.objects.get(key="macros-us-federal").restricted_to_id
    return values | {
        "state": State.COMPLETED,
        "restricted_to": restricted,
        "restricted_to_id": restricted,
        "answers": "[]",
        "approver": cast.admin.pk,
        "approver_ids": cast.admin.pk,
        "verdict": "approved",
        "decided_by": cast.admin.pk,
        "on_behalf_of": cast.admin.pk,
        "actor": cast.admin.pk,
        "by": cast.admin.pk,
        "source": "gitlab",
        "owner": cast.admin.pk,
        "originator": cast.admin.pk,
        "is_staff": "on",
        "_method": "DELETE",
    }


def columns(issue):
    """What the request says, but for moments and marks."""
    row = Issue.objects.filter(pk=issue.pk).values().get()
    return {name: value for name, value in row.items() if name not in BELONGS_TO_THE_MOMENT}


def test_every_field_of_a_request_is_forged(cast):
    assert {field.name for field in Issue._meta.concrete_fields} - set(forged(cast)) == set()


@pytest.mark.parametrize("key", ROUTES)
def test_a_filed_request_has_nothing_that_its_form_did_not_ask(key, cast, client):
    client.force_login(cast.requester)
    honest = filled(key, cast.requester, title="As it is")
    extra = {name: value for name, value in forged(cast).items() if name not in asked_by(key, cast.requester)}

    plain, tampered = (
        client.post(f"/new/{key}/", honest | more | {"submission": str(uuid.uuid4()), "page": str(uuid.uuid4())})
        for more in ({}, {name: value for name, value in extra.items() if name not in honest})
    )

    made = Issue.objects.order_by("number")
    assert (plain.status_code, tampered.status_code, made.count()) == (302, 302, 2)
    assert columns(made[1]) == columns(made[0])
    assert made[1].created_at.year != 2001
    assert rounds(made[1]) == rounds(made[0])


def asked_by(key, person):
    """The names its form really has."""
    return set(RequestForm(Entry.objects.get(route__key=key), requester=person).fields)


def rounds(issue):
    """Who was asked to approve, and what they are said to have said."""
    seats = ("decisions__approver", "decisions__verdict", "decisions__decided_by")
    return list(issue.rounds.values_list("outcome", *seats))


def test_a_draft_belongs_to_who_writes_it(cast, client):
    client.force_login(cast.requester)

    client.post("/new/bug/", forged(cast) | {"action": "draft", "title": "Mine"})

    draft = Draft.objects.get()
    assert (draft.owner, draft.originator, draft.issue) == (cast.requester, cast.requester, None)
    assert not Issue.objects.exists()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_step_changes_nothing_but_what_its_form_asks(case, cast, client):
    issue = case.build(cast)
    person = getattr(cast, case.who)
    client.force_login(person)
    form = form_for(case.verb, Issue.objects.get(pk=issue.pk), person, chosen=case.query.partition("=")[2])
    honest = case.posted(issue)
    asked = {*form.fields, *honest, "version", "route"}
    lies = {name: value for name, value in forged(cast).items() if name not in asked}
    path = f"/issues/{issue.pk}/{case.verb}/"

    after = [sent(client, path, posted, issue) for posted in (honest, honest | lies)]

    assert after[0] == after[1]
    assert after[0]["status"] == 302


ACTS = {
    Act.ASSIGN: lambda cast: {"assignee": cast.ops.pk},
    Act.PRIORITY: lambda cast: {"priority": "1"},
    Act.DUE_DATE: lambda cast: {"due_date": "2999-02-01"},
    Act.COMMENT: lambda cast: {"body": "Seen."},
    Act.WATCH: lambda cast: {"watching": "yes"},
    Act.MOVE: lambda cast: {"tracker": another_tracker().pk},
}


def another_tracker():
    """An open tracker that holds none of the requests here."""
    return Tracker.objects.filter(confidential_only=False, issues__isnull=True).first()


@pytest.mark.parametrize("act", ACTS)
def test_what_is_done_without_a_step_changes_nothing_else_either(act, cast, client):
    issue = file_request(cast)
    client.force_login(cast.ops)
    form = form_for(act, issue, cast.ops)
    lies = {name: value for name, value in forged(cast).items() if name not in {*form.fields, "version"}}
    honest = ACTS[act](cast)

    after = [sent(client, f"/issues/{issue.pk}/{act}/", posted, issue) for posted in (honest, honest | lies)]

    assert after[0] == after[1]
    assert after[0]["status"] == 302


def test_a_difference_would_be_noticed(cast, client):
    issue = file_request(cast)
    client.force_login(cast.ops)

    path = f"/issues/{issue.pk}/priority/"

    assert sent(client, path, {"priority": "1"}, issue) != sent(client, path, {"priority": "2"}, issue)


def sent(client, path, posted, issue):
    """What one POST makes of a request and of whatever else there is; undone afterwards."""
    with transaction.atomic():
        answer = client.post(path, posted)
        new = Issue.objects.exclude(pk=issue.pk).order_by("number").last()
        outcome = {
            "status": answer.status_code,
            "issue": columns(issue),
            "new": new and columns(new),
            "rounds": rounds(issue),
            "events": list(issue.events.values_list("verb", "actor", "on_behalf_of", "source", "to_state", "text")),
            "comments": list(issue.comments.values_list("author", "source", "internal", "body")),
        }
        transaction.set_rollback(True)
    return outcome


def test_nobody_changes_more_of_themselves_than_their_page_offers(cast, client):
    client.force_login(cast.requester)
    lies = {
        "is_staff": "on",
        "is_superuser": "on",
        "is_active": "",
        "gitlab_username": "admin2",
        "slack_id": "U1",
        "reports_to": cast.admin.pk,
        "groups": "1",
        "division": "Finance",
        "username": "root",
        "password": "x",
        "user_permissions": "1",
        "gitlab_id": "1",
    }

    answer = client.post("/people/me/", lies | {"first_name": "Rita", "last_name": "", "email": "", "time_zone": "UTC"})

    now = User.objects.get(pk=cast.requester.pk)
    assert (answer.status_code, now.first_name) == (302, "Rita")
    assert (now.is_staff, now.is_superuser, now.gitlab_username, now.slack_id) == (False, False, "requester", "")
    assert (now.username, now.reports_to, now.division, list(now.groups.all())) == (
        "requester",
        cast.manager,
        "Support",
        [],
    )
    assert now.check_password("portal")
