"""The inbox: what was told, to whom, and what reading changes."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supportops.accounts.models import User
from tests.factories import answers_for, file_request, request_at, restrict, step
from tests.workflow.lists.population import notice
from workflow.actions import comment, watch
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.notifications.models import Notice, Reminder
from workflow.states import State
from workflow.verbs import Verb


@pytest.fixture
def rita(client, cast):
    """A browser signed in as the requester."""
    client.force_login(cast.requester)
    return client


def unread(person):
    return Notice.objects.filter(person=person, read_at__isnull=True).count()


def test_a_question_is_told_with_its_words_its_reason_and_a_link(rita, cast):
    issue = request_at(State.NEEDS_INFO, cast=cast)
    told = rita.get("/inbox/").context["notices"][0]
    assert (told["words"], told["reason"], told["url"]) == ("Which one?", "It needs you", f"/issues/{issue.pk}/")


def test_newest_first(rita, cast):
    issues = [file_request(cast) for _ in range(3)]
    for issue in issues:
        comment(issue.pk, "Hello", by=cast.ops)
    shown = [told["issue"] for told in rita.get("/inbox/").context["notices"]]
    assert shown == issues[::-1]


def test_looking_changes_nothing(rita, cast):
    request_at(State.NEEDS_INFO, cast=cast)
    before = unread(cast.requester)
    rita.get("/inbox/")
    rita.get("/inbox/?only=unread")
    assert unread(cast.requester) == before > 0


def test_one_is_marked_as_read(rita, cast):
    request_at(State.NEEDS_INFO, cast=cast)
    told = Notice.objects.filter(person=cast.requester).first()
    before = unread(cast.requester)
    assert rita.post(f"/inbox/{told.pk}/read/").url == "/inbox/"
    assert unread(cast.requester) == before - 1


def test_all_that_was_there_is_marked_and_what_came_later_is_not(rita, cast):
    issue = file_request(cast)
    comment(issue.pk, "First", by=cast.ops)
    seen = rita.get("/inbox/").context["newest"]
    comment(issue.pk, "Second", by=cast.ops)
    rita.post("/inbox/read/", {"upto": seen})
    assert unread(cast.requester) == 1


def test_somebody_elses_notice_cannot_be_read_away(rita, cast):
    told = notice(cast.colleague, file_request(cast))
    assert rita.post(f"/inbox/{told.pk}/read/").status_code == 404
    assert rita.post(f"/inbox/{10**30}/read/").status_code == 404
    assert unread(cast.colleague) == 1


@pytest.mark.parametrize("address", ["/inbox/read/", "/inbox/1/read/"])
def test_marking_takes_a_post(rita, address):
    assert rita.get(address).status_code == 405


def test_a_notice_of_a_request_hidden_since_is_gone(client, cast):
    issue = file_request(cast)
    notice(cast.colleague, issue)
    restrict(issue)
    client.force_login(cast.colleague)
    response = client.get("/inbox/")
    assert (response.context["notices"], response.context["unread"]) == ([], 0)
    assert issue.title not in response.content.decode()


def test_who_has_left_support_operations_reads_no_internal_note(client, cast):
    issue = file_request(cast)
    watch(issue.pk, True, by=cast.other_ops)
    comment(issue.pk, "Only for ops", by=cast.ops, internal=True)
    comment(issue.pk, "For everybody", by=cast.ops)
    client.force_login(cast.other_ops)
    before = client.get("/inbox/")
    cast.other_ops.groups.clear()
    after = client.get("/inbox/")
    assert "Only for ops" in before.text and "For everybody" in before.text
    assert "Only for ops" not in after.text and "For everybody" in after.text
    assert after.context["unread"] == after.context["menu"][0]["items"][-1]["count"] == before.context["unread"] - 1


def test_an_empty_inbox_says_what_would_be_there(client, cast):
    client.force_login(cast.colleague)
    assert "Nothing happened yet" in client.get("/inbox/").content.decode()


def test_notices_of_one_request_stand_together_the_newest_first(rita, cast):
    first, second = file_request(cast), file_request(cast)
    for issue, words in ((first, "One"), (second, "Two"), (first, "Three")):
        comment(issue.pk, words, by=cast.ops)
    groups = rita.get("/inbox/").context["groups"]
    assert [(group["issue"], [told["words"] for told in group["notices"]]) for group in groups] == [
        (first, ["Three", "One"]),
        (second, ["Two"]),
    ]


def drawn(response):
    """How often the page says that something needs the person."""
    return response.text.count("It needs you")


def test_what_needs_the_person_says_so_once(client, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    step(issue, Verb.ASK, cast.manager, text="Which one?")
    step(issue, Verb.ANSWER, cast.requester, text="This one.")
    client.force_login(cast.manager)

    page = client.get("/inbox/")

    assert len(page.context["notices"]) == 2 and drawn(page) == 1


def test_what_was_dealt_with_needs_the_person_no_more(client, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    client.force_login(cast.manager)
    assert client.get("/inbox/").context["groups"][0]["asks"]

    step(issue, Verb.APPROVE, cast.manager, text="Yes.", answers=answers_for("calendly", "approver"))

    assert not client.get("/inbox/").context["groups"][0]["asks"]


def test_a_reminder_needs_the_person_as_long_as_its_matter_stands(client, cast):
    issue = request_at(State.BLOCKED, cast=cast)
    reminder = Reminder.objects.create(
        person=cast.lead,
        issue=issue,
        kind=Reminder.Kind.BLOCKED_REVIEW,
        day=date(2026, 3, 10),
        text="Look.",
        at=timezone.now(),
    )
    Notice.objects.create(person=cast.lead, issue=issue, reminder=reminder, reason=Notice.Reason.NEEDS_YOU)
    client.force_login(cast.lead)
    before = bool(client.get("/inbox/").context["groups"][0]["asks"])

    step(issue, Verb.UNBLOCK, cast.ops)

    assert (before, client.get("/inbox/").context["groups"][0]["asks"]) == (True, "")


@pytest.mark.parametrize("place", ["approval", "question", "validation", "work"])
def test_what_waits_is_what_people_were_told_needs_them(cast, place):
    """The SQL side of whom ``record`` tells that it needs them, when a step brings a request there."""
    issue = {
        "approval": lambda: file_request(cast, Kind.ADMINISTRATIVE, route="calendly"),
        "question": lambda: request_at(State.NEEDS_INFO, cast=cast),
        "validation": lambda: request_at(State.VALIDATION, cast=cast),
        "work": lambda: step(request_at(State.VALIDATION, cast=cast), Verb.SEND_BACK, cast.requester, text="No."),
    }[place]()
    told = set(Notice.objects.filter(event=issue.events.last(), reason="needs-you").values_list("person", flat=True))

    found = {one.pk for one in cast if Issue.objects.filter(pk=issue.pk).needing(one).exists()}

    assert found == told != set()


def test_one_request_is_marked_as_read_and_no_other(rita, cast):
    first, second = file_request(cast), file_request(cast)
    for issue in (first, first, second):
        comment(issue.pk, "Hello", by=cast.ops)
    rita.post("/inbox/read/", {"issue": first.pk})
    left = Notice.objects.filter(person=cast.requester, read_at=None)
    assert [notice.issue for notice in left] == [second]


@pytest.mark.parametrize("who", ["lead", "requester"])
def test_a_full_inbox_takes_no_more_queries_than_one_notice(client, cast, who):
    User.objects.filter(pk=cast.requester.pk).update(reports_to=None)
    cast.requester.refresh_from_db()
    taken = []
    for number in (2, 12):
        for _ in range(number):
            issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
            step(issue, Verb.EDIT, cast.ops, title="Another title")
        client.force_login(getattr(cast, who))
        client.get("/inbox/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/inbox/")
        taken.append(len(asked))
    assert taken[0] == taken[1]
