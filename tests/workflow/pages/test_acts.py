"""What is done to a request without changing its state, each at its own address."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import file_request, milestone_for, request_at, restrict, step
from tests.workflow.pages.cases import typed_answers
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Tracker
from workflow.models import Attachment, Comment, Delegation, Event, Issue, Watch
from workflow.states import State
from workflow.verbs import Act, Verb

ACTS = [act for act in Act if act != Act.GATE]
ELSEWHERE = {Act.DELEGATE, Act.NAME_APPROVER, Act.CHECK, Act.REVIEW}
"""What ops do not do with a request in development."""


def text_of(response):
    return response.content.decode()


def now(issue):
    return Issue.objects.get(pk=issue.pk)


def upload(name="notes.txt", content=b"words"):
    return SimpleUploadedFile(name, content)


@pytest.fixture
def working(cast):
    """A bug in development, owned by ops."""
    return request_at(State.DEVELOPMENT, cast=cast)


@pytest.mark.parametrize("act", [act for act in ACTS if act not in ELSEWHERE])
def test_ops_find_the_small_form(visit, cast, working, act):
    response = visit(cast.ops).get(working, act, "?route=bug")

    assert response.status_code == 200
    assert f'action="/issues/{working.pk}/{act}/"' in text_of(response)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("act", [act for act in ACTS if act not in {Act.COMMENT, Act.WATCH}])
def test_a_colleague_reads_why_not(visit, cast, working, act, method):
    response = getattr(visit(cast.colleague), method)(working, act)

    assert response.status_code == 403
    assert now(working).version == working.version


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("act", ACTS)
def test_on_a_hidden_request_there_is_nothing(visit, cast, act, method):
    issue = restrict(file_request(cast))

    assert getattr(visit(cast.colleague), method)(issue, act).status_code == 404


@pytest.mark.parametrize(
    ("act", "data"),
    [
        (Act.ASSIGN, {"assignee": "999999"}),
        (Act.ASSIGN, {"assignee": "x"}),
        (Act.PRIORITY, {"priority": "9"}),
        (Act.PRIORITY, {"priority": "p1"}),
        (Act.DUE_DATE, {"due_date": "soon"}),
        (Act.DUE_DATE, {"due_date": "2001-01-01"}),
        (Act.DUE_DATE, {"due_date": "99999-01-01"}),
        (Act.COMMENT, {"body": "  "}),
        (Act.COMMENT, {}),
        (Act.COMMENT, {"body": "x", "submission": "no-uuid"}),
        (Act.COMMENT, {"body": "x" * 20_001}),
        (Act.ATTACH, {}),
        (Act.WATCH, {}),
        (Act.WATCH, {"watching": "maybe"}),
        (Act.MOVE, {}),
        (Act.MOVE, {"tracker": "999"}),
        (Act.SPIN_OFF, {}),
        (Act.SPIN_OFF, {"route": "bug", "title": ""}),
    ],
)
def test_what_makes_no_sense_is_said_in_the_form(visit, cast, working, act, data):
    response = visit(cast.ops).post(working, act, **data)

    assert response.status_code == 422
    assert "data-error-summary" in text_of(response)
    assert now(working).version == working.version


@pytest.mark.parametrize("act", [Act.ASSIGN, Act.PRIORITY, Act.DUE_DATE, Act.MOVE, Act.SPIN_OFF])
def test_a_stale_version_gets_409(visit, cast, working, act):
    response = visit(cast.ops).post(working, act, version=working.version - 1)

    assert response.status_code == 409
    assert now(working).version == working.version


def test_assign_gives_it_to_a_member_or_to_nobody(visit, cast, working):
    visitor = visit(cast.ops)

    visitor.post(working, "assign", assignee=cast.other_ops.pk)
    first = now(working).assignee
    visitor.post(working, "assign", assignee="")

    assert (first, now(working).assignee) == (cast.other_ops, None)


def test_nobody_outside_support_operations_is_offered(visit, cast, working):
    page = visit(cast.ops).get(working, "assign")

    assert set(page.context["form"].fields["assignee"].queryset) == {cast.ops, cast.other_ops, cast.federal, cast.lead}
    assert visit(cast.ops).post(working, "assign", assignee=cast.colleague.pk).status_code == 422


def test_assign_to_me_is_one_press(visit, cast, working):
    visitor = visit(cast.other_ops)

    assert "Assign to me" in text_of(visitor.get(working, "assign"))


def test_a_restricted_request_is_assigned_to_its_readers_only(visit, cast):
    issue = restrict(file_request(cast))
    cast.other_ops.groups.add(issue.restricted_to)

    page = visit(cast.other_ops).get(issue, "assign")

    assert list(page.context["form"].fields["assignee"].queryset) == [cast.other_ops]


def test_priority_and_due_date_are_set_and_taken_away(visit, cast, working):
    visitor, day = visit(cast.ops), timezone.localdate() + timedelta(days=9)

    visitor.post(working, "priority", priority="1")
    visitor.post(working, "due-date", due_date=day.isoformat())
    assert (now(working).priority, now(working).due_date) == (1, day)

    visitor.post(working, "priority", priority="")
    visitor.post(working, "due-date", due_date="")
    assert (now(working).priority, now(working).due_date) == (None, None)


def test_a_comment_pressed_twice_is_there_once_with_its_file_once(visit, cast, working):
    visitor, mark = visit(cast.colleague), str(uuid.uuid4())

    first = visitor.post(working, "comment", body="Me too.", submission=mark, files=[upload()])
    second = visitor.post(working, "comment", body="Me too.", submission=mark, files=[upload()])

    assert (first.status_code, second.status_code) == (302, 302)
    assert Comment.objects.filter(issue=working).count() == 1
    assert Attachment.objects.filter(name="notes.txt").count() == 1


def test_a_comment_is_welcome_whatever_changed_meanwhile(visit, cast, working):
    response = visit(cast.colleague).post(working, "comment", body="Late but true.", version="1")

    assert response.status_code == 302
    assert now(working).version == working.version


def test_only_ops_write_internally(visit, cast, working):
    visit(cast.colleague).post(working, "comment", body="For all.", internal="on")
    visit(cast.ops).post(working, "comment", body="For us.", internal="on")

    assert dict(Comment.objects.values_list("body", "internal")) == {"For all.": False, "For us.": True}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>"),
        ("picture.svg", b"<svg/>"),
        ("fake.png", b"not a picture"),
        ("run.exe", b"MZ"),
        ("none", b"x"),
    ],
)
def test_a_file_that_is_not_taken_keeps_the_words_and_names_the_file(visit, cast, working, name, content):
    response = visit(cast.colleague).post(working, "comment", body="See the file.", files=[upload(name, content)])

    assert response.status_code == 422
    assert "See the file." in text_of(response)
    assert name in text_of(response)
    assert not Comment.objects.exists()
    assert not Attachment.objects.exists()


def test_one_bad_file_of_two_keeps_neither(visit, cast, working):
    visit(cast.ops).post(working, "attach", files=[upload(), upload("page.html")])

    assert not Attachment.objects.exists()


def test_files_are_attached_to_the_request(visit, cast, working):
    response = visit(cast.requester).post(working, "attach", files=[upload("a.txt"), upload("b.txt")])

    assert response.status_code == 302
    assert set(now(working).attachments.values_list("name", flat=True)) == {"a.txt", "b.txt"}


def test_watching_and_not_watching(visit, cast, working):
    visitor = visit(cast.colleague)

    visitor.post(working, "watch", watching="yes")
    visitor.post(working, "watch", watching="yes")
    assert Watch.objects.filter(issue=working, person=cast.colleague).count() == 1

    visitor.post(working, "watch", watching="no")
    assert not Watch.objects.filter(issue=working, person=cast.colleague).exists()


def test_the_requester_delegates_and_takes_back(visit, cast, working):
    visitor = visit(cast.requester)

    visitor.post(working, "delegate", person=cast.colleague.pk)
    assert now(working).delegates == [cast.colleague]
    assert "Take back" in text_of(visitor.get(working, "delegate"))

    visitor.post(working, "delegate", take_back=cast.colleague.pk)
    assert now(working).delegates == []
    assert Delegation.objects.count() == 1


def test_after_the_end_a_delegation_is_still_taken_back_and_none_is_begun(visit, cast, working):
    visitor = visit(cast.requester)
    visitor.post(working, "delegate", person=cast.colleague.pk)
    step(working, Verb.WITHDRAW, cast.requester, text="No need.")

    page = text_of(visitor.get(working, "delegate"))
    by_colleague = visit(cast.colleague).get(working, "delegate").status_code
    visitor = visit(cast.requester)
    statuses = [
        visitor.post(working, "delegate", person=cast.colleague.pk).status_code,
        visitor.post(working, "delegate", take_back=cast.colleague.pk).status_code,
        visitor.get(working, "delegate").status_code,
    ]

    assert 'name="take_back"' in page and 'name="person"' not in page
    assert (by_colleague, *statuses) == (403, 422, 302, 403)
    assert now(working).delegates == []


@pytest.mark.parametrize("who", ["requester", "ops"])
def test_neither_the_requester_nor_who_implements_can_be_delegated_to(visit, cast, working, who):
    response = visit(cast.requester).post(working, "delegate", person=getattr(cast, who).pk)

    assert response.status_code == 422


def test_delegating_to_nobody_is_asked_about(visit, cast, working):
    assert visit(cast.requester).post(working, "delegate").status_code == 422


def test_a_move_keeps_the_milestone_of_the_same_title(visit, cast):
    issue = request_at(State.SCHEDULED, Kind.FEATURE, cast=cast)
    there = Tracker.objects.exclude(pk=issue.tracker_id).filter(confidential_only=False).first()
    same = milestone_for(there, title=issue.milestone.title)

    response = visit(cast.ops).post(issue, "move", tracker=there.pk)

    assert response.status_code == 302
    assert (now(issue).tracker, now(issue).milestone) == (there, same)


def test_a_spin_off_leads_to_the_new_request_and_leaves_the_old_one(visit, cast, working):
    typed = typed_answers("bug") | {"route": "bug", "title": "Only the button", "description": "It is dead."}

    response = visit(cast.ops).post(working, "spin-off", **typed)

    new = Issue.objects.latest("pk")
    assert response["Location"] == f"/issues/{new.pk}/"
    assert (new.title, new.requester, new.state) == ("Only the button", cast.requester, State.TRIAGE)
    assert now(working).state == State.DEVELOPMENT


def test_a_lead_names_an_approver(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    visitor = visit(cast.lead)

    page = visitor.get(issue, "name-approver")
    wrong = visitor.post(issue, "name-approver", approver=cast.requester.pk)
    response = visitor.post(issue, "name-approver", approver=cast.standin.pk)

    assert page.status_code == 200
    assert wrong.status_code == 422
    assert response.status_code == 302
    assert now(issue).approvers == [cast.standin]


def test_every_change_leaves_one_event(visit, cast, working):
    visitor = visit(cast.ops)
    before = Event.objects.filter(issue=working).count()

    visitor.post(working, "priority", priority="1")
    visitor.post(working, "priority", priority="1")

    assert Event.objects.filter(issue=working).count() == before + 1
