"""Search on the database at hand."""

import pytest
from django.db import connection

from tests.factories import file_request, person, restrict, step
from tests.workflow.lists.population import many
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.search import MOST_WORDS, number_in, search, similar, words_of
from workflow.verbs import Verb

HOSTILE = [
    "'",
    '"',
    "''; DROP TABLE workflow_issue; --",
    "\x00",
    "a\x00b",
    "AND",
    "OR NOT",
    "NEAR(",
    "title:",
    "*",
    "a*b",
    "( ) :*",
    "!",
    "& | !",
    "<->",
    "\\",
    "%",
    "_",
    "x" * 10_000,
    "x " * 10_000,
    "'':*",
    "{}",
    "[]",
    "^a",
    "-a",
    "+",
    "🦊",
    "‮",
    "\ud7ff",
    "\r\n",
    "SO-99999999999999999999",
    "0",
    "-1",
    "1e9",
    "１２３",
]


@pytest.fixture
def corpus(cast):
    """A handful of requests, by what they are about."""
    lena = person("lena", last_name="Adler", reports_to=cast.manager)
    return {
        "macro": file_request(cast, title="Change the billing macro", description="Customers ask about invoices."),
        "webhook": file_request(cast, title="Webhook fails", description="The validation of signatures stops."),
        "cafe": file_request(cast, title="Schedule for the café team", description="Opening hours"),
        "lena": file_request(cast, title="Something unrelated", description="Plain", requester=lena),
        "answer": file_request(
            cast,
            title="With answers",
            description="Plain",
            answers=[
                {"key": "steps", "label": "Peculiarlabel", "type": "long", "answer": "Press the zebra button"},
                {"key": "many", "label": "Several", "type": "many", "answer": ["giraffe", "okapi"]},
            ],
        ),
    }


def found(q):
    return set(search(Issue.objects.all(), q).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("macro", {"macro"}),
        ("MACRO", {"macro"}),
        ("macros", {"macro"}),
        ("bill", {"macro"}),
        ("billing macro", {"macro"}),
        ("macro billing", {"macro"}),
        ("billing webhook", set()),
        ("invoice", {"macro"}),
        ("validati", {"webhook"}),
        ("signature", {"webhook"}),
        ("café", {"cafe"}),
        ("zebra", {"answer"}),
        ("okapi", {"answer"}),
        ("peculiarlabel", set()),
        ("lena", {"lena"}),
        ("adler unrelated", {"lena"}),
        ("adler macro", set()),
        ("nowhere", set()),
        ("the", {"macro", "webhook", "cafe", "answer"}),
    ],
)
def test_what_is_found(corpus, q, names):
    assert found(q) == {corpus[name].pk for name in names}


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("/var/log/gitlab-rails/production.log", "production"),
        ("/var/log/gitlab-rails/production.log", "gitlab-rails"),
        ("https://acme-support.zendesk.com/agent/admin/triggers/12345", "zendesk"),
        ("https://acme-support.zendesk.com/agent/admin/triggers/12345", "triggers 12345"),
        ("jane.doe@customer-portal.example.com", "doe"),
        ("jane.doe@customer-portal.example.com", "customer"),
        ("macro_export.csv", "macro export"),
        ("report.final.v2.pdf", "final pdf"),
        ("v16.8.1-ee", "v16.8"),
        ("Café", "cafe"),
        ("menü", "menu"),
        ("cafe", "Café"),
        ("Übergröße", "ubergr"),
        ("C:\\Users\\jane\\report", "jane report"),
        ("Zendesk::Global::Refund", "refund"),
        ("key=value&other=thing", "thing"),
        ("мария", "Мария"),
    ],
)
@pytest.mark.parametrize("where", ["title", "description", "answers", "gameplan"])
def test_words_inside_of_others_are_found_on_either_database(cast, stored, asked, where):
    issue = file_request(cast)
    value = (
        [{"key": "x", "label": "X", "type": "long", "answer": f"Line\n{stored}\nline"}]
        if where == "answers"
        else stored
    )
    Issue.objects.filter(pk=issue.pk).update(**{where: value})
    assert list(search(Issue.objects.all(), asked)) == [issue]


def test_a_change_of_the_text_is_found_and_the_old_text_is_not(corpus, cast):
    step(corpus["macro"], Verb.EDIT, cast.requester, title="Change the shipping trigger")
    assert (found("shipping"), found("billing")) == ({corpus["macro"].pk}, set())


def test_what_is_gone_is_not_found(cast):
    many(1, cast.requester, title="Shortlived")
    Issue.objects.filter(title__startswith="Shortlived").delete()
    assert found("shortlived") == set()


def test_what_no_longer_is_visible_is_not_found(corpus, cast):
    restrict(corpus["macro"])
    assert not search(Issue.objects.visible_to(cast.colleague), "macro").exists()
    assert search(Issue.objects.visible_to(cast.requester), "macro").exists()


@pytest.mark.parametrize("q", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_safe(corpus, q):
    assert found(q) <= {issue.pk for issue in corpus.values()}


@pytest.mark.parametrize("q", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_safe_on_the_page(corpus, cast, client, q):
    client.force_login(cast.ops)
    assert client.get("/issues/", {"q": q}).status_code in {200, 302}


@pytest.mark.parametrize(
    ("q", "number"),
    [
        ("123", 123),
        ("SO-123", 123),
        ("so-123", 123),
        (" SO-007 ", 7),
        ("#12", 12),
        ("SO12", 12),
        ("0", None),
        ("12a", None),
        ("SO-", None),
        ("", None),
        ("9" * 40, None),
        ("1 2", None),
        ("１２", None),
    ],
)
def test_a_number_is_recognised(q, number):
    assert number_in(q) == number


def test_a_query_has_an_end():
    assert len(words_of("word " * 1000)) == MOST_WORDS


def test_a_number_is_found_besides_the_words(corpus, cast):
    assert corpus["cafe"].pk in found(str(corpus["cafe"].pk))


@pytest.mark.parametrize("q", ["billling", "biling macro", "billig macros"])
def test_a_typing_error_finds_similar_titles_where_the_database_can(corpus, q):
    alike = set(similar(Issue.objects.all(), q).values_list("pk", flat=True))
    assert alike == ({corpus["macro"].pk} if connection.vendor == "postgresql" else set())


def test_a_proposal_is_found_like_any_other(cast):
    issue = file_request(cast, Kind.PROPOSAL, title="Wombat policy", approver=cast.manager)
    assert found("wombat") == {issue.pk}
