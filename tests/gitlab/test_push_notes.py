"""Comments, and steps worth one, arrive in GitLab once, in order, signed by name and harmless."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import file_request, request_at, restrict, step
from tests.gitlab.pushing import out_of_quarantine, push, push_later
from workflow.actions import attach, comment, store_file
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import GitLabLink, OutgoingNote, OutgoingUpload
from workflow.gitlab.models.connection import Connection
from workflow.models import Attachment, Comment
from workflow.states import Outcome, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
NOTES = r"/notes$"


@pytest.fixture
def bug(cast, mirrored):
    """A bug whose GitLab issue is there; the log is empty."""
    issue = file_request(cast, Kind.BUG)
    push(issue)
    mirrored.forget()
    return issue


def a_file(cast, name="trace.txt", content=b"It happened at noon."):
    """A stored file."""
    return store_file(SimpleUploadedFile(name, content), by=cast.requester)


def bodies(gitlab, issue):
    """The comments in GitLab, without our marks."""
    mirror = GitLabLink.objects.get(pk=issue.pk)
    return [note["body"].split("<!--")[0].strip() for note in gitlab.notes(mirror)]


def test_a_comment_arrives_with_its_authors_name(cast, mirrored, bug):
    comment(bug.pk, "It is worse on Mondays.", by=cast.requester)
    push(bug)
    assert bodies(mirrored, bug) == ["**Requester** wrote:\n\n> It is worse on Mondays."]


def test_a_comment_alone_costs_one_call(cast, mirrored, bug):
    comment(bug.pk, "It is worse on Mondays.", by=cast.requester)
    push(bug)
    assert [method for method, _ in mirrored.calls()] == ["POST"]


def test_a_comment_pushed_twice_is_there_once(cast, mirrored, bug):
    comment(bug.pk, "Once.", by=cast.requester)
    push(bug)
    push_later(bug)
    assert len(bodies(mirrored, bug)) == 1


def test_comments_keep_their_order_even_if_the_first_fails(cast, mirrored, bug):
    mirrored.fail("server_error", path=NOTES, status=500)
    for words in ("First.", "Second.", "Third."):
        comment(bug.pk, words, by=cast.requester)
    push(bug)
    assert bodies(mirrored, bug) == []
    out_of_quarantine(bug)
    assert [body.rpartition("> ")[2] for body in bodies(mirrored, bug)] == ["First.", "Second.", "Third."]


@pytest.mark.parametrize("fault", ["apply_then_timeout", "cut_reply", "html_instead_of_json", "wrong_types"])
def test_an_unconfirmed_comment_that_arrived_is_not_posted_again(cast, mirrored, bug, fault):
    mirrored.fail(fault, path=NOTES, **({"apply": True} if fault.startswith("html") else {}))
    comment(bug.pk, "Once.", by=cast.requester)
    push(bug)
    out_of_quarantine(bug)
    row = OutgoingNote.objects.get(issue=bug)
    assert [note["id"] for note in mirrored.notes(GitLabLink.objects.get(pk=bug.pk))] == [row.note_id]


def test_an_unconfirmed_comment_waits_out_the_quarantine(cast, mirrored, bug):
    mirrored.fail("commit_late", path=NOTES, seconds=60)
    comment(bug.pk, "Once.", by=cast.requester)
    push(bug)
    mirrored.forget()
    push_later(bug)
    assert mirrored.calls() == []


def test_a_comment_gitlab_refuses_is_parked_and_the_next_one_flows(cast, mirrored, bug):
    mirrored.fail("unprocessable", path=NOTES, message="Looks like spam")
    comment(bug.pk, "Bad.", by=cast.requester)
    comment(bug.pk, "Good.", by=cast.requester)
    push(bug)
    first = OutgoingNote.objects.filter(issue=bug).earliest("pk")
    assert (first.parked, "Looks like spam" in first.last_error) == (True, True)
    assert bodies(mirrored, bug) == ["**Requester** wrote:\n\n> Good."]


def test_internal_comments_are_internal_notes(cast, mirrored, bug):
    comment(bug.pk, "Only for us.", by=cast.ops, internal=True)
    comment(bug.pk, "For everybody.", by=cast.ops)
    notes = mirrored.notes(push(bug))
    assert [note["internal"] for note in notes] == [True, False]


@pytest.mark.parametrize("before", ["", "hello\n\n", "hello\n\r", "<!--\n"])
def test_commands_in_a_comment_do_not_run(cast, mirrored, bug, before):
    comment(bug.pk, f"{before}/close\n/confidential\n/label ~p1", by=cast.requester)
    shown = mirrored.issue(push(bug))
    assert (shown["state"], shown["confidential"], "p1" in shown["labels"]) == ("opened", False, False)
    assert "/close" in bodies(mirrored, bug)[0]


def test_nobody_is_mentioned_by_what_people_write(cast, mirrored, bug):
    mirrored._own("DELETE", "notifications")
    comment(bug.pk, "@all @ops `@lead` &#64;all ops@example.com\n> @manager", by=cast.requester)
    push(bug)
    assert mirrored.notified() == []


def test_an_approval_wakes_support_operations_and_nobody_else(cast, mirrored):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly", title="@all please")
    push(issue)
    team = Connection.load()
    team.ops_handle = "@gitlab-support-readiness/cust_support_ops_team"
    team.save()
    mirrored._own("DELETE", "notifications")
    step(issue, Verb.APPROVE, cast.manager, text="Yes, @all!", answers=_answers(issue))
    push(issue)
    assert {handle for _, handle in mirrored.notified()} == {"gitlab-support-readiness/cust_support_ops_team"}
    assert bodies(mirrored, issue) == [
        "**Manager** approved this request.\n\n> Yes, @\u200ball!\n\n"
        "@gitlab-support-readiness/cust_support_ops_team this is ready for triage."
    ]


def _answers(issue):
    from tests.factories import answers_for

    return answers_for(issue.route.key, "approver")


def test_a_close_says_how_it_ended_who_and_why(cast, mirrored, bug):
    step(bug, Verb.CLOSE, cast.ops, text="Works for me.", outcome=Outcome.INVALID)
    push(bug)
    assert bodies(mirrored, bug) == ["**Ops** closed this request: invalid.\n\n> Works for me."]


def test_a_duplicate_names_the_other_request(cast, mirrored, bug):
    other = file_request(cast, Kind.BUG)
    step(bug, Verb.CLOSE, cast.ops, text="Known.", outcome=Outcome.DUPLICATE, duplicate_of=other)
    push(bug)
    assert f"It duplicates [SO-{other.pk}](https://portal.example/issues/{other.pk}/)." in bodies(mirrored, bug)[0]


def test_a_restricted_original_is_not_named_where_everybody_reads(cast, mirrored, bug):
    other = restrict(file_request(cast, Kind.BUG))
    step(bug, Verb.CLOSE, cast.ops, text="Known.", outcome=Outcome.DUPLICATE, duplicate_of=other)
    push(bug)
    assert "It duplicates another request." in bodies(mirrored, bug)[0]
    assert str(other.pk) not in bodies(mirrored, bug)[0]


def test_the_comments_of_a_whole_life_arrive_in_order(cast, mirrored):
    issue = request_at(State.COMPLETED, Kind.BUG, cast=cast)
    push(issue)
    verbs = [body.partition("**Ops** ")[2] or body for body in bodies(mirrored, issue)]
    assert [words.split()[0] for words in verbs] == ["submitted", "asked", "**Requester**", "completed"]


def test_an_edited_comment_is_edited_and_a_deleted_one_deleted(cast, mirrored, bug):
    written = comment(bug.pk, "Frist.", by=cast.requester)
    push(bug)
    Comment.objects.filter(pk=written.pk).update(body="First.")
    OutgoingNote.objects.get(comment=written).wake()
    push(bug)
    assert bodies(mirrored, bug) == ["**Requester** wrote:\n\n> First."]
    Comment.objects.filter(pk=written.pk).update(deleted_at=written.created_at)
    OutgoingNote.objects.get(comment=written).wake()
    push(bug)
    assert bodies(mirrored, bug) == []


def test_words_about_a_restricted_request_wait_until_gitlab_hides_it(cast, mirrored, bug):
    restrict(bug)
    comment(bug.pk, "The canary sings at noon.", by=cast.requester)
    push(bug)
    shown = mirrored.issue(GitLabLink.objects.get(pk=bug.pk))
    assert (shown["confidential"], len(bodies(mirrored, bug))) == (True, 1)


def test_a_file_of_a_comment_is_uploaded_first_and_shown_in_it(cast, mirrored, bug):
    comment(bug.pk, "See the trace.", by=cast.requester, files=[a_file(cast)])
    push(bug)
    assert "](/uploads/" in bodies(mirrored, bug)[0]
    assert "trace.txt" in bodies(mirrored, bug)[0]


@pytest.mark.fault(55)
def test_a_comment_names_a_file_that_fails_and_gets_it_when_it_follows(cast, mirrored, bug):
    mirrored.fail("server_error", path=r"/uploads$")
    comment(bug.pk, "See the trace.", by=cast.requester, files=[a_file(cast)])
    push(bug)
    GitLabLink.objects.filter(pk=bug.pk).update(due_at=timezone.now())
    push(bug)
    assert ["trace.txt (in the portal)" in body for body in bodies(mirrored, bug)] == [True]
    push_later(bug)
    assert ["](/uploads/" in body for body in bodies(mirrored, bug)] == [True]


def test_a_file_gitlab_refuses_is_named_and_holds_up_nothing(cast, mirrored, bug):
    mirrored.fail("unprocessable", path=r"/uploads$", status=413, message="too large")
    comment(bug.pk, "See the trace.", by=cast.requester, files=[a_file(cast)])
    push(bug)
    assert "trace.txt (in the portal)" in bodies(mirrored, bug)[0]
    assert OutgoingUpload.objects.get(attachment__issue=bug).parked


def test_files_of_a_request_stand_in_its_description_by_one_put(cast, mirrored, bug):
    attach(bug.pk, [a_file(cast), a_file(cast, "more.txt")], by=cast.requester)
    shown = mirrored.issue(push(bug))
    assert shown["description"].count("](/uploads/") == 2
    assert len(mirrored.calls("PUT")) == 1


def test_a_file_whose_content_is_lost_is_named(cast, mirrored, bug):
    attach(bug.pk, [a_file(cast)], by=cast.requester)
    Attachment.objects.get(issue=bug).file.delete(save=False)
    Attachment.objects.filter(issue=bug).update(file="gone/forever")
    assert "trace.txt (in the portal)" in mirrored.issue(push(bug))["description"]
