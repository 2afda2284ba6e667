"""The catalogue as the workflow sees it."""

import datetime

import pytest

from workflow.catalogue import answers
from workflow.catalogue.answers import missing_answers
from workflow.catalogue.models import Entry
from workflow.catalogue.shipped import ENTRIES

pytestmark = pytest.mark.django_db


def test_it_is_plugged_in():
    assert [key for key, _, _ in answers.entries()] == [spec.key for spec in ENTRIES]
    assert ("bug", "Report a bug", "bug") in answers.entries()


def test_what_is_not_offered_is_not_named():
    Entry.objects.filter(route__key="bug").update(is_active=False)

    assert "bug" not in {key for key, _, _ in answers.entries()}


def test_each_is_asked_their_own_questions():
    of_requester = set(answers.form_fields("calendly", "requester"))
    of_approver = set(answers.form_fields("calendly", "approver"))

    assert "events" in of_requester
    assert "coverage" in of_approver
    assert not of_requester & of_approver


def test_an_unknown_route_asks_nothing():
    assert answers.form_fields("nothing", "requester") == {}


@pytest.mark.parametrize(
    "initial", [{"events": "Support EMEA"}, [{"key": "events", "answer": "Support EMEA"}, {"key": "gone", "answer": 1}]]
)
def test_kept_answers_fill_the_fields(initial):
    assert answers.form_fields("calendly", "requester", initial)["events"].initial == "Support EMEA"


def test_rows_keep_the_question_with_the_answer():
    rows = answers.rows("calendly", "requester", {"events": "Support EMEA", "from_when": datetime.date(2027, 1, 2)})

    by_key = {row["key"]: row for row in rows}
    assert by_key["events"]["answer"] == "Support EMEA"
    assert by_key["events"]["label"] == "Which team events"
    assert by_key["events"]["asked_of"] == "requester"
    assert by_key["from_when"]["answer"] == "2027-01-02"
    assert by_key["schedule"]["answer"] == ""
    assert by_key["change"]["choices"]


def test_what_is_required_and_not_answered_is_missing():
    rows = answers.rows("calendly", "requester", {"events": "Support EMEA"})

    assert set(missing_answers("calendly", "requester", rows)) == {"change", "calendar_link"}
