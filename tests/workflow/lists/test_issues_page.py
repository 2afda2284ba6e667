"""The list of everything, and search on it."""

import pytest

from tests.factories import file_request, request_at, restrict
from tests.workflow.lists.population import many
from workflow.actions import watch
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.states import State


@pytest.fixture
def rita(client, cast):
    """A browser signed in as the requester."""
    client.force_login(cast.requester)
    return client


def titles(response):
    return [row["title"] for row in response.context["rows"]]


def test_everybody_sees_what_is_not_restricted(client, cast):
    file_request(cast, title="Open to all")
    client.force_login(cast.colleague)
    assert titles(client.get("/issues/")) == ["Open to all"]


@pytest.mark.parametrize("query", ["", "?q=secret", "?q=requester", "?state=open", "?q=secrte", "?customer=Support"])
@pytest.mark.parametrize("who", ["colleague", "ops", "lead", "admin", "standin"])
def test_a_restricted_request_is_as_if_it_were_not_there(client, cast, who, query):
    hidden = restrict(file_request(cast, title="Secret thing"))
    client.force_login(getattr(cast, who))
    response = client.get(f"/issues/{query}")
    assert titles(response) == []
    assert hidden.title not in response.content.decode()
    assert f"/issues/{hidden.pk}/" not in response.content.decode()


def test_the_number_of_a_hidden_request_answers_like_one_never_given_out(client, cast):
    hidden = restrict(file_request(cast))
    client.force_login(cast.colleague)
    answers = [client.get("/issues/", {"q": number}) for number in (hidden.reference, "SO-4242")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.context["rows"] for answer in answers] == [[], []]


@pytest.mark.parametrize("form", ["{}", "SO-{}", "so-{}", " #{} "])
def test_a_number_leads_straight_to_its_request(rita, cast, form):
    issue = file_request(cast)
    assert rita.get("/issues/", {"q": form.format(issue.pk)}).url == issue.get_absolute_url()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=open", ["carls", "mine"]),
        ("state=ended", ["done"]),
        ("state=triage", ["carls"]),
        ("state=development", ["mine"]),
        ("mine=on", ["done", "mine"]),
        ("watching=on", ["carls"]),
        ("kind=question", ["done"]),
        ("milestone=Nowhere", ["carls", "done", "mine"]),
        ("q=feathered", ["carls"]),
        ("q=colleague", ["carls"]),
        ("sort=oldest", ["mine", "done", "carls"]),
        ("sort=updated", ["mine", "carls", "done"]),
        ("sort=nonsense&state=nonsense", ["carls", "done", "mine"]),
    ],
)
def test_filters_and_order(rita, cast, query, expected):
    mine = request_at(State.DEVELOPMENT, cast=cast)
    done = request_at(State.COMPLETED, Kind.QUESTION, cast=cast)
    carls = file_request(cast, requester=cast.colleague, title="A feathered request")
    watch(carls.pk, True, by=cast.requester)
    Issue.objects.get(pk=mine.pk).save()
    names = {mine.title: "mine", done.title: "done", carls.title: "carls"}
    assert [names[title] for title in titles(rita.get(f"/issues/?{query}"))] == expected


def test_nothing_found_says_what_was_searched_and_how_to_widen(rita, cast):
    file_request(cast)
    page = rita.get("/issues/?q=unheard-of").content.decode()
    assert "unheard-of" in page
    assert 'href="/issues/"' in page


def test_what_was_searched_stays_in_the_search_field(rita):
    assert 'value="&lt;b&gt;x"' in rita.get("/issues/", {"q": "<b>x"}).content.decode()


def test_pages_keep_filters_and_order(rita, cast):
    issues = many(30, cast.requester)
    first = rita.get("/issues/?sort=oldest&kind=bug")
    second = rita.get(first.context["next_url"])
    assert titles(first) + titles(second) == [issue.title for issue in issues]
