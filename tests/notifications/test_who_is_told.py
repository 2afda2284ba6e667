"""Whoever stands in the court is told, always: every verb and act × who, why, in which words (domain.md §7).

The words are those of the inbox; mails and Slack say the same sentence, by the ways each reason has (``test_email``).
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import (
    accept,
    answers_for,
    file_request,
    milestone_for,
    request_at,
    step,
)
from tests.notifications.telling import inbox_of
from tests.workflow.places import confidential_member
from workflow import actions
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.models import Issue
from workflow.models.event import RAISED, REPLAN, SUBMIT
from workflow.notifications.models import Notice
from workflow.states import Outcome, Source, State
from workflow.verbs import Act, Verb

YOU, DUTY, FILED, OWNED, WATCHED = "needs-you", "on-duty", "filed", "owned", "watched"
SILENT = frozenset({Act.WATCH, Act.GATE, Act.CHECK})
"""Acts that leave nothing to be told: looking on, answering a gate, ticking an item."""


@dataclass(frozen=True)
class Case:
    """``what`` was done to the request that ``where`` gives, by ``act``; ``told``: {who: (why, the sentence)}."""

    what: str
    where: Callable
    act: Callable
    told: dict


def on_duty(sentence, *, but=()):
    """Everybody of Support Operations hears it: nobody owns the request yet."""
    return {who: (DUTY, sentence) for who in ("ops", "other_ops", "federal", "lead") if who not in but}


def at(state, kind=Kind.BUG, **fields):
    """A request at this state, owned by Ops once it was accepted."""
    return lambda cast: request_at(state, kind, cast=cast, **fields)


def takes(verb, who, **given):
    """Takes a step as this one of the cast."""
    return lambda issue, cast: step(issue, verb, getattr(cast, who), **given)


def unowned(state, kind=Kind.BUG):
    """At this state, but nobody owns it."""

    def where(cast):
        issue = request_at(state, kind, cast=cast)
        actions.assign(issue.pk, None, by=cast.lead)
        return Issue.objects.get(pk=issue.pk)

    return where


def approval(cast):
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly")


def gated(*answers):
    def where(cast):
        issue = request_at(State.TRIAGE, Kind.FEATURE, cast=cast)
        for question, answer in answers:
            actions.answer_gate(issue.pk, by=cast.ops, question=question, answer=answer)
        return issue

    return where


def filed(route):
    return lambda issue, cast: file_request(cast, route=route, title="A title")


def nothing_yet(cast):
    return None


def nobody_decides(cast):
    """The requester reports to nobody, so nobody can be asked."""
    cast.requester.reports_to = None
    cast.requester.save()


def files_again(issue, cast):
    return file_request(cast, route="calendly", title="A title")


def approves(issue, cast):
    return step(issue, Verb.APPROVE, cast.manager, answers=answers_for("calendly", "approver"))


def waivable(cast):
    return file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)


def reclassifies(issue, cast):
    route = Route.objects.get(key="other")
    return step(issue, Verb.RECLASSIFY, cast.ops, route=route, text="It is no bug.", answers=answers_for("other"))


def schedules(issue, cast):
    milestone = milestone_for(issue.tracker, start=date(2999, 1, 1))
    return step(issue, Verb.SCHEDULE, cast.other_ops, milestone=milestone)


def by_the_calendar(verb):
    def act(issue, cast):
        return actions.take_step(issue.pk, verb, by=None, source=Source.CALENDAR)

    return act


def delegated(state):
    def where(cast):
        issue = request_at(state, cast=cast)
        actions.delegate(issue.pk, cast.colleague, by=cast.requester)
        return Issue.objects.get(pk=issue.pk)

    return where


def continues(issue, cast):
    route = Route.objects.get(key="feature")
    return step(issue, Verb.CONTINUE_IN, cast.ops, route=route, answers=answers_for("feature"))


def bounced(cast):
    issue = request_at(State.VALIDATION, cast=cast)
    for _ in range(2):
        step(issue, Verb.SEND_BACK, cast.requester, text="No.")
        step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="And now?")
    return issue


def assigns(who):
    return lambda issue, cast: actions.assign(issue.pk, who and getattr(cast, who), by=cast.lead)


def comments(who, **how):
    return lambda issue, cast: actions.comment(issue.pk, "Hello", by=getattr(cast, who), **how)


def due(issue, cast):
    return actions.set_due_date(issue.pk, date(2026, 3, 20), by=cast.requester)


def moves(issue, cast):
    tracker = (
        Tracker.objects.filter(is_active=True).exclude(pk=issue.tracker_id).exclude(confidential_only=True).first()
    )
    return actions.move(issue.pk, tracker, by=cast.lead)


def spins_off(issue, cast):
    given = {
        "route": Route.objects.get(key="bug"),
        "title": "A part",
        "description": "Of it.",
        "answers": answers_for("bug"),
    }
    return actions.spin_off(issue.pk, by=cast.ops, given=given)


def leaves(who):
    def act(issue, cast):
        person = getattr(cast, who)
        cast.requester.reports_to = None
        cast.requester.save()
        person.is_active = False
        person.save()

    return act


def attaches(issue, cast):
    with actions.stored([SimpleUploadedFile("a.txt", b"words")], by=cast.requester) as files:
        return actions.attach(issue.pk, files, by=cast.requester)


CASES = [
    Case(SUBMIT, nothing_yet, filed("bug"), on_duty("Requester filed SO-1: decide whether to take it.")),
    Case(SUBMIT, nothing_yet, filed("question"), on_duty("Requester filed SO-1: answer it.")),
    Case(
        SUBMIT,
        nothing_yet,
        filed("propose-change"),
        {"manager": (YOU, "Requester filed SO-1: approve it or decline it.")},
    ),
    Case(SUBMIT, nothing_yet, filed("calendly"), {"manager": (YOU, "Requester filed SO-1: approve it or decline it.")}),
    Case(SUBMIT, nobody_decides, files_again, {"lead": (YOU, "Requester filed SO-1: name who decides.")}),
    Case(
        Verb.APPROVE,
        approval,
        approves,
        {
            "requester": (FILED, "Manager approved SO-1; it is in triage now."),
            **on_duty("Manager approved SO-1: decide whether to take it."),
        },
    ),
    Case(
        Verb.APPROVE,
        at(State.DISCUSSION, Kind.PROPOSAL),
        takes(Verb.APPROVE, "manager", text="Yes."),
        {
            "requester": (FILED, "Manager approved SO-1; it is in triage now."),
            **on_duty("Manager approved SO-1: review it and carry it on."),
        },
    ),
    Case(
        Verb.DECLINE,
        approval,
        takes(Verb.DECLINE, "manager", text="No."),
        {"requester": (FILED, "Manager declined SO-1.")},
    ),
    Case(
        Verb.WAIVE_APPROVAL,
        waivable,
        takes(Verb.WAIVE_APPROVAL, "ops", text="The merge request has it."),
        {
            "requester": (FILED, "Ops waived the approval on SO-1; it is in triage now."),
            **on_duty("Ops waived the approval on SO-1: decide whether to take it.", but=("ops",)),
        },
    ),
    Case(
        Verb.EDIT,
        approval,
        takes(Verb.EDIT, "requester", title="Another title"),
        {"manager": (YOU, "Requester edited SO-1, changing the title: approve it or decline it.")},
    ),
    Case(
        Verb.EDIT,
        at(State.DESIGN),
        takes(Verb.EDIT, "requester", title="Another title"),
        {"ops": (OWNED, "Requester edited SO-1, changing the title.")},
    ),
    Case(
        Verb.RECLASSIFY,
        at(State.TRIAGE),
        reclassifies,
        {
            "requester": (FILED, "Ops reclassified SO-1 (entry bug → other)."),
            **on_duty("Ops reclassified SO-1 (entry bug → other): decide whether to take it.", but=("ops",)),
        },
    ),
    Case(
        Verb.ASK,
        at(State.TRIAGE),
        takes(Verb.ASK, "ops", text="Which one?"),
        {"requester": (YOU, "Ops asked a question on SO-1: answer it.")},
    ),
    Case(
        Verb.ASK,
        approval,
        takes(Verb.ASK, "manager", text="Which one?"),
        {"requester": (YOU, "Manager asked a question on SO-1: answer it.")},
    ),
    Case(
        Verb.ANSWER,
        at(State.NEEDS_INFO),
        takes(Verb.ANSWER, "requester", text="This one."),
        on_duty("Requester answered on SO-1: decide whether to take it."),
    ),
    Case(
        Verb.ACCEPT,
        at(State.TRIAGE),
        lambda issue, cast: accept(issue, cast),
        {"requester": (FILED, "Ops accepted SO-1 (system none → Zendesk, priority none → High); it is in design now.")},
    ),
    Case(
        Verb.ESCALATE,
        gated(("roadmap", False), ("small", False)),
        takes(Verb.ESCALATE, "ops", text="A decision."),
        {"requester": (FILED, "Ops escalated SO-1."), "lead": (YOU, "Ops escalated SO-1: shelve it or close it.")},
    ),
    Case(
        Verb.SHELVE,
        at(State.DESIGN),
        takes(Verb.SHELVE, "other_ops", text="Later."),
        {
            "ops": (YOU, "Other_ops shelved SO-1: resume it when its time has come."),
            "requester": (FILED, "Other_ops shelved SO-1; it is in the backlog now."),
        },
    ),
    Case(
        Verb.RESUME,
        at(State.BACKLOG),
        takes(Verb.RESUME, "lead"),
        {
            "ops": (YOU, "Lead resumed SO-1: make a gameplan."),
            "requester": (FILED, "Lead resumed SO-1; it is in design now."),
        },
    ),
    Case(
        Verb.SUBMIT_GAMEPLAN,
        at(State.DESIGN),
        takes(Verb.SUBMIT_GAMEPLAN, "other_ops", text="First this."),
        {
            "ops": (YOU, "Other_ops submitted the gameplan on SO-1: do the work."),
            "requester": (FILED, "Other_ops submitted the gameplan on SO-1; it is in development now."),
        },
    ),
    Case(
        Verb.SCHEDULE,
        at(State.PLANNING, Kind.FEATURE),
        schedules,
        {
            "ops": (YOU, "Other_ops scheduled SO-1 (milestone none → Deployment *): it starts with its milestone."),
            "requester": (FILED, "Other_ops scheduled SO-1 (milestone none → Deployment *)."),
        },
    ),
    Case(
        Verb.START,
        at(State.SCHEDULED, Kind.FEATURE),
        takes(Verb.START, "lead", text="It is small."),
        {
            "ops": (YOU, "Lead started SO-1: do the work."),
            "requester": (FILED, "Lead started SO-1; it is in development now."),
        },
    ),
    Case(
        Verb.START,
        at(State.SCHEDULED, Kind.FEATURE),
        by_the_calendar(Verb.START),
        {
            "ops": (YOU, "The calendar started SO-1: do the work."),
            "requester": (FILED, "The calendar started SO-1; it is in development now."),
        },
    ),
    Case(
        REPLAN,
        at(State.SCHEDULED, Kind.FEATURE),
        by_the_calendar(REPLAN),
        {
            "ops": (YOU, "The calendar took SO-1 out of its milestone: choose a milestone."),
            "requester": (FILED, "The calendar took SO-1 out of its milestone; it is in planning now."),
        },
    ),
    Case(
        Verb.REQUEST_VALIDATION,
        at(State.DEVELOPMENT),
        takes(Verb.REQUEST_VALIDATION, "ops", text="Look."),
        {"requester": (YOU, "Ops requested validation on SO-1: validate it or send it back.")},
    ),
    Case(
        Verb.REQUEST_VALIDATION,
        delegated(State.DEVELOPMENT),
        takes(Verb.REQUEST_VALIDATION, "ops", text="Look."),
        {
            "requester": (YOU, "Ops requested validation on SO-1: validate it or send it back."),
            "colleague": (YOU, "Ops requested validation on SO-1: validate it or send it back."),
        },
    ),
    Case(
        Verb.VALIDATE,
        at(State.VALIDATION),
        takes(Verb.VALIDATE, "requester"),
        {"ops": (YOU, "Requester validated SO-1: put it into production.")},
    ),
    Case(
        Verb.VALIDATE,
        unowned(State.VALIDATION),
        takes(Verb.VALIDATE, "requester"),
        on_duty("Requester validated SO-1: put it into production."),
    ),
    Case(
        Verb.SEND_BACK,
        at(State.VALIDATION),
        takes(Verb.SEND_BACK, "requester", text="No."),
        {"ops": (YOU, "Requester sent SO-1 back: do the work.")},
    ),
    Case(
        Verb.COMPLETE,
        at(State.IMPLEMENTATION),
        takes(Verb.COMPLETE, "ops", text="Merged."),
        {"requester": (FILED, "Ops completed SO-1.")},
    ),
    Case(
        Verb.CONTINUE_IN,
        at(State.TRIAGE, Kind.PROPOSAL),
        continues,
        {
            "requester": [
                (FILED, "Ops, for Requester, filed SO-2."),
                (FILED, "Ops continued SO-1 in another request."),
            ],
            **on_duty("Ops, for Requester, filed SO-2: decide whether to take it.", but=("ops",)),
        },
    ),
    Case(
        Verb.BLOCK,
        at(State.DEVELOPMENT),
        takes(Verb.BLOCK, "other_ops", text="Down.", blocked_by="Vendor", unblock_when="Up."),
        {
            "ops": (YOU, "Other_ops blocked SO-1: see what would unblock it."),
            "requester": (FILED, "Other_ops blocked SO-1."),
        },
    ),
    Case(
        Verb.UNBLOCK,
        at(State.BLOCKED),
        takes(Verb.UNBLOCK, "other_ops"),
        {
            "ops": (YOU, "Other_ops unblocked SO-1: do the work."),
            "requester": (FILED, "Other_ops unblocked SO-1; it is in development now."),
        },
    ),
    Case(
        Verb.CLOSE,
        at(State.DESIGN),
        takes(Verb.CLOSE, "other_ops", text="No.", outcome=Outcome.INVALID),
        {
            "ops": (OWNED, "Other_ops closed SO-1 as invalid."),
            "requester": (FILED, "Other_ops closed SO-1 as invalid."),
        },
    ),
    Case(
        Verb.WITHDRAW, at(State.DESIGN), takes(Verb.WITHDRAW, "requester"), {"ops": (OWNED, "Requester withdrew SO-1.")}
    ),
    Case(Verb.WITHDRAW, approval, takes(Verb.WITHDRAW, "requester"), {}),
    Case(
        Verb.REOPEN,
        at(State.COMPLETED),
        takes(Verb.REOPEN, "requester", text="It is back."),
        {"ops": (YOU, "Requester reopened SO-1: decide whether to take it.")},
    ),
    Case(
        RAISED,
        bounced,
        takes(Verb.SEND_BACK, "requester", text="No."),
        {
            "ops": [(YOU, "Requester sent SO-1 back: do the work."), (OWNED, "The portal raised SO-1 to the lead.")],
            "requester": (FILED, "The portal raised SO-1 to the lead."),
            "lead": (YOU, "The portal raised SO-1 to the lead."),
        },
    ),
    Case(
        Act.ASSIGN,
        at(State.TRIAGE),
        assigns("other_ops"),
        {
            "other_ops": (YOU, "Lead changed the owner on SO-1 (owner none → Other_ops): decide whether to take it."),
            "requester": (FILED, "Lead changed the owner on SO-1 (owner none → Other_ops)."),
        },
    ),
    Case(
        Act.ASSIGN,
        at(State.DESIGN),
        assigns(None),
        {
            "requester": (FILED, "Lead changed the owner on SO-1 (owner Ops → none)."),
            **on_duty("Lead changed the owner on SO-1 (owner Ops → none): make a gameplan.", but=("lead",)),
        },
    ),
    Case(
        Act.ASSIGN,
        at(State.VALIDATION),
        assigns("other_ops"),
        {
            "ops": (WATCHED, "Lead changed the owner on SO-1 (owner Ops → Other_ops)."),
            "other_ops": (OWNED, "Lead changed the owner on SO-1 (owner Ops → Other_ops)."),
            "requester": (FILED, "Lead changed the owner on SO-1 (owner Ops → Other_ops)."),
        },
    ),
    Case(
        Act.PRIORITY,
        at(State.TRIAGE),
        lambda issue, cast: actions.set_priority(issue.pk, 1, by=cast.ops),
        {
            "requester": (FILED, "Ops changed the priority on SO-1 (priority none → Urgent)."),
            **on_duty(
                "Ops changed the priority on SO-1 (priority none → Urgent): decide whether to take it.", but=("ops",)
            ),
        },
    ),
    Case(
        Act.PRIORITY,
        at(State.DESIGN),
        lambda issue, cast: actions.set_priority(issue.pk, 3, by=cast.lead),
        {
            "ops": (OWNED, "Lead changed the priority on SO-1 (priority High → Medium)."),
            "requester": (FILED, "Lead changed the priority on SO-1 (priority High → Medium)."),
        },
    ),
    Case(Act.COMMENT, at(State.TRIAGE), comments("requester"), on_duty("Requester commented on SO-1.")),
    Case(Act.COMMENT, at(State.TRIAGE), comments("ops"), {"requester": (FILED, "Ops commented on SO-1.")}),
    Case(Act.COMMENT, at(State.DESIGN), comments("requester"), {"ops": (OWNED, "Requester commented on SO-1.")}),
    Case(
        Act.COMMENT,
        at(State.DESIGN),
        comments("colleague"),
        {"ops": (OWNED, "Colleague commented on SO-1."), "requester": (FILED, "Colleague commented on SO-1.")},
    ),
    Case(
        Act.COMMENT,
        at(State.DESIGN),
        comments("lead", internal=True),
        {"ops": (OWNED, "Lead wrote an internal comment on SO-1.")},
    ),
    Case(Act.COMMENT, approval, comments("requester"), {"manager": (YOU, "Requester commented on SO-1.")}),
    Case(
        Act.COMMENT,
        at(State.DISCUSSION, Kind.PROPOSAL),
        comments("colleague"),
        {"requester": (FILED, "Colleague commented on SO-1."), "manager": (WATCHED, "Colleague commented on SO-1.")},
    ),
    Case(Act.COMMENT, at(State.COMPLETED), comments("requester"), {"ops": (OWNED, "Requester commented on SO-1.")}),
    Case(
        Act.DELEGATE,
        at(State.VALIDATION),
        lambda issue, cast: actions.delegate(issue.pk, cast.colleague, by=cast.requester),
        {
            "ops": (OWNED, "Requester delegated the validation on SO-1 to Colleague."),
            "colleague": (YOU, "Requester delegated the validation on SO-1 to Colleague: validate it or send it back."),
        },
    ),
    Case(
        Act.DUE_DATE,
        at(State.DISCUSSION, Kind.PROPOSAL),
        due,
        {
            "manager": (
                YOU,
                "Requester changed the due date on SO-1 (due date none → 2026-03-20): approve it or decline it.",
            )
        },
    ),
    Case(
        Act.MOVE,
        at(State.DESIGN),
        moves,
        {
            "ops": (OWNED, "Lead moved SO-1 to another tracker (tracker Customer Support Operations → Calendly)."),
            "requester": (
                FILED,
                "Lead moved SO-1 to another tracker (tracker Customer Support Operations → Calendly).",
            ),
        },
    ),
    Case(
        Act.SPIN_OFF,
        at(State.DESIGN),
        spins_off,
        {
            "requester": [(FILED, "Ops, for Requester, filed SO-2."), (FILED, "Ops spun off a request on SO-1.")],
            **on_duty("Ops, for Requester, filed SO-2: decide whether to take it.", but=("ops",)),
        },
    ),
    Case(
        Act.NAME_APPROVER,
        approval,
        lambda issue, cast: actions.name_approver(issue.pk, cast.standin, by=cast.lead),
        {
            "requester": (FILED, "Lead named an approver on SO-1 (approver Manager → Standin)."),
            "standin": (YOU, "Lead named an approver on SO-1 (approver Manager → Standin): approve it or decline it."),
        },
    ),
    Case(
        Act.NAME_APPROVER,
        approval,
        leaves("manager"),
        {
            "requester": (FILED, "The portal found nobody else to approve SO-1 (approver Manager → none)."),
            "lead": (YOU, "The portal found nobody else to approve SO-1 (approver Manager → none): name who decides."),
        },
    ),
    Case(
        Act.REVIEW,
        at(State.BLOCKED),
        lambda issue, cast: actions.review_block(issue.pk, "Still down.", by=cast.lead),
        {"ops": (OWNED, "Lead reviewed what blocks SO-1."), "requester": (FILED, "Lead reviewed what blocks SO-1.")},
    ),
    Case(Act.ATTACH, at(State.DESIGN), attaches, {"ops": (OWNED, "Requester attached files on SO-1 (a.txt).")}),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{number} {case.what}" for number, case in enumerate(CASES)])
def test_who_is_told_and_in_which_words(case, cast):
    issue = case.where(cast)
    Notice.objects.all().delete()

    case.act(issue, cast)

    assert read_by_everybody() == {who: told if isinstance(told, list) else [told] for who, told in case.told.items()}


def read_by_everybody():
    """{username: [(why, the sentence), …]} of all notices there are, as each person reads them in the inbox."""
    told = defaultdict(list)
    for notice in Notice.objects.order_by("pk").select_related("person"):
        rows = {row["pk"]: row["what"] for row in inbox_of(notice.person)}
        told[notice.person.username].append((notice.reason, _counted_anew(rows[notice.pk])))
    return told


def _counted_anew(words):
    """The words, with numbers that count from one in every test."""
    before = Issue.objects.order_by("pk").values_list("pk", flat=True)[0] - 1
    words = re.sub(r"SO-(\d+)", lambda found: f"SO-{int(found[1]) - before}", words)
    return re.sub(r"Deployment \d+", "Deployment *", words)


def test_every_verb_and_act_has_its_rows():
    assert {*Verb, *Act, SUBMIT, REPLAN, RAISED} - {case.what for case in CASES} == SILENT


# Where there are nobody's usual people -------------------------------------------------------------------------------


def test_the_owners_of_its_kind_are_told_where_nobody_owns_it_yet(cast):
    Route.objects.filter(key="fix").update(owner=cast.federal, second_owner=cast.other_ops)
    file_request(cast, route="fix")
    assert {who for who, _ in read_by_everybody().items()} == {"federal", "other_ops"}


def test_owners_of_its_kind_who_left_leave_it_to_everybody_on_duty(cast):
    cast.federal.is_active = False
    cast.federal.save()
    Route.objects.filter(key="fix").update(owner=cast.federal)
    file_request(cast, route="fix")
    assert set(read_by_everybody()) == {"ops", "other_ops", "lead"}


def test_a_restricted_request_is_told_to_those_on_duty_who_may_see_it(cast):
    insider = confidential_member(cast.other_ops)
    file_request(cast, confidential=True)
    assert set(read_by_everybody()) == {insider.username}


def test_what_nobody_may_validate_is_asked_of_the_requester_to_delegate(cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    Issue.objects.filter(pk=issue.pk).update(assignee=cast.requester)
    Notice.objects.all().delete()
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Look.")
    [(why, sentence)] = read_by_everybody()["requester"]
    assert why == YOU and sentence.endswith("who did the work does not validate it.")


@pytest.mark.parametrize("leads", [True, False])
def test_an_escalation_without_a_lead_is_told_to_operations_but_who_escalated(leads, cast):
    issue = gated(("roadmap", False), ("small", False))(cast)
    if not leads:
        cast.lead.groups.clear()
    Notice.objects.all().delete()
    step(issue, Verb.ESCALATE, cast.ops, text="A decision.")
    told = {who for who, rows in read_by_everybody().items() if rows[0][0] == YOU}
    assert told == ({"lead"} if leads else {"other_ops", "federal"})
