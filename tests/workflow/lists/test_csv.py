"""Lists as files."""

import codecs
import csv
import io

import pytest

from tests.factories import file_request, restrict
from tests.workflow.lists.population import many
from workflow.pages.csv_export import COLUMNS, STARTS_A_FORMULA, guarded


def lines(response):
    """The file's rows as dicts."""
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


@pytest.fixture
def ops(client, cast):
    """A browser signed in as Support Operations."""
    client.force_login(cast.ops)
    return client


@pytest.mark.parametrize("start", STARTS_A_FORMULA)
def test_no_value_begins_a_formula(start):
    assert guarded(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("value", ["plain", "a=b", "SO-1", "1-2", "", "'=1"])
def test_other_text_stays_as_it_is(value):
    assert guarded(value) == value


def test_a_title_that_is_a_formula_arrives_as_text(ops, cast):
    file_request(cast, title='=HYPERLINK("http://evil";"x"), and "quotes"')
    assert lines(ops.get("/queues/triage/?format=csv"))[0]["Title"] == ('\'=HYPERLINK("http://evil";"x"), and "quotes"')


def test_the_file_has_what_the_page_has_in_its_order_and_all_of_it(ops, cast):
    issues = many(120, cast.requester)
    response = ops.get("/queues/triage/?format=csv")
    assert [row["Number"] for row in lines(response)] == [issue.reference for issue in issues]
    assert response["Content-Disposition"] == 'attachment; filename="triage.csv"'
    assert response.streaming


def test_the_same_filters_apply(ops, cast):
    file_request(cast, title="A purple one")
    file_request(cast)
    assert [row["Title"] for row in lines(ops.get("/queues/triage/?q=purple&format=csv"))] == ["A purple one"]


def test_spreadsheets_are_told_that_it_is_utf_8(ops):
    assert b"".join(ops.get("/queues/triage/?format=csv").streaming_content).startswith(codecs.BOM_UTF8)


def test_an_empty_list_is_a_file_with_a_head(ops):
    head = b"".join(ops.get("/queues/triage/?format=csv").streaming_content).decode("utf-8-sig")
    assert head.strip().split(",") == list(COLUMNS)


@pytest.mark.parametrize("address", ["/issues/?format=csv", "/queues/triage/?format=csv"])
def test_hidden_requests_are_in_no_file(ops, cast, address):
    restrict(file_request(cast))
    assert lines(ops.get(address)) == []


def test_a_row_says_who_what_when_and_where(ops, cast):
    issue = file_request(cast)
    row = lines(ops.get("/issues/?format=csv"))[0]
    assert (row["Requester"], row["State"], row["Waits for"]) == ("Requester", "Triage", "Support Operations")
    assert row["Address"] == f"http://testserver/issues/{issue.pk}/"
