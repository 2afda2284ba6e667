"""Validation as a list: who may tick, what was found by whom, what ends a round, and what the next one begins with."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import given as given_any
from hypothesis import strategies as st

from tests.factories import Cast, person, request_at, restrict, step
from tests.workflow.test_races import press_at_once
from workflow.actions import Incomplete, Refused, Stale, check, delegate, take_back, take_step
from workflow.actions.checklist import items_in, split_brief
from workflow.gitlab.models import OutgoingNote
from workflow.gitlab.push_notes import event_body
from workflow.models import Issue, ValidationCheck, ValidationRound
from workflow.models.event import RAISED
from workflow.models.validation import Verdict, verdict_of
from workflow.notifications.models import Notice
from workflow.permissions import may_see
from workflow.states import Outcome, Source, State
from workflow.verbs import Verb

ITEMS = ["It opens", "It saves", "It prints"]


def now(issue):
    return Issue.objects.get(pk=issue.pk)


def in_validation(cast, items=tuple(ITEMS), text="In the sandbox."):
    """A bug whose requester is asked to check these items."""
    issue = request_at(State.DEVELOPMENT, cast=cast)
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text=text, items=list(items))
    return now(issue)


def verdicts(issue):
    return {item.text: verdict_of(item) for item in now(issue).checklist}


def find(issue, text, verdict, by, **more):
    """Check the item with this text."""
    item = next(item for item in now(issue).checklist if item.text == text)
    return check(issue.pk, item.pk, verdict, by=by, **more)


def send_back(issue, by, **given):
    return step(issue, Verb.SEND_BACK, by, **({"text": "Not yet."} | given))


def bounce(issue, cast, times):
    """Send it back so many times; it is in development then."""
    for turn in range(times):
        if now(issue).state == State.DEVELOPMENT:
            step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Once more.")
        send_back(issue, cast.requester, text=f"Not yet, {turn}.")


# What is asked --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "items"),
    [
        (["one", "", "  two  "], ["one", "two"]),
        (["- one", "* [ ] two", "3) three", "[x] kept"], ["one", "two", "three", "[x] kept"]),
        (["Same", "same", "other"], ["Same", "other"]),
        (["one", "two", "One"], ["one", "two"]),
        (["a\u202eb\x00c\td"], ["a b c d"]),
        (["-", "   "], ["-"]),
    ],
)
def test_each_line_is_an_item_once(lines, items):
    assert items_in(lines) == items


def test_lines_with_a_box_are_items_wherever_they_stand():
    assert split_brief("Look:\n- [ ] one\n  * [x] two\nThere.") == ("Look:\nThere.", ["one", "two"])


def test_the_list_is_kept_and_told_in_words(cast):
    issue = in_validation(cast, text="Here.\n- [ ] It rings")

    assert list(verdicts(issue)) == [*ITEMS, "It rings"]
    assert issue.open_validation.brief == "Here."
    assert issue.events.last().text == issue.validation_brief
    assert issue.validation_brief == "Here.\n\n- It opens\n- It saves\n- It prints\n- It rings"


@pytest.mark.parametrize(
    ("items", "says"),
    [([f"Item {n}" for n in range(51)], "the list to 50 items; it has 51."), (["x" * 301], "Shorten item 1 to")],
)
def test_a_huge_list_is_refused_with_its_limit(cast, items, says):
    issue = request_at(State.DEVELOPMENT, cast=cast)

    with pytest.raises(Incomplete, match=says):
        step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Here.", items=items)

    assert now(issue).state == State.DEVELOPMENT


def test_the_longest_list_there_may_be_is_sent_back_whole(cast):
    issue = in_validation(cast, items=[f"{n} " + "x" * 290 for n in range(50)])
    failed = {item.pk: "y" * 2_000 for item in issue.checklist}

    send_back(issue, cast.requester, failed=failed)

    assert now(issue).events.last().text.count("y" * 2_000) == 50


# Who ticks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("requester", True),
        ("colleague", True),
        ("manager", False),
        ("ops", False),
        ("lead", False),
        ("admin", False),
        ("former", False),
        ("stranger", False),
    ],
)
def test_who_validates_ticks_and_nobody_else(cast, who, may):
    issue = in_validation(cast)
    cast.former, cast.stranger = person("former"), person("stranger")
    for delegated in (cast.colleague, cast.former):
        delegate(issue.pk, delegated, by=cast.requester)
    take_back(issue.pk, cast.former, by=cast.requester)

    if may:
        find(issue, "It opens", "ticked", getattr(cast, who))
    else:
        with pytest.raises(Refused, match="may validate this|implemented this"):
            find(issue, "It opens", "ticked", getattr(cast, who))

    assert verdicts(issue)["It opens"] == (Verdict.TICKED if may else None)


def test_who_implemented_it_ticks_nothing_though_delegated(cast):
    issue = in_validation(cast)
    delegate(issue.pk, cast.colleague, by=cast.requester)
    Issue.objects.filter(pk=issue.pk).update(implemented_by=cast.colleague)

    with pytest.raises(Refused, match="implemented this"):
        find(issue, "It opens", "ticked", cast.colleague)


def test_outside_validation_nothing_is_ticked(cast):
    issue = in_validation(cast)
    item = issue.checklist[0].pk
    step(issue, Verb.BLOCK, cast.ops, text="Down.", blocked_by="Vendor", unblock_when="Up.")

    with pytest.raises(Refused, match="checked in validation; this is blocked"):
        check(issue.pk, item, "ticked", by=cast.requester)


def test_what_was_found_before_a_block_is_there_after_it(cast):
    issue = in_validation(cast)
    find(issue, "It opens", "ticked", cast.requester)
    step(issue, Verb.BLOCK, cast.ops, text="Down.", blocked_by="Vendor", unblock_when="Up.")
    step(issue, Verb.UNBLOCK, cast.ops)

    assert verdicts(issue) == {"It opens": Verdict.TICKED, "It saves": None, "It prints": None}


def test_a_delegate_reads_a_restricted_request_until_it_is_taken_back(cast):
    issue = restrict(in_validation(cast))
    before = may_see(cast.colleague, now(issue))
    delegate(issue.pk, cast.colleague, by=cast.requester, text="Please look.")
    find(issue, "It opens", "ticked", cast.colleague)
    take_back(issue.pk, cast.colleague, by=cast.requester)

    assert (before, may_see(cast.colleague, now(issue))) == (False, False)
    with pytest.raises(Refused, match="no such request"):
        find(issue, "It saves", "ticked", cast.colleague)
    assert str(now(issue).checklist[0].check_now.by) == str(cast.colleague)
    assert issue.events.filter(verb="delegate").first().text == "Please look."


# What was found -------------------------------------------------------------------------------------------------------


def test_several_share_the_list_and_each_mark_says_whose_it_is(cast):
    issue = in_validation(cast)
    delegate(issue.pk, cast.colleague, by=cast.requester)
    find(issue, "It opens", "ticked", cast.requester)
    find(issue, "It saves", "failed", cast.colleague, note="Nothing happens.")

    found = {item.text: item.check_now and (item.check_now.by, item.check_now.note) for item in now(issue).checklist}
    assert found == {
        "It opens": (cast.requester, ""),
        "It saves": (cast.colleague, "Nothing happens."),
        "It prints": None,
    }


def test_the_latest_look_holds_and_the_earlier_ones_stay(cast):
    issue = in_validation(cast)
    for verdict, note in (("ticked", ""), ("failed", "No."), ("open", ""), ("ticked", "Yes.")):
        find(issue, "It opens", verdict, cast.requester, note=note)

    assert verdicts(issue)["It opens"] == Verdict.TICKED
    assert [one.verdict for one in ValidationCheck.objects.order_by("pk")] == ["ticked", "failed", "open", "ticked"]


@pytest.mark.parametrize("act", [lambda rows: rows.update(note="Forged"), lambda rows: rows.delete()])
def test_what_was_found_cannot_be_changed_below_the_portal_either(cast, act):
    find(in_validation(cast), "It opens", "failed", cast.requester, note="No.")

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        act(ValidationCheck.objects.all())


@pytest.mark.parametrize(
    ("verdict", "note", "field"),
    [("failed", " ", "note"), ("ticked", "x" * 2_001, "note"), ("perhaps", "", "verdict"), ("", "", "verdict")],
)
def test_what_makes_no_sense_is_not_kept(cast, verdict, note, field):
    issue = in_validation(cast)

    with pytest.raises(Incomplete) as said:
        find(issue, "It opens", verdict, cast.requester, note=note)

    assert list(said.value.problems) == [field]
    assert not ValidationCheck.objects.exists()


def test_pressed_twice_it_is_kept_once(cast):
    issue = in_validation(cast)
    presses = [find(issue, "It opens", "failed", cast.requester, note="No.", seen=None) for _ in range(2)]

    assert presses[0] == presses[1] == ValidationCheck.objects.get()


def test_who_saw_another_state_of_the_item_looks_again_first(cast):
    issue = in_validation(cast)
    delegate(issue.pk, cast.colleague, by=cast.requester)
    find(issue, "It opens", "failed", cast.colleague, note="No.", seen=None)

    with pytest.raises(Stale):
        find(issue, "It opens", "ticked", cast.requester, seen=None)

    assert verdicts(issue)["It opens"] == Verdict.FAILED


def test_an_item_of_an_earlier_round_or_of_another_request_is_not_ticked(cast):
    issue = in_validation(cast)
    earlier = issue.checklist[0].pk
    bounce(issue, cast, 1)
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Again.")
    foreign = in_validation(cast).checklist[0].pk

    for item in (earlier, foreign, 987_654):
        with pytest.raises(Stale):
            check(issue.pk, item, "ticked", by=cast.requester)


# What ends a round ----------------------------------------------------------------------------------------------------


def test_it_is_validated_only_with_every_item_ticked(cast):
    issue = in_validation(cast)
    find(issue, "It opens", "ticked", cast.requester)
    with pytest.raises(Incomplete, match="2 of 3 items are not ticked: “It saves”, “It prints”"):
        step(issue, Verb.VALIDATE, cast.requester)
    find(issue, "It saves", "ticked", cast.requester)
    find(issue, "It prints", "failed", cast.requester, note="No.")
    with pytest.raises(Incomplete, match="“It prints” failed"):
        step(issue, Verb.VALIDATE, cast.requester, ticked=[item.pk for item in issue.checklist])
    find(issue, "It prints", "ticked", cast.requester)

    assert step(issue, Verb.VALIDATE, cast.requester).state == State.IMPLEMENTATION
    assert issue.events.last().data == {"ticked": [3, 3]}
    assert ValidationRound.objects.get().outcome == ValidationRound.Outcome.VALIDATED


def test_what_is_open_may_be_ticked_with_the_step(cast):
    issue = in_validation(cast)
    find(issue, "It opens", "ticked", cast.requester)

    step(issue, Verb.VALIDATE, cast.requester, ticked=[item.pk for item in issue.checklist])

    assert [one.by for one in ValidationCheck.objects.order_by("pk")] == [cast.requester] * 3


def test_without_a_list_it_is_validated_as_ever(cast):
    issue = in_validation(cast, items=[])

    assert step(issue, Verb.VALIDATE, cast.requester).state == State.IMPLEMENTATION
    assert issue.events.last().data == {}


def test_sent_back_it_says_which_items_failed_and_why(cast):
    issue = in_validation(cast)
    find(issue, "It opens", "failed", cast.requester, note="It does not.\nNever.")
    saves = next(item.pk for item in issue.checklist if item.text == "It saves")

    send_back(issue, cast.requester, text="Nearly.", failed={saves: "Nothing happens."})

    event = issue.events.last()
    assert event.text == "- It opens: It does not.\n  Never.\n- It saves: Nothing happens.\n\nNearly."
    assert event.data == {"failed": [2, 3]}
    told = event_body(OutgoingNote.objects.get(event=event), event)
    assert "> - It opens: It does not.\n>   Never.\n> - It saves: Nothing happens." in told


def test_a_reason_given_on_sending_back_stands_against_a_tick(cast):
    issue = in_validation(cast, items=["It opens"])
    find(issue, "It opens", "ticked", cast.requester)

    send_back(issue, cast.requester, text="", failed={issue.checklist[0].pk: "Not in the evening."})

    assert issue.events.last().text == "- It opens: Not in the evening."


@pytest.mark.parametrize("given", [{}, {"text": " "}, {"failed": {987_654: "Elsewhere."}}, {"failed": {}}])
def test_it_is_not_sent_back_without_a_word(cast, given):
    issue = in_validation(cast)

    with pytest.raises(Incomplete, match="fail an item of the list"):
        step(issue, Verb.SEND_BACK, cast.requester, **given)


def test_a_failed_item_is_reason_enough_and_so_are_words(cast):
    issue = in_validation(cast)
    find(issue, "It opens", "failed", cast.requester, note="No.")
    step(issue, Verb.SEND_BACK, cast.requester)
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Again.")

    assert send_back(issue, cast.requester, text="Another thing.").state == State.DEVELOPMENT


@pytest.mark.parametrize(("verb", "who"), [(Verb.CLOSE, "ops"), (Verb.WITHDRAW, "requester")])
def test_a_round_ends_with_the_request(cast, verb, who):
    issue = in_validation(cast)

    step(issue, verb, getattr(cast, who), text="No more.", outcome=Outcome.INVALID)

    assert ValidationRound.objects.get().outcome == ValidationRound.Outcome.ENDED


def test_nothing_in_an_item_or_a_reason_acts_in_gitlab(cast):
    evil = "/close @all #12"
    issue = in_validation(cast, items=[evil], text=evil)
    find(issue, evil, "failed", cast.requester, note=f"{evil}\n{evil}")
    send_back(issue, cast.requester, text=evil)

    for event in issue.events.filter(verb__in=[Verb.REQUEST_VALIDATION, Verb.SEND_BACK]):
        told = event_body(OutgoingNote.objects.get(event=event), event)
        assert not [line for line in told.split("\n") if line.startswith("/")]
        assert "@all" not in told and "#12" not in told


# The next round -------------------------------------------------------------------------------------------------------


def test_the_next_round_asks_everything_anew_what_failed_first(cast):
    issue = in_validation(cast)
    find(issue, "It opens", "ticked", cast.requester)
    find(issue, "It prints", "failed", cast.requester, note="No.")
    send_back(issue, cast.requester)

    take_step(issue.pk, Verb.REQUEST_VALIDATION, by=cast.ops, given={"text": "Again."}, source=Source.GITLAB)

    assert verdicts(issue) == {"It prints": None, "It saves": None, "It opens": None}
    assert list(verdicts(issue)) == ["It prints", "It saves", "It opens"]
    assert [item.before and item.before.text for item in now(issue).checklist] == ["It prints", "It saves", "It opens"]


def test_ops_may_ask_another_list_the_next_time(cast):
    issue = in_validation(cast)
    send_back(issue, cast.requester)
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Again.", items=["it PRINTS", "It rings"])

    known = [(item.text, bool(item.before)) for item in now(issue).checklist]
    assert known == [("it PRINTS", True), ("It rings", False)]


# Bounced --------------------------------------------------------------------------------------------------------------


def raised(issue):
    return issue.events.filter(verb=RAISED)


def told_of_raise(issue):
    told = Notice.objects.filter(event__in=raised(issue), reason=Notice.Reason.NEEDS_YOU)
    return set(told.values_list("person__username", flat=True))


def test_the_third_time_in_a_row_it_is_raised_to_the_lead_once(cast):
    issue = in_validation(cast)
    counted = []
    for _ in range(7):
        bounce(issue, cast, 1)
        counted.append(raised(issue).count())

    assert counted == [0, 0, 1, 1, 1, 2, 2]
    assert told_of_raise(issue) == {"lead"}
    assert raised(issue).first().data == {"bounces": 3}


def test_a_validated_one_counts_from_the_beginning_and_is_settled(cast):
    issue = in_validation(cast, items=[])
    bounce(issue, cast, 3)
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text="Now.")
    unsettled = ValidationRound.objects.filter(raised_at__isnull=False, settled_at__isnull=True)
    waited = unsettled.count()
    step(issue, Verb.VALIDATE, cast.requester)

    assert (waited, unsettled.count()) == (1, 0)
    assert [one.bounces for one in now(issue).validations.all()] == [1, 2, 3, 0]


def test_what_was_raised_is_settled_when_the_request_ends(cast):
    issue = in_validation(cast)
    bounce(issue, cast, 3)
    step(issue, Verb.CLOSE, cast.ops, text="No.", outcome=Outcome.WONT_DO)

    assert ValidationRound.objects.get(raised_at__isnull=False).settled_at is not None


def test_without_a_lead_support_operations_hear_of_it(cast):
    cast.lead.groups.clear()
    issue = in_validation(cast)
    bounce(issue, cast, 3)

    assert told_of_raise(issue) == {"ops", "other_ops", "federal"}


def test_of_a_hidden_one_only_its_members_hear(cast):
    issue = in_validation(cast)
    Issue.objects.filter(pk=issue.pk).update(restricted_to=cast.federal.groups.get(name="us-federal"))
    for turn in range(3):
        if turn:
            step(issue, Verb.REQUEST_VALIDATION, cast.federal, text="Once more.")
        send_back(issue, cast.requester)

    assert told_of_raise(issue) == {"federal"}


# Any order, at once, and from before ----------------------------------------------------------------------------------


looks = st.tuples(st.sampled_from(["requester", "colleague", "ops"]), st.integers(0, 1), st.sampled_from(list(Verdict)))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given_any(presses=st.lists(looks, max_size=8))
def test_whoever_looks_in_whatever_order_it_is_validated_exactly_when_all_is_ticked(cast, presses):
    with transaction.atomic():
        issue = in_validation(cast, items=ITEMS[:2])
        delegate(issue.pk, cast.colleague, by=cast.requester)
        last = {}
        for who, place, verdict in presses:
            try:
                find(issue, ITEMS[place], verdict, getattr(cast, who), note="Because.")
                last[ITEMS[place]] = verdict
            except Refused:
                assert who == "ops"
        ticked = all(last.get(text) == Verdict.TICKED for text in ITEMS[:2])
        try:
            after = step(issue, Verb.VALIDATE, cast.requester).state
        except Incomplete:
            after = State.VALIDATION
        transaction.set_rollback(True)

    assert after == (State.IMPLEMENTATION if ticked else State.VALIDATION)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_look_at_once_one_is_kept_and_one_looks_again():
    cast = Cast()
    issue = in_validation(cast)
    delegate(issue.pk, cast.colleague, by=cast.requester)
    item = issue.checklist[0].pk

    results = press_at_once(
        lambda: check(issue.pk, item, "ticked", by=cast.requester, seen=None),
        lambda: check(issue.pk, item, "failed", by=cast.colleague, note="No.", seen=None),
    )

    assert sorted(type(result).__name__ for result in results) == ["Stale", "ValidationCheck"]
