"""E-mail: what it says, how it threads, and what nobody can put into it."""

from datetime import time

import pytest
from django.core import mail

from supportops.accounts.models import User
from tests.factories import answers_for, file_request, request_at
from tests.notifications.telling import at, html_of, mails_to, message_to, prefer, tell
from tests.workflow.places import confidential_member
from workflow.actions import assign, comment
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.notifications.email import mail_for
from workflow.notifications.models import Message, Notice, When
from workflow.notifications.texts import Letter, letter_for
from workflow.states import State


@pytest.fixture
def asked(cast, clock):
    """The mail an approver gets about a request that waits for them, and the request."""
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly", title="Add an event <now>")
    clock.shift(180)
    tell()
    [arrived] = mails_to(cast.manager)
    return arrived, issue


def test_it_says_what_why_since_when_and_links_to_the_decision(asked):
    arrived, issue = asked
    for words in (
        f"SO-{issue.pk} Add an event <now>",
        "It waits for your decision: approve or decline.",
        "Approval since Tuesday 10 March 2026, 09:00 UTC.",
        f"/issues/{issue.pk}/#decision-title",
    ):
        assert words in arrived.body


def test_text_and_html_say_the_same_and_html_is_escaped(asked):
    arrived, issue = asked
    html = html_of(arrived)
    assert "Add an event &lt;now&gt;" in html and "<now>" not in html
    assert "It waits for your decision: approve or decline." in html
    assert f'href="http://127.0.0.1:8000/issues/{issue.pk}/#decision-title"' in html


def test_it_says_why_it_came_and_where_to_stop_it(asked):
    arrived, _ = asked
    assert "because it is about what needs you" in arrived.body
    assert arrived.extra_headers["List-Unsubscribe"] == "<http://127.0.0.1:8000/people/me/notices/>"
    assert "/people/me/notices/" in arrived.body and "/people/me/notices/" in html_of(arrived)


def test_the_link_decides_nothing(asked, cast, client):
    arrived, issue = asked
    client.force_login(cast.manager)
    for address in (f"/issues/{issue.pk}/", f"/issues/{issue.pk}/approve/", "/people/me/notices/"):
        assert client.get(address).status_code == 200
    assert Issue.objects.get(pk=issue.pk).state == State.APPROVAL


def test_machines_do_not_answer_it_and_people_are_told_that_replies_are_not_read(asked):
    arrived, _ = asked
    assert arrived.extra_headers["Auto-Submitted"] == "auto-generated"
    assert "Replies to this e-mail are not read." in arrived.body
    assert arrived.reply_to == []


def test_replies_go_where_the_portal_was_told(cast, clock, settings):
    settings.EMAIL_REPLY_TO = "desk@example.com"
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    clock.shift(180)
    tell()
    [arrived] = mails_to(cast.manager)
    assert arrived.reply_to == ["desk@example.com"] and "Replies go to desk@example.com" in arrived.body


def test_mails_about_one_request_are_one_thread(cast, clock):
    issue = request_at(State.NEEDS_INFO, cast=cast)
    for words in ("Hello?", "Still there?"):
        clock.shift(700)
        tell()
        comment(issue.pk, words, by=cast.ops)
    clock.shift(700)
    tell()
    arrived = mails_to(cast.requester)
    threads = {(one.subject, one.extra_headers["References"], one.extra_headers["In-Reply-To"]) for one in arrived}
    ids = [one.extra_headers["Message-ID"] for one in arrived]
    assert len(arrived) == 3 and len(set(ids)) == 3
    assert threads == {(f"[SO-{issue.pk}] {issue.title}", f"<so-{issue.pk}@127.0.0.1>", f"<so-{issue.pk}@127.0.0.1>")}


@pytest.mark.parametrize("evil", ["Hello\r\nBcc: all@example.com", "Hello\nX-Evil: 1", "Hello\x0b\x85\u2028there"])
def test_a_title_cannot_add_a_header(evil, cast, clock):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    Issue.objects.filter(pk=issue.pk).update(title=evil)
    clock.shift(180)
    tell()
    [arrived] = mails_to(cast.manager)
    sent = arrived.message()
    assert sent["Bcc"] is None and sent["X-Evil"] is None
    assert arrived.subject.isprintable() and "Hello" in arrived.subject


def test_a_title_of_several_lines_is_one_line_of_the_text(cast, clock):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    Issue.objects.filter(pk=issue.pk).update(title="Hello\n--\nyour portal")
    clock.shift(180)
    tell()
    assert mails_to(cast.manager)[0].body.startswith(f"SO-{issue.pk} Hello -- your portal\n")


def test_no_subject_can_add_a_header_whoever_wrote_it(asked, cast):
    message = message_to(cast.manager)
    letter = Letter("Hello\r\nBcc: all@example.com", (), "", "/stop/")
    assert mail_for(message, letter).message()["Subject"] == "Hello Bcc: all@example.com"


