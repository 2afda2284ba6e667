"""The request page: what everybody finds on it, and that it stays flat."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import answers_for, file_request, milestone_for, request_at, restrict, step
from workflow.actions import answer_gate, attach, comment, delegate, move, spin_off, store_file, take_step, watch
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.clock import time_by_court
from workflow.gitlab.models import GitLabLink
from workflow.models import Attachment, Comment, Event, Issue, StageTarget
from workflow.states import Court, Outcome, State
from workflow.verbs import Verb

PLACES = [
    (State.TRIAGE, Kind.BUG),
    (State.NEEDS_INFO, Kind.BUG),
    (State.DESIGN, Kind.BUG),
    (State.DEVELOPMENT, Kind.BUG),
    (State.VALIDATION, Kind.BUG),
    (State.IMPLEMENTATION, Kind.BUG),
    (State.COMPLETED, Kind.BUG),
    (State.CLOSED, Kind.BUG),
    (State.BLOCKED, Kind.BUG),
    (State.BACKLOG, Kind.BUG),
    (State.ESCALATED, Kind.FEATURE),
    (State.PLANNING, Kind.FEATURE),
    (State.SCHEDULED, Kind.FEATURE),
    (State.COMPLETED, Kind.FEATURE),
    (State.DISCUSSION, Kind.PROPOSAL),
    (State.COMPLETED, Kind.PROPOSAL),
    (State.TRIAGE, Kind.QUESTION),
    (State.TRIAGE, Kind.HAND_OVER),
    (State.COMPLETED, Kind.ADMINISTRATIVE),
]
MOST_QUERIES = 12


def text_of(response):
    return response.content.decode()


@pytest.mark.parametrize(("state", "kind"), PLACES)
def test_the_page_stands_in_every_state_for_everybody(visit, cast, state, kind):
    issue = request_at(state, kind, cast=cast)

    for person in (cast.requester, cast.manager, cast.ops, cast.lead, cast.colleague):
        response = visit(person).get(issue)
        assert response.status_code == 200
        assert issue.reference in text_of(response)


def test_strangers_sign_in_first(client, cast):
    issue = file_request(cast)

    assert client.get(f"/issues/{issue.pk}/")["Location"].startswith("/accounts/login/")


def test_a_restricted_request_exists_for_the_people_involved_only(visit, cast):
    issue = restrict(file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager))
    delegate(issue.pk, cast.colleague, by=cast.requester)

    involved, others = (cast.requester, cast.manager, cast.colleague), (cast.ops, cast.lead, cast.admin, cast.standin)
    assert [visit(person).get(issue).status_code for person in involved] == [200] * 3
    assert [visit(person).get(issue).status_code for person in others] == [404] * 4


# Flat ---------------------------------------------------------------------------------------------------


def make_long(issue, cast, number):
    """Add ``number`` of everything that can grow."""
    now = timezone.now()
    comments = Comment.objects.bulk_create(
        Comment(issue=issue, author=(cast.ops, cast.colleague, cast.manager)[i % 3], body=f"Word {i}", created_at=now)
        for i in range(number)
    )
    Event.objects.bulk_create(
        Event(
            issue=issue,
            verb="priority",
            actor=cast.lead,
            from_state=issue.state,
            to_state=issue.state,
            version=1,
            at=now,
        )
        for i in range(number)
    )
    Attachment.objects.bulk_create(
        Attachment(
            issue=issue,
            comment=comments[i] if i % 2 else None,
            uploaded_by=cast.standin,
            file=f"x/{i}",
            name=f"{i}.txt",
            content_type="text/plain",
            size=3,
        )
        for i in range(number)
    )


def queries_of(visitor, issue):
    with CaptureQueriesContext(connection) as counted:
        assert visitor.get(issue).status_code == 200
    return len(counted)


def _simple(cast):
    return request_at(State.VALIDATION, cast=cast), cast.ops


def _gated_and_carried(cast):
    request_at(State.COMPLETED, Kind.PROPOSAL, cast=cast)
    issue = Issue.objects.filter(kind=Kind.FEATURE).latest("pk")
    answer_gate(issue.pk, by=cast.ops, question="roadmap", answer=True)
    return issue, cast.ops


def _to_approve(cast):
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly"), cast.manager


def _restricted(cast):
    return restrict(file_request(cast, Kind.ADMINISTRATIVE, route="calendly")), cast.manager


def _escalated(cast):
    return request_at(State.ESCALATED, Kind.FEATURE, cast=cast), cast.lead


@pytest.mark.parametrize("build", [_simple, _gated_and_carried, _to_approve, _restricted, _escalated])
def test_a_longer_story_costs_no_further_query(visit, cast, build):
    issue, person = build(cast)
    make_long(issue, cast, 2)
    visitor = visit(person)
    visitor.get(issue)
    short = queries_of(visitor, issue)

    make_long(issue, cast, 50)
    if build is _simple:
        spin_off_of(issue, cast)

    assert queries_of(visitor, issue) == short
    assert short <= MOST_QUERIES


def spin_off_of(issue, cast):
    """One more link."""
    given = {"route": Route.objects.get(key="bug"), "title": "Part", "description": "Part"}
    given["answers"] = answers_for("bug")
    return spin_off(issue.pk, by=cast.ops, given=given)


# What stands on it --------------------------------------------------------------------------------------------------


def test_the_story_tells_steps_and_comments_in_their_order(visit, cast):
    issue = request_at(State.NEEDS_INFO, cast=cast)
    comment(issue.pk, "Said in between.", by=cast.colleague)
    step(issue, Verb.ANSWER, cast.requester, text="The answer at last.")

    story = text_of(visit(cast.requester).get(issue)).partition('id="story"')[2]

    marks = ["filed this request", "Which one?", "Said in between.", "The answer at last."]
    places = [story.index(mark) for mark in marks]
    assert places == sorted(places)


def test_internal_comments_and_their_files_are_for_ops_only(visit, cast):
    issue = file_request(cast)
    file = store_file(ContentFile(b"secret", name="secret-list.txt"), by=cast.ops)
    comment(issue.pk, "Between us.", by=cast.ops, internal=True, files=[file])

    ours, theirs = text_of(visit(cast.other_ops).get(issue)), text_of(visit(cast.requester).get(issue))

    assert "Between us." in ours
    assert "secret-list.txt" in ours
    assert "Only Support Operations" in ours
    assert "Between us." not in theirs
    assert "secret-list.txt" not in theirs
    assert 'name="internal"' not in theirs


def test_a_comment_deleted_in_gitlab_leaves_only_its_place(visit, cast):
    issue = file_request(cast)
    said = comment(issue.pk, "Forget this.", by=cast.colleague)
    Comment.objects.filter(pk=said.pk).update(deleted_at=timezone.now())

    page = text_of(visit(cast.requester).get(issue))

    assert "Forget this." not in page
    assert "deleted in GitLab" in page


def test_links_stand_on_both_sides_but_never_to_what_is_hidden(visit, cast):
    parent = request_at(State.DEVELOPMENT, cast=cast, title="The parent of all")
    child = spin_off_of(parent, cast)

    assert "Spun off into" in text_of(visit(cast.colleague).get(parent))
    assert "Spun off from" in text_of(visit(cast.colleague).get(child))
    restrict(parent)
    assert "The parent of all" not in text_of(visit(cast.colleague).get(child))


def test_the_story_names_no_request_that_is_hidden(visit, cast):
    parent = request_at(State.DEVELOPMENT, cast=cast)
    hidden = restrict(spin_off_of(parent, cast))

    told = {person: text_of(visit(person).get(parent)) for person in (cast.requester, cast.other_ops)}

    assert hidden.reference in told[cast.requester]
    assert hidden.reference not in told[cast.other_ops]


def test_the_approved_text_stays_readable_and_the_next_round_shows_the_difference(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    step(issue, Verb.APPROVE, cast.manager, text="Fine as it is.")
    rows = [row | {"answer": "Another::Title"} if row["key"] == "macro_title" else row for row in issue.answers]
    take_step(issue.pk, Verb.EDIT, by=cast.requester, given={"answers": rows})

    page = text_of(visit(cast.manager).get(issue))

    assert "Fine as it is." in page
    assert "Round 2" in page
    assert "Voided by an edit".lower() in page
    assert "<ins>Another::Title</ins>" in page
    assert "changing “Title of the macro”" in page  # the question's words, not its key


def test_who_decides_anew_sees_the_difference_before_the_buttons(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    step(issue, Verb.APPROVE, cast.manager, text="Fine as it is.")
    rows = [row | {"answer": "Another::Title"} if row["key"] == "macro_title" else row for row in issue.answers]
    take_step(issue.pk, Verb.EDIT, by=cast.requester, given={"answers": rows})

    before, after = (text_of(visit(who).get(issue)).split('id="decision-title"') for who in (cast.manager, cast.ops))

    assert "What changed since it was asked before" in before[0]
    assert "What changed since it was asked before" not in after[0]


def test_a_day_in_an_answer_reads_like_every_other(visit, cast):
    rows = [{"key": "from_when", "label": "From when", "type": "date", "answer": "2031-03-07"}]
    issue = file_request(cast, answers=[*answers_for("bug"), *rows])

    page = text_of(visit(cast.colleague).get(issue))

    assert "7 March 2031" in page
    assert "2031-03-07" not in page


def test_the_approval_of_a_proposal_shows_on_what_continues_it(visit, cast):
    proposal = request_at(State.COMPLETED, Kind.PROPOSAL, cast=cast)
    issue = Issue.objects.filter(kind=Kind.FEATURE).latest("pk")

    page = text_of(visit(cast.requester).get(issue))

    assert "carried over" in page
    assert f'href="/issues/{proposal.pk}/"' in page
    assert "Agreed." in page


def test_a_used_gate_path_stays_drawn(visit, cast):
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)

    page = text_of(visit(cast.requester).get(issue))

    assert "Is this related to a support roadmap item?" in page
    assert "Is it technically possible to do?" in page


def test_a_side_state_hangs_from_the_stage_it_left(visit, cast):
    issue = request_at(State.BLOCKED, cast=cast)

    response = visit(cast.requester).get(issue)

    current = next(one for one in response.context["rail"] if one["status"] == "current")
    assert (current["label"], current["side"]["label"]) == ("Development", "Blocked")
    assert [one["status"] for one in response.context["rail"]] == ["done", "done", "current", "ahead", "ahead", "ahead"]
    assert all(one["date"] for one in response.context["rail"][:2])


def test_the_rail_of_an_ended_request_ends_where_it_was(visit, cast):
    issue = request_at(State.DESIGN, cast=cast)
    step(issue, Verb.CLOSE, cast.ops, text="No.", outcome=Outcome.WONT_DO)

    rail = visit(cast.requester).get(issue).context["rail"]

    assert [(one["label"], one.get("side", {}).get("label")) for one in rail if one["status"] == "current"] == [
        ("Design", "Won't do")
    ]


def test_a_request_that_waits_too_long_says_so(visit, cast):
    issue = file_request(cast)
    StageTarget.objects.update_or_create(state=State.TRIAGE, defaults={"working_days": 2})
    visitor = visit(cast.ops)

    in_time = text_of(visitor.get(issue))
    Issue.objects.filter(pk=issue.pk).update(state_since=timezone.now() - timedelta(days=9))
    late = text_of(visitor.get(issue))

    assert "over the target" not in in_time
    assert "over the target" in late


def test_the_time_in_each_court_sums_to_the_lead_time_exactly():
    begin = timezone.now()
    moments = [begin + timedelta(hours=hours, microseconds=hours) for hours in (0, 5, 7, 30, 200, 260)]
    states = [State.TRIAGE, State.NEEDS_INFO, State.TRIAGE, State.COMPLETED, State.TRIAGE]

    spent = time_by_court(list(zip(moments[:-1], states, strict=True)), moments[-1])

    assert spent == {
        Court.OPS: (moments[1] - moments[0]) + (moments[3] - moments[2]) + (moments[5] - moments[4]),
        Court.REQUESTER: moments[2] - moments[1],
    }


def test_whose_time_it_took_is_told(visit, cast):
    issue = request_at(State.VALIDATION, cast=cast)

    facts = {fact["label"]: fact["value"] for fact in visit(cast.ops).get(issue).context["facts"]}

    told = facts["Time so far"]["words"]
    assert told == "Requester less than a minute, Support Operations less than a minute"


def test_facts_are_changed_only_by_who_may(visit, cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)

    ops, other = text_of(visit(cast.ops).get(issue)), text_of(visit(cast.colleague).get(issue))

    for place in ("assign", "priority", "due-date", "move"):
        assert f"/issues/{issue.pk}/{place}/" in ops
        assert f"/issues/{issue.pk}/{place}/" not in other


def test_discuss_first_offers_the_requester_a_filled_proposal(visit, cast):
    issue = file_request(cast)
    step(issue, Verb.CLOSE, cast.ops, text="Talk first.", outcome=Outcome.DISCUSS_FIRST)
    link = f"/new/propose-change/?from={issue.pk}"

    assert link in text_of(visit(cast.requester).get(issue))
    assert link not in text_of(visit(cast.colleague).get(issue))
    assert visit(cast.requester).client.get(link).status_code == 200


def test_watching_shows_and_offers_the_way_out(visit, cast):
    issue = file_request(cast)
    watch(issue.pk, True, by=cast.colleague)

    page = visit(cast.colleague).get(issue)

    assert page.context["watchers"] == [cast.colleague]
    assert "Stop watching" in text_of(page)


def test_the_event_tells_what_changed(visit, cast):
    issue = request_at(State.SCHEDULED, Kind.FEATURE, cast=cast)
    other = Tracker.objects.exclude(pk=issue.tracker_id).filter(confidential_only=False).first()
    milestone_for(other, title=issue.milestone.title)
    move(issue.pk, other, by=cast.ops)

    page = text_of(visit(cast.requester).get(issue))

    assert "moved this to another tracker" in page
    assert "priority none → High" in page
    assert "Planning → Scheduled" in page


# The mirror ---------------------------------------------------------------------------------------------------------


def mirrored(issue, **fields):
    GitLabLink.objects.filter(pk=issue.pk).update(
        iid=77, project_id=5, web_url="https://gitlab.example.com/a/-/issues/77", **fields
    )


def test_the_mirror_panel_refreshes_itself_while_gitlab_is_behind(visit, cast):
    issue = file_request(cast)

    page = text_of(visit(cast.requester).get(issue))
    panel = text_of(visit(cast.requester).get(issue, "mirror"))

    assert f'data-hx-get="/issues/{issue.pk}/mirror/"' in page
    assert f'data-hx-get="/issues/{issue.pk}/mirror/"' in panel
    assert "<html" not in panel


def test_the_mirror_panel_rests_when_in_step(visit, cast):
    issue = file_request(cast)
    mirrored(issue, status=GitLabLink.Status.IN_STEP, pushed_version=F("wanted_version"))

    panel = text_of(visit(cast.requester).get(issue, "mirror"))

    assert "data-hx-get" not in panel
    assert 'href="https://gitlab.example.com/a/-/issues/77"' in panel
    assert "Portal wants" not in panel


def test_a_parked_mirror_says_why_and_where_it_differs(visit, cast):
    issue = file_request(cast, title="As it should be")
    mirrored(
        issue,
        status=GitLabLink.Status.PARKED,
        last_error="GitLab answered 403.",
        last_synced={"fields": {"title": "As it was", "state": "opened", "labels": {"type": ["bug"]}}},
    )

    panel = text_of(visit(cast.ops).get(issue, "mirror"))

    assert "GitLab answered 403." in panel
    assert "As it should be" in panel
    assert "As it was" in panel


def test_the_mirror_of_a_hidden_request_is_hidden(visit, cast):
    issue = restrict(file_request(cast))

    assert visit(cast.colleague).get(issue, "mirror").status_code == 404


def test_what_has_no_tracker_has_no_mirror(visit, cast):
    issue = file_request(cast, Kind.QUESTION)

    assert 'id="mirror-title"' not in text_of(visit(cast.requester).get(issue))
    assert visit(cast.requester).get(issue, "mirror").status_code == 200


def test_a_comment_form_carries_its_own_mark(visit, cast):
    page = visit(cast.requester).get(file_request(cast))

    assert uuid.UUID(str(page.context["comment_form"].initial["submission"]))


def test_files_of_the_request_stand_on_it(visit, cast):
    issue = file_request(cast)
    attach(issue.pk, [store_file(ContentFile(b"words", name="notes.txt"), by=cast.requester)], by=cast.requester)

    assert "notes.txt" in text_of(visit(cast.colleague).get(issue))
