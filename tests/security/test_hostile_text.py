"""Text that tries to run, in every field there is, on every page that shows any of it."""

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.urls import reverse

from intake.models import Draft
from supportops.accounts.models import User
from tests.factories import file_request, milestone_for, request_at, step
from tests.security.harmless import CORPUS, SHORT, Page
from workflow.actions import assign, attach, comment, store_file
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Entry, Question, Tracker
from workflow.gitlab.models import GitLabLink
from workflow.models import ApprovalRound, Attachment, Comment, Issue, Milestone
from workflow.queues import QUEUES
from workflow.states import State
from workflow.verbs import Act, Verb

LONG = "\n\n".join(CORPUS)
MARK = "onerror=alert(1)"
BEFORE = (User, Tracker, Entry, Question)
AFTER = (Issue, ApprovalRound, Comment, Attachment, Milestone, GitLabLink)
KEPT = {
    "username",
    "password",
    "path",
    "key",
    "color",
    "marker",
    "icon",
    "content_type",
    "file",
    "time_zone",
    "type",
    "feeds",
    "title_pattern",
    "elsewhere_url",
    "gitlab_username",
}
"""Texts that nobody writes freely: names of files on disk, words of a vocabulary, checked addresses."""


@pytest.fixture
def poisoned(cast):
    """Requests in several states, every free text that a person or GitLab can write being hostile.

    History cannot be rewritten, so its words are given with real steps, by people with hostile names.
    """
    for model in BEFORE:
        poison(model)
    cast = SimpleNamespace(**{name: User.objects.get(pk=someone.pk) for name, someone in vars(cast).items()})
    for issue in (*_stepped(cast), request_at(State.VALIDATION, cast=cast)):
        comment(issue.pk, LONG, by=cast.requester)
        comment(issue.pk, LONG, by=cast.ops, internal=True)
        attach(issue.pk, [store_file(SimpleUploadedFile("a.txt", b"x"), by=cast.ops)], by=cast.ops)
        milestone_for(issue.tracker)
    Draft.objects.create(
        entry=Entry.objects.get(route__key="bug"),
        owner=cast.requester,
        originator=cast.requester,
        data={"title": [SHORT], "description": [LONG], "steps": [LONG]},
    )
    for model in AFTER:
        poison(model)
    for issue in Issue.objects.all():
        rows = [row | {"label": SHORT, "answer": LONG} for row in issue.answers]
        Issue.objects.filter(pk=issue.pk).update(answers=rows)
        ApprovalRound.objects.filter(issue=issue).update(asked={"title": SHORT, "description": LONG, "answers": rows})
    return cast


def _stepped(cast):
    """Requests whose history is full of hostile words."""
    waiting = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    approved = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    step(approved, Verb.APPROVE, cast.manager, text=LONG)
    asked = file_request(cast)
    step(asked, Verb.EDIT, cast.requester, title=SHORT, description=LONG, answers=asked.answers)
    step(asked, Verb.ASK, cast.ops, text=LONG)
    step(asked, Verb.ANSWER, cast.requester, text=LONG)
    assign(asked.pk, cast.ops, by=cast.ops)
    blocked = request_at(State.DEVELOPMENT, cast=cast)
    step(blocked, Verb.BLOCK, cast.ops, text=LONG, blocked_by=SHORT, unblock_when=LONG)
    designed = request_at(State.DESIGN, Kind.FEATURE, cast=cast)
    return waiting, approved, asked, blocked, designed


def poison(model):
    """Put hostile text into every free text column of a model."""
    texts = {}
    for field in model._meta.concrete_fields:
        free = isinstance(field, models.CharField | models.TextField) and not field.choices and field.name not in KEPT
        if free and not field.unique and type(field).__name__ != "FSMField":
            texts[field.name] = LONG if field.max_length is None else SHORT[: field.max_length]
    if "web_url" in texts:
        texts["web_url"] = "javascript:alert(1)//" + SHORT
    model.objects.update(**texts)
    if model is User:  # one person per name in GitLab
        for someone in User.objects.all():
            User.objects.filter(pk=someone.pk).update(gitlab_username=f"{someone.pk}{SHORT}")


PLACES = ("", "mirror/", *(f"{verb}/" for verb in Verb), *(f"{act}/" for act in Act))
TABLES = (
    "workflow/issue",
    "workflow/event",
    "workflow/comment",
    "workflow/attachment",
    "workflow/approvalround",
    "workflow/decision",
    "workflow/gatepath",
    "gitlab_mirror/mirror",
    "catalogue/tracker",
    "workflow/milestone",
)


def pages():
    """Every page that shows what somebody wrote."""
    yield from ("/", "/guide/", "/new/bug/", "/drafts/", "/mine/", "/issues/", "/inbox/", "/menu/", "/reports/")
    yield from ("/people/me/", "/new/bug/similar/?title=alert", f"/?q={SHORT}", f"/issues/?q={SHORT}")
    yield from (f"/issues/?owner={SHORT}", f"/accounts/login/?next={SHORT}")
    yield from (f"/queues/{name}/" for name in QUEUES)
    yield from (f"/issues/{issue.pk}/{place}" for issue in Issue.objects.all() for place in PLACES)
    yield from (f"/new/bug/?draft={submission}" for submission in Draft.objects.values_list("submission", flat=True))


def administration():
    """The same in the administration."""
    yield from ("/admin/", "/admin/accounts/user/", "/admin/auth/group/", "/admin/catalogue/entry/")
    for name in TABLES:
        yield from (f"/admin/{name}/", f"/admin/{name}/?q={SHORT}")
    for model in (Issue, GitLabLink, ApprovalRound, Comment, Attachment, User, Entry):
        for row in model.objects.all()[:4]:
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])


def wrong_on(client, addresses):
    """{address: what would run} and how many pages showed the text."""
    wrong, shown = {}, 0
    for address in addresses:
        answer = client.get(address)
        if answer.status_code == 302:
            continue
        page = Page(answer.getvalue().decode())
        shown += MARK in page.text
        if answer.status_code >= 500 or page.found or calculated(page):
            wrong[address] = page.found or answer.status_code
    return wrong, shown


def calculated(page):
    """Whether a template ran inside the text."""
    return MARK in page.text and "{{ 7|add:35 }}" not in page.text


@pytest.mark.parametrize("role", ["requester", "manager", "ops"])
def test_nothing_that_anybody_wrote_runs_on_any_page(role, poisoned):
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username=role))

    wrong, shown = wrong_on(client, pages())

    assert wrong == {}
    assert shown > 10


@pytest.mark.parametrize("role", ["ops", "admin"])
def test_nothing_that_anybody_wrote_runs_in_the_administration(role, poisoned):
    User.objects.filter(username=role).update(is_staff=True)
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username=role))

    wrong, shown = wrong_on(client, administration())

    assert wrong == {}
    assert shown > 10


@pytest.mark.parametrize("evil", [text for text in CORPUS if "<" in text and "alert" in text or "action=" in text])
def test_a_page_that_did_not_escape_would_be_noticed(evil):
    assert Page(f"<p>{evil}</p>").found


def test_every_free_text_of_a_request_is_poisoned(poisoned):
    issue = Issue.objects.first()

    clean = [
        field.name
        for field in Issue._meta.concrete_fields
        if isinstance(field, models.TextField) and MARK not in str(getattr(issue, field.attname))
    ]

    assert clean == []
    assert MARK in issue.title
