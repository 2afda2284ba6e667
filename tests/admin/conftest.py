"""The administration as the people of domain.md §1 meet it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import accept, answers_for, file_request, request_at, step
from workflow.actions import attach, check, comment, delegate, spin_off, store_file
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.gitlab.alarms import Finding, raise_alarm
from workflow.gitlab.models.alarms import Kind as AlarmKind
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb


@pytest.fixture
def staff(cast):
    """The cast, with ops, federal and lead made staff by an administrator."""
    for person in (cast.ops, cast.federal, cast.lead):
        person.is_staff = True
        person.save()
    return cast


@pytest.fixture
def visit(staff):
    """``visit(person)``: a signed-in client."""

    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def full_story(staff):
    """A request that has one of everything: round, decision, gate path, link, comments, files, mirrors."""
    return _story(staff)


@pytest.fixture
def hidden_story(staff):
    """The same, restricted to a group that neither ops, lead nor administrator belong to."""
    issue = _story(staff, title="Canary of the hidden request")
    group = Route.objects.get(key="macros-us-federal").restricted_to
    numbers = [issue.pk, *issue.links_out.values_list("target", flat=True)]
    Issue.objects.filter(pk__in=numbers).update(restricted_to=group)
    return Issue.objects.get(pk=issue.pk)


def _story(cast, title="One of everything"):
    issue = request_at(
        State.TRIAGE, Kind.ADMINISTRATIVE, cast=cast, route="macros-global", approver=cast.manager, title=title
    )
    issue = _sent_back(accept(issue, cast), cast)
    delegate(issue.pk, cast.colleague, by=cast.requester)
    comment(issue.pk, f"{title}: an internal comment", by=cast.ops, internal=True, files=[_file(cast.ops)])
    comment(issue.pk, f"{title}: a public comment", by=cast.requester)
    attach(issue.pk, [_file(cast.requester)], by=cast.requester)
    given = {"route": Route.objects.get(key="bug"), "title": f"{title}, spun off", "answers": answers_for("bug")}
    spin_off(issue.pk, by=cast.ops, given=given)
    WebhookDelivery.objects.create(key=title, event="Issue Hook", body=f'{{"title": "{title}"}}', issue=issue)
    PendingPull.objects.create(pk=issue.pk, last_error="Not read yet.")
    raise_alarm(Finding(AlarmKind.LOOP, issue.reference, f"{title}: they fight.", title, issue.pk))
    return Issue.objects.get(pk=issue.pk)


def _sent_back(issue, cast):
    """The same after a validation in which one item failed."""
    issue = step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Look here.", items=["It opens"])
    check(issue.pk, issue.checklist[0].pk, "failed", by=cast.requester, note="It does not.")
    return step(issue, Verb.SEND_BACK, cast.requester)


def _file(by):
    return store_file(SimpleUploadedFile("notes.txt", b"what was seen"), by=by)


@pytest.fixture
def gated(staff):
    """A feature whose triage gate was answered."""
    return accept(file_request(staff, Kind.FEATURE), staff)
