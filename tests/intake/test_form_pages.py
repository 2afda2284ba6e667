"""Each entry's own page."""

import datetime

import pytest
from django.utils import timezone

from supportops.accounts.directory import meant_by, suggested
from supportops.accounts.models import User
from tests.factories import person
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Entry, Question
from workflow.catalogue.shipped import ENTRIES
from workflow.models import Issue
from workflow.states import State

KEYS = [spec.key for spec in ENTRIES]
FIRST = {
    "calendly": State.APPROVAL,
    "macros-global": State.APPROVAL,
    "macros-us-federal": State.APPROVAL,
    "propose-change": State.DISCUSSION,
}


@pytest.mark.parametrize("spec", ENTRIES, ids=lambda spec: spec.key)
def test_the_page_asks_every_question_of_the_requester(requester, spec):
    page = requester.get(f"/new/{spec.key}/")

    assert page.status_code == 200
    for question in spec.questions:
        assert (f'name="{question.key}"' in page.text) == (question.asked_of == "requester")


@pytest.mark.parametrize("key", KEYS)
def test_a_filled_form_becomes_a_request(requester, cast, fill_in, key):
    answer = requester.post(f"/new/{key}/", fill_in(key))

    issue = Issue.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"/issues/{issue.pk}/"
    assert (issue.route.key, issue.requester, issue.filed_by) == (key, cast.requester, None)
    assert issue.state == FIRST.get(key, State.TRIAGE)
    assert issue.title


@pytest.mark.parametrize("key", KEYS)
def test_answers_are_kept_with_the_questions_as_they_were_asked(requester, fill_in, key):
    requester.post(f"/new/{key}/", fill_in(key))
    questions = Question.objects.filter(entry__route__key=key, asked_of="requester")
    asked = list(questions.values_list("key", "label", "type"))
    Question.objects.update(label="Reworded")

    kept = [(row["key"], row["label"], row["type"]) for row in Issue.objects.get().answers]

    assert kept == asked


@pytest.mark.parametrize("key", KEYS)
def test_what_happens_next_is_told_before_pressing(requester, entry, key):
    page = requester.get(f"/new/{key}/").text

    assert "What happens next" in page
    tracker = entry(key).route.tracker
    assert (tracker.path if tracker else "It stays in the portal") in page


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("calendly", "Manager is asked to approve it"),
        ("macros-global", "Manager, or another manager you choose, is asked to approve it"),
        ("propose-change", "Then Manager, or another manager you choose, decides"),
        ("bug", "Nobody needs to approve it"),
    ],
)
def test_who_decides_is_named(requester, key, words):
    assert words in requester.get(f"/new/{key}/").text


def test_without_a_manager_the_lead_names_one(cast, browser_of):
    assert "the lead of Support Operations names a manager" in browser_of(cast.ops).get("/new/calendly/").text


def test_the_managers_part_is_told_beforehand(requester):
    assert "the list of events is right" in requester.get("/new/calendly/").text


def test_an_unknown_form_is_not_found(requester):
    assert requester.get("/new/nothing/").status_code == 404
    assert requester.post("/new/nothing/").status_code == 404


def test_an_entry_no_longer_offered_is_not_found(requester):
    Entry.objects.filter(route__key="bug").update(is_active=False)

    assert requester.get("/new/bug/").status_code == 404


def test_a_question_added_in_the_admin_is_asked_and_kept(requester, entry, fill_in):
    Question.objects.create(
        entry=entry("bug"), key="browsers", label="Which browsers", type="choices", choices=["A", "B"]
    )

    assert "Which browsers" in requester.get("/new/bug/").text
    requester.post("/new/bug/", fill_in("bug", browsers=["A", "B"]))

    assert next(row for row in Issue.objects.get().answers if row["key"] == "browsers")["answer"] == ["A", "B"]


ANSWERS = [
    ("short", "  two\r\n words ", "two words"),
    ("long", "one\r\ntwo\r\n", "one\ntwo"),
    ("yes-no", "no", False),
    ("yes-no", "yes", True),
    ("confirm", "on", True),
    ("date", "2027-02-03", "2027-02-03"),
    ("url", "example.com/x", "https://example.com/x"),
    ("number", "42", 42),
    ("email", "a@example.com", "a@example.com"),
]


@pytest.mark.parametrize(("type_", "typed", "kept"), ANSWERS)
def test_an_answer_is_kept_as_what_it_is(requester, entry, fill_in, type_, typed, kept):
    Question.objects.create(entry=entry("other"), key="extra", label="Extra", type=type_)

    requester.post("/new/other/", fill_in("other", extra=typed))

    assert next(row for row in Issue.objects.get().answers if row["key"] == "extra")["answer"] == kept