@pytest.mark.parametrize("evil", ["a@example.com\nBcc: b@example.com", "a@example.com, b@example.com", "nobody"])
def test_an_address_that_is_none_parks_the_message(evil, cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(email=evil)
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    clock.shift(180)
    tell()
    message = message_to(cast.manager)
    assert (message.parked, mail.outbox) == (True, [])
    assert message.last_error == "The person's e-mail address is none. Correct it, then try again."


def test_words_are_quoted_without_their_markdown_and_foreign_markup_stays_words(cast, clock):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    clock.shift(700)
    tell()
    comment(issue.pk, "See [approve](https://evil.example), **now**\n<b>now</b>", by=cast.ops)
    clock.shift(180)
    tell()
    arrived = mails_to(cast.requester)[-1]
    assert "> See approve (https://evil.example), now\n> <b>now</b>" in arrived.body
    assert "https://evil.example" not in [href.split('"')[0] for href in html_of(arrived).split('href="')[1:]]


def test_times_are_the_readers_own(cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(time_zone="Asia/Tokyo")
    clock.move_to(at(2026, 3, 10, 1))
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    clock.shift(180)
    tell()
    [arrived] = mails_to(cast.manager)
    assert "Approval since Tuesday 10 March 2026, 10:00 JST." in arrived.body


def test_internal_notes_reach_only_support_operations(cast, clock):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    assign(issue.pk, cast.other_ops, by=cast.ops)
    comment(issue.pk, "Canary between us", by=cast.ops, internal=True)
    clock.shift(700)
    tell()
    assert not any("Canary" in one.body for one in mails_to(cast.requester))


def test_the_same_message_has_the_same_id_each_time_it_is_made(cast, clock):
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    clock.shift(180)
    tell()
    message = Message.objects.get(person=cast.manager)
    letter = letter_for(message)
    first, second = (mail_for(message, letter).extra_headers["Message-ID"] for _ in range(2))
    assert first == second == mails_to(cast.manager)[0].extra_headers["Message-ID"]


def test_an_approver_reads_what_they_decide_on(cast, clock):
    rows = [
        {"key": "change", "label": "What should change", "type": "choice", "answer": "Add me to an event"},
        {
            "key": "events",
            "label": "Which team events",
            "type": "long",
            "answer": "- **Support** hours\n- Office hours",
        },
        {"key": "schedule", "label": "The schedule to use", "type": "long", "answer": ""},
        {"key": "from_when", "label": "From when", "type": "date", "answer": "2026-04-01"},
    ]
    rows += [row for row in answers_for("calendly") if row["key"] not in {one["key"] for one in rows}]
    file_request(
        cast, Kind.ADMINISTRATIVE, route="calendly", title="Add me", description="I **start** soon.", answers=rows
    )
    clock.shift(180)
    tell()
    [arrived] = mails_to(cast.manager)
    asked = [
        "It waits for your decision: approve or decline.",
        "Asked by: Requester",
        "What: I start soon.",
        "What should change: Add me to an event",
        "Which team events: - Support hours\n- Office hours",
        "From when: Wednesday 1 April 2026",
        "Requester filed SO-",
    ]
    assert [words for words in asked if words not in arrived.body] == []
    assert "The schedule to use" not in arrived.body
    assert "From when:" in html_of(arrived)


def test_urgent_work_comes_at_once_whatever_the_quiet_hours_and_the_digest(cast, clock):
    prefer(cast.ops, When.DIGEST, begins=time(0), ends=time(23, 59))
    file_request(cast, route="fix")
    tell()
    [arrived] = mails_to(cast.ops)
    assert "It waits for Support Operations: decide whether to take it." in arrived.body


@pytest.mark.parametrize("what", ["never", "not urgent", "not theirs to do"])
def test_what_is_not_urgent_or_not_wanted_waits_as_ever(what, cast, clock):
    prefer(cast.ops, When.OFF if what == "never" else When.AT_ONCE, begins=time(0), ends=time(23, 59))
    issue = file_request(cast, route="bug" if what == "not urgent" else "fix")
    if what == "not theirs to do":
        Notice.objects.filter(person=cast.ops).delete()
        issue.watches.create(person=cast.ops)
        comment(issue.pk, "Hello", by=cast.other_ops)
    tell()
    clock.shift(700)
    tell()
    assert mails_to(cast.ops) == []


@pytest.mark.parametrize("restricted", [False, True])
def test_who_has_to_name_an_approver_reads_so_in_the_mail(cast, clock, restricted):
    User.objects.filter(pk=cast.requester.pk).update(reports_to=None)
    cast.requester.refresh_from_db()
    if restricted:
        confidential_member(cast.lead)
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly", confidential=restricted)
    clock.shift(180)
    tell()
    [arrived] = mails_to(cast.lead)
    assert "It waits for you: name who decides." in arrived.body
