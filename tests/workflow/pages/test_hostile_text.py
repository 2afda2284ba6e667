"""Text that tries to run: in every field a person fills, on every page that shows it."""

from html.parser import HTMLParser

import pytest
from django.core.files.base import ContentFile

from tests.factories import answers_for, file_request, request_at, step
from workflow.actions import attach, check, comment, store_file, take_step
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\"><svg/onload=alert(1)>",
    "[press](javascript:alert(1))",
    "![x](javascript:alert(1))",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "</textarea><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "{{ settings.SECRET_KEY }}{% load x %}",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<style>*{display:none}</style>",
    "<form action=//evil><button>",
]
FOREIGN = {"iframe", "object", "embed", "style", "base", "math", "marquee"}


class Suspicious(HTMLParser):
    """Collects whatever would run, or come from elsewhere."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "script" and not (values.get("src") or "").startswith("/static/"):
            self.found.append((tag, attrs))
        if tag in FOREIGN or any(name.startswith("on") or name == "srcdoc" for name in values):
            self.found.append((tag, attrs))
        for name in ("href", "src", "action", "formaction"):
            value = "".join((values.get(name) or "").split()).lower()
            if value.startswith(("javascript:", "data:", "vbscript:", "//evil")):
                self.found.append((tag, attrs))


def assert_harmless(response):
    assert response.status_code in {200, 409, 422}
    reader = Suspicious()
    reader.feed(response.content.decode())
    assert reader.found == []


@pytest.mark.parametrize("evil", CORPUS)
def test_no_text_of_a_request_runs_on_its_page(visit, cast, evil):
    answers = [
        row | {"answer": evil, "label": evil, "type": kind}
        for row, kind in zip(
            answers_for("macros-global"),
            ["short", "long", "url", "choice", "long", "short", "url", "long"],
            strict=True,
        )
    ]
    cast.requester.first_name = evil[:150]
    cast.requester.save()
    issue = file_request(
        cast,
        Kind.ADMINISTRATIVE,
        route="macros-global",
        approver=cast.manager,
        title=evil,
        description=evil,
        answers=answers,
    )
    comment(issue.pk, evil, by=cast.colleague)
    file = store_file(ContentFile(b"x", name="a.txt"), by=cast.requester)
    file.name = evil
    file.save()
    attach(issue.pk, [file], by=cast.requester)
    step(issue, Verb.APPROVE, cast.manager, text=evil)
    step(issue, Verb.ACCEPT, cast.ops, kind=issue.kind, customer=evil[:40], system=evil[:40], priority=1, text=evil)
    step(issue, Verb.BLOCK, cast.ops, text=evil, blocked_by=evil, unblock_when=evil)

    for person in (cast.requester, cast.ops):
        assert_harmless(visit(person).get(issue))
    for verb in ("unblock", "close", "edit", "spin-off"):
        assert_harmless(visit(cast.ops).get(issue, verb))


@pytest.mark.parametrize("evil", CORPUS)
def test_no_text_of_the_work_runs_on_its_pages(visit, cast, evil):
    issue = request_at(State.DESIGN, cast=cast)
    step(issue, Verb.SUBMIT_GAMEPLAN, cast.ops, text=evil)
    issue = step(issue, Verb.REQUEST_VALIDATION, cast.ops, text=f"- [ ] {evil}\n\n{evil}", items=["It opens"])
    check(issue.pk, issue.checklist[0].pk, "failed", by=cast.requester, note=evil)

    assert_harmless(visit(cast.requester).get(issue))
    assert_harmless(visit(cast.requester).get(issue, "check"))
    assert_harmless(visit(cast.requester).post(issue, "check", item=issue.checklist[1].pk, verdict="x", note=evil))
    assert_harmless(visit(cast.requester).get(issue, "validate"))
    assert_harmless(visit(cast.requester).post(issue, "validate", text=evil))
    assert_harmless(visit(cast.requester).post(issue, "send-back", text=evil, version="1"))


@pytest.mark.parametrize("evil", CORPUS)
def test_what_comes_back_in_a_form_does_not_run(visit, cast, evil):
    issue = file_request(cast)
    visitor = visit(cast.ops)

    assert_harmless(visitor.post(issue, "close", outcome=evil, text=evil, duplicate_of=evil))
    assert_harmless(visitor.post(issue, "close", outcome=evil, text=evil, version="0"))
    assert_harmless(visitor.post(issue, "reclassify", route=evil, text=evil))
    assert_harmless(visitor.get(issue, "reclassify", f"?route={evil}".replace("#", "")))
    assert_harmless(visitor.post(issue, "comment", body=evil * 4000))


@pytest.mark.parametrize("evil", CORPUS)
def test_a_question_and_the_words_of_a_stale_form_do_not_run(visit, cast, evil):
    issue = request_at(State.TRIAGE, cast=cast)
    seen = issue.version
    step(issue, Verb.ASK, cast.ops, text=evil)

    assert_harmless(visit(cast.requester).get(issue, "answer"))
    assert_harmless(visit(cast.ops).post(issue, "close", outcome="invalid", text=f"Long enough {evil}", version=seen))
    assert_harmless(visit(cast.ops).post(issue, "accept", text=f"Long enough {evil}", version=seen))


@pytest.mark.parametrize("evil", CORPUS)
def test_the_difference_between_rounds_does_not_run(visit, cast, evil):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    rows = [row | {"answer": evil} for row in issue.answers]
    take_step(issue.pk, Verb.EDIT, by=cast.requester, given={"answers": rows, "title": evil})

    assert_harmless(visit(cast.manager).get(issue, "approve"))
    assert_harmless(visit(cast.manager).get(issue))
    assert Issue.objects.get(pk=issue.pk).title == evil