WRONG = [
    ("url", "javascript:alert(1)"),
    ("url", "ftp://example.com"),
    ("number", "many"),
    ("number", "9" * 40),
    ("email", "nobody"),
    ("date", "31.12."),
    ("yes-no", "perhaps"),
    ("short", "x" * 256),
    ("long", "x" * 20_001),
]


@pytest.mark.parametrize(("type_", "typed"), WRONG, ids=lambda value: str(value)[:20])
def test_an_answer_of_another_sort_is_not_taken(requester, entry, fill_in, type_, typed):
    Question.objects.create(entry=entry("other"), key="extra", label="Extra", type=type_)

    answer = requester.post("/new/other/", fill_in("other", extra=typed))

    assert answer.status_code == 422
    assert "extra" in answer.context["form"].errors
    assert not Issue.objects.exists()


def test_a_choice_that_is_not_offered_is_not_taken(requester, fill_in):
    assert requester.post("/new/bug/", fill_in("bug", system="Mainframe")).status_code == 422


# Titles, systems, approvers, due dates -----------------------------------------------------------------------------


def test_an_empty_title_is_made_from_the_answers(requester, fill_in):
    requester.post("/new/macros-global/", fill_in("macros-global", macro_title="Accounts::Access::Reset"))

    assert Issue.objects.get().title == "Create a macro: Accounts::Access::Reset"


def test_a_typed_title_stays(requester, fill_in):
    requester.post("/new/macros-global/", fill_in("macros-global", title="My own"))

    assert Issue.objects.get().title == "My own"


def test_a_made_title_is_never_too_long(requester, fill_in):
    requester.post("/new/macros-global/", fill_in("macros-global", macro_title="x" * 255))

    assert len(Issue.objects.get().title) == 255


@pytest.mark.parametrize(
    ("key", "system"), [("bug", "Zendesk"), ("calendly", "Calendly"), ("macros-global", "Zendesk"), ("other", "")]
)
def test_the_system_concerned_lands_on_the_request(requester, fill_in, key, system):
    requester.post(f"/new/{key}/", fill_in(key))

    assert Issue.objects.get().system == system


def test_something_else_is_no_system(requester, fill_in):
    requester.post("/new/bug/", fill_in("bug", system="Something else"))

    assert Issue.objects.get().system == ""


def test_the_requesters_manager_is_preset(requester, cast):
    form = requester.get("/new/macros-global/").context["form"]

    assert form["approver"].value() == cast.manager.pk


def test_another_manager_may_be_chosen(requester, cast, fill_in):
    words = {"approver": cast.standin.pk, "approver_reason": "Mine is new here."}
    requester.post("/new/macros-global/", fill_in("macros-global", **words))

    issue = Issue.objects.get()
    assert issue.approvers == [cast.standin]
    assert issue.events.get().text == "Mine is new here."


def test_whoever_chooses_another_manager_says_why(requester, cast, fill_in):
    answer = requester.post("/new/macros-global/", fill_in("macros-global", approver=cast.standin.pk))

    assert answer.status_code == 422
    assert answer.context["form"].errors["approver_reason"] == ["Say why not Manager, or choose them."]


def test_a_reason_for_ones_own_manager_is_not_kept(requester, cast, fill_in):
    requester.post("/new/macros-global/", fill_in("macros-global", approver_reason="None at all."))

    assert Issue.objects.get().events.get().text == ""


def test_without_a_manager_of_ones_own_no_reason_is_asked(cast, browser_of, fill_in):
    given = fill_in("macros-global", cast.manager, approver=cast.standin.pk)
    browser_of(cast.manager).post("/new/macros-global/", given)

    assert Issue.objects.get().approvers == [cast.standin]


@pytest.mark.parametrize("who", ["colleague", "requester", "ops"])
def test_who_is_no_manager_cannot_be_chosen(requester, cast, fill_in, who):
    answer = requester.post("/new/macros-global/", fill_in("macros-global", approver=getattr(cast, who).pk))

    assert answer.status_code == 422
    assert "approver" in answer.context["form"].errors


def test_a_manager_is_never_offered_themselves(cast, browser_of):
    offered = browser_of(cast.manager).get("/new/macros-global/").context["form"].fields["approver"].queryset

    assert list(offered) == [cast.standin]


def test_where_nobody_can_approve_the_form_can_still_be_filed(cast, browser_of, fill_in):
    cast.standin.groups.clear()

    answer = browser_of(cast.manager).post("/new/macros-global/", fill_in("macros-global", cast.manager))

    assert answer.status_code == 302
    assert Issue.objects.get().approvers == []


