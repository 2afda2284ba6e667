"""Every verb's page: the form, the step, and every way of saying no, in the order domain.md demands."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import file_request, milestone_for, request_at, restrict, step, without_savepoints
from tests.workflow.pages.cases import CASES, typed_answers
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Tracker
from workflow.models import Event, Issue
from workflow.permissions import refusal
from workflow.states import Outcome, State
from workflow.verbs import Verb

WITH_FIELDS = [case for case in CASES if case.missing]


def text_of(response):
    return response.content.decode()


def without_tokens(response):
    """The body without the form tokens, which differ from answer to answer."""
    return re.sub(r"[A-Za-z0-9]{64}", "", text_of(response))


def now(issue):
    return Issue.objects.get(pk=issue.pk)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_page_of_a_verb_shows_its_form_to_who_may(visit, cast, case):
    issue = case.build(cast)

    response = visit(getattr(cast, case.who)).get(issue, case.verb, case.query)

    assert response.status_code == 200
    assert f'name="version" value="{issue.version}"' in text_of(response)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_good_post_takes_the_step_and_leads_back_to_the_request(visit, cast, case):
    issue = case.build(cast)

    response = visit(getattr(cast, case.who)).post(issue, case.verb, **case.posted(issue), version=now(issue).version)

    assert response.status_code == 302, text_of(response)
    assert response["Location"] == f"/issues/{issue.pk}/"
    assert now(issue).state == case.to
    assert Event.objects.filter(issue=issue, verb=case.verb).count() == 1


@pytest.mark.parametrize("case", WITH_FIELDS, ids=str)
def test_what_is_missing_is_named_and_what_was_typed_stays(visit, cast, case):
    issue = case.build(cast)
    posted = case.posted(issue)
    posted.pop(case.missing)
    written = {name: value for name, value in posted.items() if name in {"text", "title", "unblock_when"}}

    response = visit(getattr(cast, case.who)).post(issue, case.verb, **posted)

    assert response.status_code == 422
    assert "data-error-summary" in text_of(response)
    assert now(issue).version == issue.version
    for value in written.values():
        assert value in text_of(response)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_wrong_person_reads_the_sentence_of_the_refusal(visit, cast, case, method):
    issue = case.build(cast)
    wrong = getattr(cast, case.wrong)
    sentence = refusal(wrong, case.verb, now(issue))

    response = getattr(visit(wrong), method)(issue, case.verb)

    assert response.status_code == 403
    assert sentence.split("“")[0] in text_of(response)
    assert now(issue).version == issue.version


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("verb", list(Verb))
def test_a_hidden_request_answers_like_a_number_never_given_out(visit, cast, verb, method):
    issue = restrict(file_request(cast))
    visitor = visit(cast.colleague)

    hidden = getattr(visitor, method)(issue, verb)
    unknown = getattr(visitor, method)(issue.pk + 1000, verb)

    assert hidden.status_code == unknown.status_code == 404
    body, other = without_tokens(hidden), without_tokens(unknown)
    assert body.replace(f"/{issue.pk}/", "/n/") == other.replace(f"/{issue.pk + 1000}/", "/n/")


@pytest.mark.parametrize("digits", ["0", str(2**63), "9" * 22, "9" * 4000, "9" * 5000], ids=len)
def test_a_number_that_no_database_holds_is_not_found(visit, cast, digits):
    visitor = visit(cast.ops)

    assert visitor.get(digits).status_code == 404
    assert visitor.get(digits, "accept").status_code == 404


@pytest.mark.parametrize("verb", ["fly", "submit_gameplan", "replan", "submit", "states", "waive-Approval"])
def test_an_unknown_verb_is_not_found(visit, cast, verb):
    issue = file_request(cast)

    assert visit(cast.ops).get(issue, verb).status_code == 404
    assert visit(cast.ops).post(issue, verb).status_code == 404


def test_other_methods_are_not_allowed(client, cast):
    issue = file_request(cast)
    client.force_login(cast.ops)

    assert client.put(f"/issues/{issue.pk}/accept/").status_code == 405
    assert client.delete(f"/issues/{issue.pk}/").status_code == 405


def test_a_get_changes_nothing(visit, cast):
    issue = request_at(State.VALIDATION, cast=cast)

    visit(cast.requester).get(issue, "validate", "?text=yes&version=1")

    assert now(issue).version == issue.version


def test_forged_fields_are_ignored(visit, cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)

    visit(cast.ops).post(
        issue,
        "ask",
        text="Which?",
        state="completed",
        requester=cast.ops.pk,
        outcome="completed",
        kind="feature",
        restricted_to="1",
        return_to="triage",
    )

    after = now(issue)
    assert (after.state, after.return_to, after.requester, after.kind) == (
        State.NEEDS_INFO,
        State.DEVELOPMENT,
        cast.requester,
        Kind.BUG,
    )


def test_a_post_without_a_version_is_read_as_of_now(visit, cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)

    assert visit(cast.ops).post(issue, "ask", text="Which?").status_code == 302


# Stale --------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(45)
@pytest.mark.parametrize("case", WITH_FIELDS, ids=str)
def test_a_stale_version_gets_409_with_what_changed_and_keeps_the_text(visit, cast, case):
    issue = case.build(cast)
    visitor = visit(getattr(cast, case.who))

    response = visitor.post(issue, case.verb, **case.posted(issue), version=issue.version - 1)

    assert response.status_code == 409
    assert "changed while you wrote" in text_of(response)
    assert f'name="version" value="{issue.version}"' in text_of(response)
    assert now(issue).version == issue.version
    if text := case.posted(issue).get("text"):
        assert text in text_of(response)


def test_the_changes_since_are_told(visit, cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    seen = issue.version
    step(issue, Verb.ASK, cast.ops, text="Is it the red one?")
    step(issue, Verb.ANSWER, cast.requester, text="The blue one, in fact.")

    response = visit(cast.ops).post(issue, "request-validation", text="Look at the sandbox page.", version=seen)

    assert response.status_code == 409
    assert "The blue one, in fact." in text_of(response)
    assert "Look at the sandbox page." in text_of(response)


def test_stale_comes_before_refused_and_still_gives_the_words_back(visit, cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    seen = issue.version
    step(issue, Verb.ASK, cast.other_ops, text="Is it the red one?")

    response = visit(cast.ops).post(issue, "request-validation", text="Look at the sandbox page.", version=seen)

    assert response.status_code == 409
    assert "Look at the sandbox page." in text_of(response)
    assert "is not a step of" in text_of(response)


@pytest.mark.parametrize("version", ["abc", "-1", "1e3", "²", "9" * 40, "0x10", "1;drop", "٣"])
def test_a_garbled_version_is_stale_not_an_error(visit, cast, version):
    issue = request_at(State.DEVELOPMENT, cast=cast)

    response = visit(cast.ops).post(issue, "ask", text="Which?", version=version)

    assert response.status_code == 409
    assert now(issue).version == issue.version


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bytes_no_database_takes_are_said_not_thrown(visit, cast, case):
    issue = case.build(cast)
    posted = {name: f"a\x00b{value}" for name, value in case.posted(issue).items()} | {"text": "a\x00b"}

    response = visit(getattr(cast, case.who)).post(issue, case.verb, **posted)

    assert response.status_code in {302, 422}


# What single verbs ask for ------------------------------------------------------------------------------------------


def test_a_duplicate_names_a_request_that_exists_for_the_person(visit, cast):
    original, hidden = file_request(cast), restrict(file_request(cast))
    issue = file_request(cast)
    visitor = visit(cast.ops)

    for wrong in (f"SO-{hidden.pk}", "SO-999999", "99999999999999999999", "x", f"{issue.pk}", ""):
        response = visitor.post(issue, "close", outcome="duplicate", text="Twice.", duplicate_of=wrong)
        assert response.status_code == 422, wrong
    response = visitor.post(issue, "close", outcome="duplicate", text="Twice.", duplicate_of=f"SO-{original.pk}")

    assert response.status_code == 302
    assert now(issue).outcome == Outcome.DUPLICATE


def test_a_feature_in_triage_is_not_offered_to_close_as_wont_do(visit, cast):
    issue = request_at(State.TRIAGE, Kind.FEATURE, cast=cast)
    visitor = visit(cast.ops)

    page = visitor.get(issue, "close")
    response = visitor.post(issue, "close", outcome="wont-do", text="No.")

    assert 'value="wont-do"' not in text_of(page)
    assert response.status_code == 422
    assert response.context["form"].errors["outcome"] == [
        "In triage a feature does not close as “won't do”. Escalate it first."
    ]


@pytest.mark.parametrize("outcome", ["declined", "50%(value)s", "x" * 200])
def test_an_outcome_that_is_none_is_refused_in_our_words(visit, cast, outcome):
    response = visit(cast.ops).post(request_at(State.TRIAGE, cast=cast), "close", outcome=outcome, text="No.")

    assert response.context["form"].errors["outcome"] == ["Choose how it ends from the list."]


@pytest.mark.parametrize(("who", "named"), [("colleague", False), ("ops", True)])
def test_a_hidden_original_is_named_to_nobody_who_may_not_see_it(visit, cast, who, named):
    original, issue = restrict(file_request(cast)), request_at(State.TRIAGE, cast=cast)
    cast.ops.groups.add(original.restricted_to)
    step(issue, Verb.CLOSE, cast.ops, text="Known.", outcome=Outcome.DUPLICATE, duplicate_of=original)
    visitor = visit(getattr(cast, who))

    answers = [visitor.get(issue), visitor.post(issue, "reopen", text="Again.", version=issue.version)]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert [f"SO-{original.pk}" in text_of(answer) for answer in answers] == [named, named]


def test_the_milestones_are_the_trackers_open_ones_the_next_first(visit, cast):
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)
    today = date.today()
    milestone_for(issue.tracker, due=today - timedelta(days=5), title="Past one")
    milestone_for(issue.tracker, due=today + timedelta(days=60), title="Later one")
    milestone_for(issue.tracker, due=today + timedelta(days=5), title="Next one")
    milestone_for(Tracker.objects.exclude(pk=issue.tracker_id).first(), title="Elsewhere")

    page = text_of(visit(cast.ops).get(issue, "schedule"))

    assert page.index("Next one") < page.index("Later one") < page.index("Past one")
    assert "Elsewhere" not in page


def test_a_checklist_must_be_ticked_before_validating(visit, cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Please:\n- [ ] open the form\n- [ ] send it")
    visitor = visit(cast.requester)

    half = visitor.post(issue, "validate", check_1="on")
    whole = visitor.post(issue, "validate", check_1="on", check_2="on")

    assert half.status_code == 422
    assert whole.status_code == 302


def test_an_edit_says_beforehand_that_it_asks_for_the_approval_again(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)

    assert "asks for the approval again" in text_of(visit(cast.requester).get(issue, "edit"))


def _material_field(issue):
    return next(name for name in issue.route.voiding_fields if name not in {"title", "description"})


def test_a_material_edit_in_development_is_refused_and_its_fields_are_locked(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    step(issue, Verb.APPROVE, cast.manager)
    step(
        issue,
        Verb.ACCEPT,
        cast.ops,
        kind=issue.kind,
        customer="Support",
        system="Zendesk",
        priority=2,
    )
    visitor = visit(cast.requester)
    posted = typed_answers("macros-global") | {"title": issue.title, "description": issue.description}

    page = visitor.get(issue, "edit")
    changed = visitor.post(issue, "edit", **(posted | {"macro_title": "Another::Title"}))
    allowed = visitor.post(
        issue, "edit", title="Only the heading", description=issue.description, reason="Answer to reason"
    )

    assert "can no longer change" in text_of(page)
    assert "disabled" in text_of(page)
    assert changed.status_code == 403
    assert "spin" in text_of(changed)
    assert allowed.status_code == 302
    assert {row["key"]: row["answer"] for row in now(issue).answers}["macro_title"] == "Answer to macro_title"


def test_an_edit_that_voids_nothing_keeps_the_approvers_answers(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    typed = {**typed_answers("calendly"), "description": issue.description}
    visit(cast.requester).post(issue, "edit", **typed, title=issue.title)
    visit(cast.manager).post(issue, "approve", **typed_answers("calendly", "approver"))
    before = {row["key"] for row in now(issue).answers}

    response = visit(cast.requester).post(issue, "edit", **typed, title="A better title")

    assert response.status_code == 302
    assert now(issue).state == State.TRIAGE
    assert {row["key"] for row in now(issue).answers} == before
    assert "coverage" in before


def test_reclassify_asks_only_after_the_entry_is_chosen(visit, cast):
    issue = file_request(cast)
    visitor = visit(cast.ops)

    first, second = visitor.get(issue, "reclassify"), visitor.get(issue, "reclassify", "?route=feature")
    nonsense = visitor.get(issue, "reclassify", "?route=nonsense")

    assert "The business need" not in text_of(first)
    assert "The business need" in text_of(second)
    assert nonsense.status_code == 200


@pytest.mark.parametrize("route", ["", "nonsense", "bug"])
def test_a_route_that_is_none_is_named_in_the_summary(visit, cast, route):
    issue = file_request(cast)

    response = visit(cast.ops).post(issue, "reclassify", route=route, text="Because.")

    assert response.status_code == 422
    assert "data-error-summary" in text_of(response)


def test_a_proposal_is_continued_in_work_only(visit, cast):
    issue = request_at(State.TRIAGE, Kind.PROPOSAL, cast=cast)

    page = text_of(visit(cast.ops).get(issue, "continue-in"))

    assert 'value="feature"' in page
    assert 'value="question"' not in page
    assert 'value="propose-change"' not in page


def test_what_a_question_leaves_open_becomes_the_requesters_draft(visit, cast):
    issue = file_request(cast, Kind.QUESTION)

    response = visit(cast.ops).post(issue, "continue-in", route="feature", title="As a request", text="Tell us more.")
    page = visit(cast.requester).get(issue)

    assert response.status_code == 302
    assert now(issue).outcome == Outcome.CONTINUED
    assert Issue.objects.count() == 1
    assert page.context["draft_url"]
    assert visit(cast.requester).client.get(page.context["draft_url"], follow=True).status_code == 200
    assert not visit(cast.colleague).get(issue).context["draft_url"]


def test_an_approver_of_a_restricted_request_is_led_to_a_page_that_exists(visit, cast):
    issue = restrict(file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager))
    visitor = visit(cast.manager)

    response = visitor.post(issue, "approve")

    assert response["Location"] == "/mine/"
    assert visitor.client.get("/mine/").status_code == 200


def test_the_one_who_decides_sees_what_is_decided_about(visit, cast):
    issue = file_request(
        cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager, description="Every word of this."
    )

    assert "Every word of this." in text_of(visit(cast.manager).get(issue, "approve"))


def test_what_happens_next_is_told_before_pressing(visit, cast):
    issue = request_at(State.VALIDATION, cast=cast)

    assert "Moves to implementation" in text_of(visit(cast.requester).get(issue, "validate"))


def test_a_step_takes_few_statements(visit, cast):
    issue = file_request(cast)
    ops = visit(cast.ops)

    with CaptureQueriesContext(connection) as asked:
        assert ops.post(issue, "shelve", text="Later.", version=issue.version).status_code == 302

    assert len(without_savepoints(asked)) <= 20
