"""Names are offered while they are typed: in comments only of people who may see the request."""

import pytest
from django.contrib.auth.models import Group

from tests.factories import file_request, person, restrict
from tests.workflow.places import confidential_member

PAGE = "/people/suggest/"


@pytest.fixture
def asked(client, cast):
    """What is offered to the requester for these parameters: [what would be typed]."""
    client.force_login(cast.requester)
    return lambda **query: [one["insert"] for one in client.get(PAGE, query).json()["found"]]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("coll", ["@colleague"]),
        ("COLL", ["@colleague"]),
        ("other", ["@other_ops"]),
        ("support-", ["@support-ops"]),
        ("nobody", []),
        ("", []),
        (" ", []),
        ("\x00", []),
        ("%", []),
    ],
)
def test_a_comment_calls_people_and_groups(asked, typed, offered):
    assert asked(q=typed, **{"for": "mention"}) == offered


def test_a_group_is_offered_by_its_handle(asked):
    Group.objects.create(name="Knowledge Base")
    assert asked(q="know", **{"for": "mention"}) == ["@knowledge-base"]


def test_a_form_names_people_and_teams(asked):
    assert asked(q="fin", **{"for": "names"}) == ["Finance"]
    assert asked(q="coll", **{"for": "names"}) == ["Colleague (colleague)"]


def test_only_who_may_see_a_restricted_request_is_offered_on_it(asked, cast):
    issue = restrict(file_request(cast))
    confidential_member(cast.other_ops)
    assert asked(q="coll", issue=issue.pk) == []
    assert asked(q="other", issue=issue.pk) == ["@other_ops"]


@pytest.mark.parametrize("number", ["999999", "x", "9" * 40, "-1", "¹"])
def test_nothing_is_told_of_what_is_hidden_or_is_no_number(asked, number):
    assert asked(q="coll", issue=number) == []


def test_of_many_only_a_few_are_offered(asked):
    for number in range(12):
        person(f"many{number}")
    assert len(asked(q="many", **{"for": "mention"})) == len(asked(q="many", **{"for": "names"})) == 8