def day(days):
    return (timezone.localdate() + datetime.timedelta(days=days)).isoformat()


@pytest.mark.parametrize(("days", "status"), [(-1, 422), (0, 302), (14, 302), (90, 302), (91, 422), (None, 422)])
def test_a_discussion_ends_within_ninety_days(requester, fill_in, days, status):
    due = "" if days is None else day(days)

    assert requester.post("/new/propose-change/", fill_in("propose-change", due_date=due)).status_code == status


def test_a_discussion_takes_two_weeks_unless_said_otherwise(requester, fill_in):
    assert f'value="{day(14)}"' in requester.get("/new/propose-change/").text

    requester.post("/new/propose-change/", fill_in("propose-change"))

    assert Issue.objects.get().due_date == timezone.localdate() + datetime.timedelta(days=14)


def test_other_teams_are_named_on_the_request(requester, fill_in):
    requester.post("/new/propose-change/", fill_in("propose-change", teams="finance; colleague and SECURITY"))

    assert Issue.objects.get().teams == "Finance, Colleague (colleague), Security"


@pytest.mark.parametrize("name", ["Research and Development", "Sales, Marketing"])
def test_names_that_hold_what_separates_names_are_one(requester, fill_in, name):
    gil = person("gil", groups=[name])
    requester.post("/new/propose-change/", fill_in("propose-change", teams=suggested(name[:5])[0]))
    assert meant_by(Issue.objects.get().teams).people == [gil]


def test_a_person_whose_name_holds_a_comma_is_told(requester, fill_in):
    ada = person("ada")
    User.objects.filter(pk=ada.pk).update(first_name="Ada", last_name="Smith, PhD")
    requester.post("/new/propose-change/", fill_in("propose-change", teams="ada"))
    assert meant_by(Issue.objects.get().teams).people == [ada]


def test_more_names_than_fit_are_refused_in_words(requester, fill_in):
    for number in range(40):
        person(f"p{number}")
    User.objects.filter(username__startswith="p").update(first_name="Somebody", last_name="With a long name")
    teams = ",".join(f"p{number}" for number in range(40))
    answer = requester.post("/new/propose-change/", fill_in("propose-change", teams=teams))
    assert answer.status_code == 422 and "Name fewer: written out these are" in answer.text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Finanse", "“Finanse” is no person and no team here. Did you mean “Finance”?"),
        ("Xylophone", "“Xylophone” is no person and no team here. Write a person&#x27;s name, a division, or a group."),
        ("Twin", "Several people are called “Twin”: write Twin (twin1) or Twin (twin2)."),
    ],
)
def test_who_is_named_is_somebody(requester, fill_in, written, said):
    for number in (1, 2):
        person(f"twin{number}")
    User.objects.filter(username__startswith="twin").update(first_name="Twin")
    answer = requester.post("/new/propose-change/", fill_in("propose-change", teams=written))

    assert answer.status_code == 422 and said in answer.text
    assert not Issue.objects.exists()


def test_a_confidential_request_is_for_the_confidential_group(requester, fill_in):
    requester.post("/new/bug/", fill_in("bug", confidential="on"))

    assert Issue.objects.get().restricted_to.name == "confidential"


def test_a_restricted_route_asks_nothing_about_confidentiality(requester, fill_in):
    assert 'name="confidential"' not in requester.get("/new/macros-us-federal/").text

    requester.post("/new/macros-us-federal/", fill_in("macros-us-federal"))

    assert Issue.objects.get().restricted_to.name == "us-federal"


@pytest.mark.parametrize("key", ["portal-change", "question"])
def test_what_remains_to_be_done_elsewhere_is_said_when_filed(requester, entry, fill_in, key):
    answer = requester.post(f"/new/{key}/", fill_in(key))

    said = [str(message) for message in answer.wsgi_request._messages]
    assert said == [f"SO-{Issue.objects.get().pk} is filed. {entry(key).after_filing}"]
    assert Issue.objects.get().kind in {Kind.HAND_OVER, Kind.QUESTION}


def test_portal_changes_insist_on_what_was_done_in_zendesk(requester, fill_in):
    answer = requester.post("/new/portal-change/", fill_in("portal-change", handed_over=None))

    assert answer.status_code == 422
    assert "handed_over" in answer.context["form"].errors


def test_the_question_page_offers_slack(requester):
    assert "https://gitlab.slack.com/archives/C018ZGZAMPD" in requester.get("/new/question/").text
