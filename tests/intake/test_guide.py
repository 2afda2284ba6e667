"""The guide: the handbook's flowchart, one question per page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.guide import NODES, START, End, Step, before, depth
from workflow.catalogue.models import Entry
from workflow.catalogue.shipped import ENTRIES

KEYS = {spec.key for spec in ENTRIES}


@given(st.data())
def test_every_path_ends_at_an_entry(data):
    node, seen = START, set()
    while isinstance(NODES[node], Step):
        assert node not in seen, "a path came back to a question it had asked"
        seen.add(node)
        node = data.draw(st.sampled_from(NODES[node].answers)).leads_to

    assert NODES[node].entry in KEYS


def test_every_node_is_reached_in_exactly_one_way():
    targets = [answer.leads_to for step in NODES.values() if isinstance(step, Step) for answer in step.answers]

    assert sorted(targets) == sorted(set(NODES) - {START})


def test_every_entry_but_bug_is_reached():
    assert {end.entry for end in NODES.values() if isinstance(end, End)} == KEYS - {"bug"}


@pytest.mark.parametrize(("agreed", "entry"), [("Yes", "feature"), ("No", "propose-change")])
def test_a_change_asks_whether_it_is_agreed(agreed, entry):
    asked = NODES["change-agreed"]

    assert "agreed" in asked.question
    assert NODES[next(a.leads_to for a in asked.answers if a.label.startswith(agreed))].entry == entry


def test_something_broken_leads_to_fix():
    answer = next(answer for answer in NODES[START].answers if "broken" in answer.help)

    assert NODES[answer.leads_to].entry == "fix"


def test_depth_counts_the_questions_answered():
    assert [depth(START), depth("change-agreed"), depth("feature")] == [0, 1, 2]


def test_the_first_page_asks_what_one_wishes_to_do(requester):
    page = requester.get("/guide/")

    assert "What do you wish to do?" in page.text


def test_the_answer_stands_in_the_address(requester):
    page = requester.get("/guide/?at=macros-where")

    assert "In which Zendesk?" in page.text
    assert 'href="/guide/"' in page.text, "there is a way back to the question before"


@pytest.mark.parametrize(
    ("node", "end"), [(node, end) for node, end in NODES.items() if isinstance(end, End) and not end.elsewhere]
)
def test_a_path_ends_on_the_form(requester, node, end):
    assert requester.get(f"/guide/?at={node}").url == f"/new/{end.entry}/"


def test_a_question_may_end_in_slack(requester):
    page = requester.get("/guide/?at=slack")

    assert "https://gitlab.slack.com/archives/C018ZGZAMPD" in page.text
    assert 'href="/guide/?at=question-where"' in page.text


def test_a_customers_wish_ends_on_what_to_do_in_zendesk(requester):
    page = requester.get("/guide/?at=zendesk")

    assert "form to Support Ops" in page.text
    assert "Do not reply" in page.text


def test_going_on_without_an_answer_asks_again(requester):
    page = requester.get("/guide/?from=change-agreed")

    assert "Choose one of the answers." in page.text
    assert NODES["change-agreed"].question in page.text


def test_an_unknown_node_is_not_found(requester):
    assert requester.get("/guide/?at=nowhere").status_code == 404


def test_what_is_not_offered_is_not_led_to(requester):
    Entry.objects.filter(route__key__startswith="macros").update(is_active=False)

    assert "Change macros" not in requester.get("/guide/").text


def test_nothing_is_posted(requester):
    assert requester.post("/guide/").status_code == 405


def test_the_first_node_has_nothing_before_it():
    assert before(START) is None
