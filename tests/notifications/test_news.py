"""News: what people are told that is no request, such as a draft that was handed to them."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from intake.actions import discard, hand_over, save_draft, submit
from tests.factories import file_request
from tests.notifications.slack_server import TOKEN, SlackServer
from tests.notifications.telling import Reason, html_of, mails_to, only_by, prefer, tell
from workflow.actions import comment, settle_news, tell_news
from workflow.catalogue.models import Entry, Route
from workflow.notifications.models import Channel, Message, News, Notice, When

SECRET = "Canary serinus"


def draft_of(person, to, key="bug"):
    """A draft of this person, with a title nobody else may read, handed to ``to``."""
    draft = save_draft(uuid4(), by=person, entry=Entry.objects.get(route__key=key), data={"title": [SECRET]})
    return hand_over(draft, to=to, by=person)


@pytest.fixture
def handed(cast, clock):
    """The requester's draft, handed to ops a moment ago."""
    return draft_of(cast.requester, cast.ops)


def words(mail):
    return mail.body + html_of(mail)


def test_who_is_handed_a_draft_is_told_in_the_inbox_and_by_mail(handed, cast, clock, client):
    clock.shift(180)
    tell()
    client.force_login(cast.ops)
    page = client.get("/inbox/")
    [arrived] = mails_to(cast.ops)

    assert "Requester handed you a draft" in page.text and f'href="{handed.get_absolute_url()}"' in page.text
    assert arrived.subject == "Requester handed you a draft"
    assert "“Report a bug” for Requester: complete it and file it, or hand it back." in arrived.body
    assert handed.get_absolute_url() in arrived.body and "Open the draft" in arrived.body
    assert page.context["menu"][0]["items"][-1]["count"] == 1


def test_nothing_that_was_typed_leaves_the_portal(handed, cast, clock):
    clock.shift(180)
    tell()
    assert SECRET not in words(mails_to(cast.ops)[0])


@pytest.mark.parametrize(("key", "data"), [("macros-us-federal", {}), ("bug", {"confidential": ["on"]})])
def test_of_a_restricted_draft_not_even_the_entry_is_named(key, data, cast, clock):
    entry = Entry.objects.get(route__key=key)
    entry.may_file.clear()
    hand_over(save_draft(uuid4(), by=cast.requester, entry=entry, data=data), to=cast.ops, by=cast.requester)
    clock.shift(180)
    tell()
    [arrived] = mails_to(cast.ops)
    assert str(entry) not in words(arrived) and "It is about something restricted" in arrived.body


def test_the_longest_names_do_not_stop_a_hand_over(cast, clock):
    cast.requester.first_name, cast.requester.last_name = "F" * 150, "L" * 150
    cast.requester.save()
    draft_of(cast.requester, cast.ops)
    assert len(News.objects.get().title) == 200


def test_it_reaches_by_slack(handed, cast, clock, settings):
    server = SlackServer()
    try:
        settings.SLACK_BOT_TOKEN, settings.SLACK_API_URL = TOKEN, server.url
        cast.ops.slack_id = "U0OPS"
        cast.ops.save()
        only_by(cast.ops, Channel.SLACK)
        clock.shift(180)
        tell()
        [posted] = server.posted
    finally:
        server.close()
    assert "|Requester handed you a draft>*" in posted["blocks"][0]["text"]["text"]


@pytest.mark.parametrize("end", ["filed", "discarded", "handed back"])
def test_what_is_dealt_with_is_told_to_nobody(end, handed, cast, clock):
    given = {"route": Route.objects.get(key="bug"), "title": SECRET}
    {
        "filed": lambda: submit(handed, given, by=cast.ops),
        "discarded": lambda: discard(handed, by=cast.ops),
        "handed back": lambda: hand_over(handed, to=cast.requester, by=cast.ops),
    }[end]()
    clock.shift(180)
    tell()

    assert not [mail for mail in mails_to(cast.ops) if "handed you" in mail.subject]
    assert not Notice.objects.filter(person=cast.ops, news__isnull=False, read_at=None).exists()
    back = [mail.subject for mail in mails_to(cast.requester) if "handed" in mail.subject]
    assert back == (["Ops handed you a draft"] if end == "handed back" else [])


def test_a_digest_gathers_news_and_requests(handed, cast, clock):
    prefer(cast.ops, When.DIGEST)
    issue = file_request(cast)
    issue.watches.create(person=cast.ops)
    comment(issue.pk, "Hello", by=cast.requester)
    tell()
    clock.shift(86_400)
    tell()
    [arrived] = mails_to(cast.ops)
    assert arrived.subject == "SupportOps: what happened to 2 things"
    assert "Requester handed you a draft" in arrived.body and issue.title in arrived.body


def test_two_pieces_of_news_are_two_messages(handed, cast, clock):
    draft_of(cast.colleague, cast.ops)
    clock.shift(180)
    tell()
    assert sorted(mail.subject for mail in mails_to(cast.ops)) == [
        "Colleague handed you a draft",
        "Requester handed you a draft",
    ]


def test_it_is_marked_as_read_like_everything_else(handed, cast, client):
    client.force_login(cast.ops)
    notice = Notice.objects.get(person=cast.ops)
    client.post(f"/inbox/{notice.pk}/read/")
    notice.refresh_from_db()
    assert notice.read_at


def test_each_is_told_once_and_nobody_who_has_left(cast, clock):
    cast.ops.is_active = False
    tell_news([cast.ops, cast.lead, cast.lead], "Something", path="/drafts/", button="Look")
    assert [notice.person for notice in Notice.objects.all()] == [cast.lead]
    settle_news("/drafts/")
    clock.shift(180)
    tell()
    assert mails_to(cast.lead) == [] and not Message.objects.filter(state=Message.State.SENT).exists()


@pytest.mark.parametrize("about", ["nothing", "both"])
def test_a_notice_is_about_a_request_or_news(about, cast, clock):
    issue = file_request(cast)
    news = tell_news([], "Something", path="/drafts/", button="Look")
    fields = {"both": {"issue": issue, "news": news}, "nothing": {}}[about]
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(person=cast.lead, reason=Reason.NEEDS_YOU, **fields)
