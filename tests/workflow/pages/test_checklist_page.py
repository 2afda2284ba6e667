"""The page of a validation's list, and what the pages around it show of it."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import request_at, restrict, step
from workflow.actions import check, delegate, take_back
from workflow.gitlab.models import GitLabLink, OutgoingUpload
from workflow.models import Attachment, Issue, ValidationCheck
from workflow.models.validation import Verdict, verdict_of
from workflow.states import State
from workflow.verbs import Verb

MOST_QUERIES = 12
ITEMS = ["It opens", "It saves"]


def text_of(response):
    return response.content.decode()


def now(issue):
    return Issue.objects.get(pk=issue.pk)


def verdicts(issue):
    return [verdict_of(item) for item in now(issue).checklist]


@pytest.fixture
def listed(cast):
    """A bug whose requester and Colin are to check two items."""
    return _listed(cast, ITEMS)


def _listed(cast, items):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="In the sandbox.", items=items)
    delegate(issue.pk, cast.colleague, by=cast.requester)
    return now(issue)


def tick(visitor, issue, place=0, **data):
    """Post what was found on an item, the way the page would."""
    return visitor.post(issue, "check", **({"item": now(issue).checklist[place].pk, "verdict": "ticked"} | data))


# The list -------------------------------------------------------------------------------------------------------------


def test_who_validates_finds_every_item_with_a_form_of_its_own(visit, cast, listed):
    for person in (cast.requester, cast.colleague):
        page = text_of(visit(person).get(listed, "check"))

        assert [page.count(item) for item in ITEMS] == [1, 1]
        assert page.count('value="ticked"') == page.count('value="failed"') == 2
        assert "In the sandbox." in page
        assert len(set(re.findall(r'id="(item-\d+-note)"', page))) == 2


@pytest.mark.parametrize("who", ["ops", "lead", "manager", "admin"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_others_read_why_not(visit, cast, listed, who, method):
    response = getattr(visit(getattr(cast, who)), method)(listed, "check")

    assert response.status_code == 403
    assert "may validate this" in text_of(response) or "You implemented this" in text_of(response)


def test_each_item_is_saved_by_itself_and_the_page_comes_back_to_it(visit, cast, listed):
    response = tick(visit(cast.requester), listed, version=listed.version)

    assert response["Location"] == f"/issues/{listed.pk}/check/#item-{listed.checklist[0].pk}"
    assert verdicts(listed) == [Verdict.TICKED, None]
    assert now(listed).state == State.VALIDATION
    page = text_of(visit(cast.colleague).get(listed, "check"))
    assert "Ticked by Requester" in page
    assert "1 of 2" in page


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"verdict": "failed"}, "Say what is not right."),
        ({"verdict": ""}, "Tick it or fail it."),
        ({"verdict": "maybe"}, "Select a valid choice"),
        ({"item": "x"}, "Enter a whole number"),
        ({"item": ""}, "This field is required"),
        ({"note": "x" * 2_001}, "Shorten this to 2,000 characters"),
        ({"seen": "x"}, "Enter a whole number"),
        ({"item": str(10**30)}, "less than or equal"),
    ],
)
def test_what_makes_no_sense_is_said_and_what_was_typed_stays(visit, cast, listed, data, says):
    response = tick(visit(cast.requester), listed, **({"note": "" if "verdict" in data else "Typed."} | data))

    assert response.status_code == 422
    assert says in text_of(response)
    assert verdicts(listed) == [None, None]


def test_a_failed_item_keeps_its_reason_and_its_files(visit, cast, listed):
    GitLabLink.objects.filter(pk=listed.pk).update(wanted_version=1, pushed_version=1)
    file = SimpleUploadedFile("screen.png", b"\x89PNG\r\n\x1a\n...")

    tick(visit(cast.colleague), listed, verdict="failed", note="See the picture.", files=file)

    kept = Attachment.objects.get(issue=listed)
    assert kept.validation_check == ValidationCheck.objects.get()
    assert OutgoingUpload.objects.filter(attachment=kept).exists()
    assert GitLabLink.objects.get(pk=listed.pk).wanted_version > 1
    for place in ("", "check"):
        page = text_of(visit(cast.requester).get(listed, place))
        assert "See the picture." in page
        assert page.count("screen.png") == 1


def test_a_file_that_is_not_taken_is_named_and_nothing_is_kept(visit, cast, listed):
    response = tick(visit(cast.requester), listed, files=SimpleUploadedFile("run.exe", b"MZ"))

    assert response.status_code == 422
    assert "cannot be attached" in text_of(response)
    assert verdicts(listed) == [None, None]


def test_who_saw_the_item_otherwise_gets_409_and_may_press_again(visit, cast, listed):
    item = listed.checklist[0].pk
    check(listed.pk, item, "failed", by=cast.colleague, note="Nothing opens.")

    late = tick(visit(cast.requester), listed, seen="0", note="It does here.")
    seen = re.search(rf'name="seen" value="(\d+)"[^>]*id="item-{item}-seen"', text_of(late))[1]
    again = tick(visit(cast.requester), listed, seen=seen, note="It does here.")

    assert late.status_code == 409
    assert "Nothing opens." in text_of(late) and "It does here." in text_of(late)
    assert again.status_code == 302
    assert verdicts(listed) == [Verdict.TICKED, None]


def test_pressed_twice_it_is_kept_once(visit, cast, listed):
    statuses = [tick(visit(cast.requester), listed, seen="0").status_code for _ in range(2)]

    assert statuses == [302, 302]
    assert ValidationCheck.objects.count() == 1


def test_once_it_went_on_the_words_are_handed_back(visit, cast, listed):
    typed = {"item": listed.checklist[0].pk, "verdict": "ticked", "note": "All of it is right."}
    step(listed, Verb.SEND_BACK, cast.colleague, text="No.")

    response = visit(cast.requester).post(listed, "check", **typed, version=listed.version)

    assert response.status_code == 409
    assert "All of it is right." in text_of(response)


def test_a_delegate_of_a_restricted_request_loses_the_page_when_taken_back(visit, cast, listed):
    restrict(listed)
    before = visit(cast.colleague).get(listed, "check").status_code
    take_back(listed.pk, cast.colleague, by=cast.requester)

    assert (before, visit(cast.colleague).get(listed, "check").status_code) == (200, 404)
    assert tick(visit(cast.colleague), listed).status_code == 404


def test_without_a_list_the_page_says_so(visit, cast):
    issue = request_at(State.VALIDATION, cast=cast)

    assert "No list was given" in text_of(visit(cast.requester).get(issue, "check"))


def queries_of(visitor, issue, place):
    visitor.get(issue, place)
    with CaptureQueriesContext(connection) as counted:
        assert visitor.get(issue, place).status_code == 200
    return len(counted)


@pytest.mark.parametrize("place", ["", "check", "validate", "send-back"])
def test_a_longer_list_costs_no_further_query(visit, cast, place):
    issues = [_listed(cast, [f"Item {n}" for n in range(number)]) for number in (2, 12)]
    for issue in issues:
        for item in issue.checklist[1:]:
            check(issue.pk, item.pk, "failed", by=cast.colleague, note="No.")

    short, long = (queries_of(visit(cast.requester), issue, place) for issue in issues)

    assert short == long
    assert short <= MOST_QUERIES


# Around it ------------------------------------------------------------------------------------------------------------


def test_the_request_offers_the_list_first_until_all_is_ticked(visit, cast, listed):
    page = visit(cast.requester).get(listed).context["card"]["primary"]["label"]
    for item in listed.checklist:
        check(listed.pk, item.pk, "ticked", by=cast.requester)

    assert (page, visit(cast.requester).get(listed).context["card"]["primary"]["label"]) == (
        "Check the list",
        "Validate",
    )


def test_everybody_reads_on_the_request_how_far_it_is(visit, cast, listed):
    check(listed.pk, listed.checklist[0].pk, "failed", by=cast.colleague, note="Nothing opens.")

    page = text_of(visit(cast.ops).get(listed))

    assert "Failed by Colleague" in page
    assert "Nothing opens." in page
    assert "It waits for Requester or Colleague to look" in page


def test_sending_back_asks_for_a_reason_per_item(visit, cast, listed):
    check(listed.pk, listed.checklist[0].pk, "failed", by=cast.colleague, note="Nothing opens.")
    visitor = visit(cast.requester)

    page = text_of(visitor.get(listed, "send-back"))
    done = visitor.post(listed, "send-back", failed_2="Nor does it save.")

    assert 'name="failed_2"' in page and 'name="failed_1"' not in page
    assert done.status_code == 302
    assert listed.events.last().text == "- It opens: Nothing opens.\n- It saves: Nor does it save."


@pytest.mark.parametrize(
    ("data", "says"),
    [({}, "fail an item of the list"), ({"failed_2": "x" * 2_001}, "Shorten the reason of each item to 2,000")],
)
def test_a_bad_send_back_is_said_in_the_form(visit, cast, listed, data, says):
    response = visit(cast.requester).post(listed, "send-back", **data)

    assert response.status_code == 422
    assert says in text_of(response)


def test_a_reason_typed_while_a_colleague_ticked_the_item_is_not_lost(visit, cast, listed):
    visitor = visit(cast.requester)
    visitor.get(listed, "send-back")
    check(listed.pk, listed.checklist[0].pk, "ticked", by=cast.colleague)
    check(listed.pk, listed.checklist[1].pk, "failed", by=cast.colleague, note="Not a word is saved.")

    wrong = visitor.post(listed, "send-back", failed_1="It is blank.", failed_2="x" * 2_001)
    visitor.post(listed, "send-back", failed_1="It is blank.")

    assert wrong.status_code == 422 and "It is blank." in text_of(wrong)
    assert listed.events.last().text == "- It opens: It is blank.\n- It saves: Not a word is saved."


def test_a_note_for_an_item_of_a_round_that_ended_is_handed_back(visit, cast, listed):
    item = listed.checklist[0].pk
    step(listed, Verb.SEND_BACK, cast.colleague, text="No.")
    step(listed, Verb.REQUEST_VALIDATION, cast.ops, text="Again.", items=ITEMS)

    late = visit(cast.requester).post(
        listed, "check", item=item, verdict="failed", note="It opens upside down.", seen="0", version=listed.version
    )

    assert late.status_code == 409
    assert "It opens upside down." in text_of(late)


def test_a_tick_that_counts_no_longer_is_drawn_as_open(visit, cast, listed):
    for item in listed.checklist:
        check(listed.pk, item.pk, "ticked", by=cast.colleague)
    take_back(listed.pk, cast.colleague, by=cast.requester)

    page = visit(cast.requester).get(listed, "check")
    form = text_of(visit(cast.requester).get(listed, "validate"))

    assert page.context["ticked"] == 0 and "Ticked by" not in text_of(page)
    assert 'name="check_1"' in form and 'name="check_2"' in form


def test_a_failed_item_keeps_it_from_being_validated(visit, cast, listed):
    check(listed.pk, listed.checklist[0].pk, "failed", by=cast.colleague, note="Nothing opens.")

    response = visit(cast.requester).post(listed, "validate", check_1="on", check_2="on")

    assert response.status_code == 422
    assert "“It opens” failed." in text_of(response)


def test_the_next_round_begins_with_the_same_list(visit, cast, listed):
    check(listed.pk, listed.checklist[1].pk, "failed", by=cast.colleague, note="Nothing happens.")
    step(listed, Verb.SEND_BACK, cast.colleague)

    form = visit(cast.ops).get(listed, "request-validation")
    visit(cast.ops).post(listed, "request-validation", text="Again.", items="- It saves\r\n\r\n- It opens\r\n")
    page = text_of(visit(cast.requester).get(listed, "check"))

    assert ">It saves\nIt opens</textarea>" in text_of(form).replace("\r", "").replace(">\n", ">")
    assert "Nothing happens." in text_of(form)
    assert page.index("Last time Colleague failed it") < page.index("It opens")


def test_a_list_that_is_too_long_is_said_at_its_field(visit, cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    lines = "\n".join(f"Item {n}" for n in range(51))

    response = visit(cast.ops).post(issue, "request-validation", text="Here.", items=lines)

    assert response.status_code == 422
    assert "Shorten the list to 50 items; it has 51." in text_of(response)
    assert "Item 50" in text_of(response)


def test_a_colleague_reads_the_note_of_the_delegation(visit, cast):
    issue = request_at(State.VALIDATION, cast=cast)

    visit(cast.requester).post(issue, "delegate", person=cast.colleague.pk, text="You know the reports.")

    assert "You know the reports." in text_of(visit(cast.colleague).get(issue))


def test_a_request_sent_back_three_times_says_so_and_waits_for_the_lead(visit, cast):
    issue = request_at(State.VALIDATION, cast=cast)
    for turn in range(3):
        if turn:
            step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Again.")
        step(issue, Verb.SEND_BACK, cast.requester, text="No.")

    assert "Sent back 3 times in a row." in text_of(visit(cast.requester).get(issue))
    assert issue.title in text_of(visit(cast.lead).client.get("/queues/raised/"))
    assert issue.title not in text_of(visit(cast.ops).client.get("/queues/raised/"))


# Blocked --------------------------------------------------------------------------------------------------------------


def test_a_review_of_what_blocks_is_kept_and_stands_on_the_request(visit, cast):
    issue = request_at(State.BLOCKED, cast=cast)
    visitor = visit(cast.ops)

    empty = visitor.post(issue, "review", text=" ", version=issue.version)
    done = [visitor.post(issue, "review", text="They answer on Thursday.", version=issue.version) for _ in range(2)]

    assert [empty.status_code, *(one.status_code for one in done)] == [422, 302, 409]
    assert issue.events.filter(verb="review").count() == 1
    assert now(issue).state == State.BLOCKED
    page = text_of(visit(cast.requester).get(issue))
    assert "Last reviewed" in page and "They answer on Thursday." in page


@pytest.mark.parametrize("who", ["requester", "manager", "colleague"])
def test_only_support_operations_review_a_block(visit, cast, who):
    issue = request_at(State.BLOCKED, cast=cast)

    assert visit(getattr(cast, who)).post(issue, "review", text="Forged.").status_code == 403
