"""The table of fields: every row goes there and back, and merging has one owner per field, loses nothing, invents
nothing and comes to rest."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from tests.factories import file_request
from workflow.catalogue.kinds import Kind
from workflow.gitlab.escaping import managed_block
from workflow.gitlab.fields import (
    FIELDS,
    ON_THE_PAGE,
    Agreed,
    GitLabSide,
    Owner,
    PortalSide,
    Wanted,
    changes,
    creation,
    differs,
    flat,
    in_words,
    nested,
    seen_of,
    wanted_of,
)
from workflow.gitlab.labels import Labelling
from workflow.gitlab.merge import OURS, THEIRS, Conflict, Merge, merge
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.pages.panel import differences
from workflow.gitlab.reconcile import drift_of
from workflow.gitlab.render import Surroundings
from workflow.gitlab.schemas import CountedIssue, RemoteIssue
from workflow.gitlab.status import ledger_of
from workflow.models import Issue, Milestone
from workflow.states import State

SHARED = tuple(field.name for field in FIELDS if field.owner is Owner.SHARED)
OWNED = tuple(field.name for field in FIELDS if field.owner is Owner.PORTAL)
VALUES = st.sampled_from([None, "a", "b", "c"])
SIDES = st.fixed_dictionaries({name: VALUES for name in (*SHARED, *OWNED)})
NEWER = st.sampled_from([OURS, THEIRS])
MARK = "supportops1x0123456789"
each_field = pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)


def base(**fields):
    """Fields both sides agree on."""
    return {name: "a" for name in (*SHARED, *OWNED)} | fields


def agreed(refused=None, **fields):
    """The same as the base of a merge."""
    return Agreed(base(**fields), refused or {})


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_field_changed_in_gitlab_is_taken(name):
    assert merge(agreed(), base(), base(**{name: "b"})) == Merge(take={name: "b"})


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_field_changed_here_stays(name):
    assert not merge(agreed(), base(**{name: "b"}), base())


@pytest.mark.parametrize("name", OWNED)
def test_a_field_of_the_portal_is_never_taken_only_wished_for(name):
    assert merge(agreed(), base(), base(**{name: "b"})) == Merge(wished={name: "b"})


@pytest.mark.parametrize("name", OWNED)
def test_a_field_of_the_portal_changed_on_both_sides_is_a_wish_too(name):
    assert merge(agreed(), base(**{name: "c"}), base(**{name: "b"})) == Merge(wished={name: "b"})


@pytest.mark.fault(40)
@pytest.mark.parametrize(("kept", "take"), [(OURS, {}), (THEIRS, {"title": "b"})])
def test_40_when_both_changed_a_shared_field_the_newer_stays_and_the_other_is_told(kept, take):
    found = merge(agreed(), base(title="c"), base(title="b"), newer=lambda name: kept)
    assert found == Merge(take=take, conflicts={"title": Conflict("c", "b", kept)})


def test_the_same_change_on_both_sides_is_no_conflict():
    assert not merge(agreed(), base(title="b"), base(title="b"))


def test_what_was_never_agreed_on_stays_as_the_portal_has_it():
    assert not merge(Agreed({}), base(), base(title="b", state="b"))


@pytest.mark.fault(58)
def test_58_what_gitlab_would_not_take_is_nobodys_doing_and_not_sent_again():
    sent = agreed().after_sending(base(due_date="b"), base(), ["due_date"])
    assert sent == Agreed(base(), {"due_date": "b"})
    assert not merge(sent, base(due_date="b"), base())
    assert sent.owes(base(due_date="b")) == [] and [field.name for field in sent.owes(base(due_date="c"))] == [
        "due_date"
    ]


@pytest.mark.fault(57)
def test_57_what_people_change_there_later_is_heard():
    sent = agreed().after_sending(base(due_date="b"), base(), ["due_date"])
    assert merge(sent, base(due_date="b"), base(due_date="c")) == Merge(take={"due_date": "c"})


def test_what_gitlab_has_taken_after_all_was_not_refused():
    sent = agreed().after_sending(base(due_date="b"), base(), ["due_date"])
    assert sent.after_looking(base(due_date="b")) == Agreed(base(due_date="b"))
    assert sent.after_looking(base(due_date="c")).refused == {"due_date": "b"}


def test_a_shared_field_that_was_not_sent_was_not_refused():
    before = agreed(**{"labels.priority": "b"})
    sent = before.after_sending(base(**{"labels.state": "b", "labels.priority": "b"}), base(), ["add_labels"])
    assert sent.refused == {"labels.state": "b"}


@given(SIDES, SIDES)
def test_an_echo_of_what_was_agreed_does_nothing(ours, theirs):
    assert not merge(Agreed(theirs), ours, theirs)


@given(SIDES, SIDES, SIDES, NEWER)
def test_merging_converges_and_the_second_time_does_nothing(before, ours, theirs, kept):
    found = merge(Agreed(before), ours, theirs, newer=lambda name: kept)
    ours_after = ours | found.take
    assert not merge(Agreed(before).after_looking(theirs), ours_after, theirs, newer=lambda name: kept)
    theirs_after = ours_after  # the push gives whatever differs
    assert not merge(Agreed(theirs_after), ours_after, theirs_after)


@given(SIDES, SIDES, SIDES, NEWER)
def test_no_change_of_a_person_is_lost_silently(before, ours, theirs, kept):
    found = merge(Agreed(before), ours, theirs, newer=lambda name: kept)
    for name in SHARED:
        changed_there = theirs[name] not in (before[name], ours[name])
        assert not changed_there or name in found.take or name in found.conflicts


@given(SIDES)
def test_flattening_and_nesting_are_each_others_opposite(fields):
    fields = fields | {name: ["x"] for name in fields if name.startswith("labels.")}
    assert flat(nested(fields)) == fields


# The table ------------------------------------------------------------------------------------------------------------

LABELLING = Labelling(
    written={
        ("state", "triage"): ["Triage"],
        ("state", "validation"): ["In validation"],
        ("validation", "validation"): ["Validate"],
        ("type", "bug"): ["bug"],
        ("type", "feature"): ["feature"],
        ("customer", "Support"): ["Customer::Support"],
        ("priority", "1"): ["p1"],
        ("system", "Zendesk"): ["Zendesk"],
    },
    owned={
        "state": {"Triage", "In validation"},
        "validation": {"Validate"},
        "type": {"bug", "feature"},
        "customer": {"Customer::Support"},
        "priority": {"p1"},
        "system": {"Zendesk"},
    },
)


class Account:
    """Somebody with a number in GitLab."""

    gitlab_id, gitlab_username, name = 7, "ops", "Ops"


class Request:
    """A request's fields, as far as the table reads them."""

    def __init__(self, **fields):
        plain = {
            "number": 1,
            "title": "Views are empty",
            "state": State.TRIAGE,
            "kind": Kind.BUG,
            "customer": "",
            "priority": None,
            "system": "",
            "assignee": None,
            "milestone": None,
            "due_date": None,
            "confidential": False,
        }
        vars(self).update(plain | fields)


PLAIN, OTHER = (
    {
        "title": "Views are empty",
        "block": "What stands here",
        "state": "opened",
        "labels.state": ["Triage"],
        "labels.validation": [],
        "labels.type": ["bug"],
        "labels.customer": [],
        "labels.priority": [],
        "labels.system": [],
        "assignee": None,
        "milestone": None,
        "due_date": None,
        "confidential": False,
    },
    {
        "title": "Views are gone",
        "block": "What stands here now",
        "state": "closed",
        "labels.state": ["In validation"],
        "labels.validation": ["Validate"],
        "labels.type": ["feature"],
        "labels.customer": ["Customer::Support"],
        "labels.priority": ["p1"],
        "labels.system": ["Zendesk"],
        "assignee": 7,
        "milestone": 5,
        "due_date": "2030-01-02",
        "confidential": True,
    },
)
"""Two values of every field, as they are sent."""


def wanted(**changed):
    """What the portal wants: PLAIN, but for what is changed."""
    return Wanted({field.name: {**PLAIN, **changed}[field.name] for field in FIELDS})


def remote_of(sent, remote=None):
    """The issue as GitLab shows it once it took over what was sent; a small GitLab in one function."""
    shown = remote or RemoteIssue(
        id=1,
        iid=1,
        project_id=1,
        title="",
        state="opened",
        labels=frozenset(),
        assignee_ids=(),
        confidential=False,
        web_url="https://gitlab/1",
        author_id=1,
    )
    labels = set(sent.get("labels", shown.labels)) | set(filter(None, sent.get("add_labels", "").split(",")))
    state = {"close": "closed", "reopen": "opened"}.get(sent.get("state_event"), shown.state)
    return replace(
        shown,
        title=sent.get("title", shown.title),
        description=sent.get("description", shown.description),
        state=state,
        labels=frozenset(labels - set(sent.get("remove_labels", "").split(","))),
        assignee_ids=tuple(filter(None, sent["assignee_ids"])) if "assignee_ids" in sent else shown.assignee_ids,
        milestone_id=sent.get("milestone_id", shown.milestone_id) or None,
        due_date=sent.get("due_date", shown.due_date) or None,
        confidential=sent.get("confidential", shown.confidential),
        more={**shown.more, **{name: value for name, value in sent.items() if name not in shown.__struct_fields__}},
    )


def seen(remote, values=None):
    """What is read of it, given what was agreed."""
    return seen_of(GitLabSide(remote, LABELLING.owned, values or {}))


def created(goal):
    """The issue as it is after its creation, and the change that follows it."""
    remote = remote_of(creation(goal, MARK))
    return remote_of(changes(goal, Agreed({}), remote, LABELLING, MARK), remote)


def test_the_samples_know_every_field():
    assert set(PLAIN) == set(OTHER) == {field.name for field in FIELDS}
    assert all(PLAIN[name] != OTHER[name] for name in PLAIN)


@each_field
def test_a_field_is_seen_as_it_was_created(field):
    goal = wanted(**{field.name: OTHER[field.name]})
    assert differs(goal.kept, seen(created(goal), goal.kept)) == []


@each_field
@pytest.mark.parametrize(("before", "after"), [(PLAIN, OTHER), (OTHER, PLAIN)], ids=["there", "and back"])
def test_a_field_that_changed_here_is_sent_alone_and_then_seen_as_it_is_wanted(field, before, after):
    old, new = wanted(**{field.name: before[field.name]}), wanted(**{field.name: after[field.name]})
    remote = created(old)
    assert differs(new.kept, seen(remote, old.kept)) == [field]
    sent = changes(new, Agreed(old.kept), remote, LABELLING, MARK)
    assert sent and set(sent) <= set(field.sends)
    remote = remote_of(sent, remote)
    assert differs(new.kept, seen(remote, old.kept)) == []
    assert changes(new, Agreed(old.kept), remote, LABELLING, MARK) == {}


@each_field
def test_of_a_field_changed_in_gitlab_only_the_owner_is_obeyed(field):
    goal = wanted()
    remote = created(wanted(**{field.name: OTHER[field.name]}))
    sent = changes(goal, Agreed(goal.kept), remote, LABELLING, MARK)
    assert bool(sent) == (field.owner is Owner.PORTAL)


@pytest.mark.parametrize("field", [field for field in FIELDS if field.name != "block"], ids=lambda field: field.name)
def test_a_field_is_read_from_the_request(field):  # the block is all of it: test_render
    milestone = Milestone(gitlab_id=5, title="May", tracker_id=3)
    changed = {
        "title": {"title": "Views are gone"},
        "state": {"state": State.CLOSED},
        "labels.state": {"state": State.VALIDATION},
        "labels.validation": {"state": State.VALIDATION},
        "labels.type": {"kind": Kind.FEATURE},
        "labels.customer": {"customer": "Support"},
        "labels.priority": {"priority": 1},
        "labels.system": {"system": "Zendesk"},
        "assignee": {"assignee": Account},
        "milestone": {"milestone": milestone, "tracker_id": 3},
        "due_date": {"due_date": date(2030, 1, 2)},
        "confidential": {"confidential": True},
    }[field.name]
    side = PortalSide(Request(**changed), LABELLING, around=Surroundings())
    assert wanted_of(side, [field]).values == {field.name: OTHER[field.name]}


@each_field
def test_a_field_has_words_an_owner_and_a_way_in_where_it_is_shared(field):
    assert field.label and field.words and field.sends
    assert in_words(field.sends) == field.words
    assert (field.take is not None) == (field.owner is Owner.SHARED)


def test_names_and_headings_are_used_once():
    assert len({field.name for field in FIELDS}) == len({field.label for field in FIELDS}) == len(FIELDS)


def test_what_gitlab_did_not_take_is_named_in_the_order_people_know():
    goal = wanted(**OTHER)
    dropped = changes(goal, Agreed({}), created(wanted()), LABELLING, MARK)
    words = "description, state, confidentiality, milestone, title, due date, assignee, labels"
    assert in_words(dropped) == words
    assert in_words(["add_labels", "something_new"]) == "labels"


@each_field
def test_what_gitlab_would_not_take_is_kept_but_for_confidentiality(field):
    goal = wanted(**OTHER).kept
    sent = Agreed({}).after_sending(goal, {**goal, field.name: ["as it was"]}, field.sends)
    assert (field.name in sent.refused) == (field.name != "confidential")
    link = GitLabLink(last_synced=sent.kept(field.sends))
    assert Agreed.of(link) == sent and link.dropped == sorted(field.sends)


@pytest.mark.parametrize("nothing", [None, "", [], False])
@pytest.mark.parametrize("other", [None, "", [], False])
def test_nothing_is_nothing_however_it_is_written(nothing, other):
    assert differs({"due_date": nothing}, {"due_date": other}) == []


def test_zero_is_not_nothing():
    assert [field.name for field in differs({"due_date": 0}, {})] == ["due_date"]


def test_of_several_assignees_the_agreed_one_counts_until_the_portal_chooses_another():
    remote = replace(created(wanted()), assignee_ids=(8, 7))
    assert seen(remote, {"assignee": 7})["assignee"] == 7
    assert seen(remote, {"assignee": 9})["assignee"] == 8
    sent = changes(wanted(assignee=8), Agreed(wanted(assignee=7).kept), remote, LABELLING, MARK)
    assert sent == {"assignee_ids": [8]}


# The ledger, the panel and the comparison -----------------------------------------------------------------------------

CHANGED = st.sets(st.sampled_from([field.name for field in FIELDS]))


@pytest.fixture
def bug(cast):
    """A request with an assignee nobody knows in GitLab, and a mirror in step."""
    issue = file_request(cast, title="Views are empty")
    GitLabLink.objects.filter(pk=issue.pk).update(
        iid=1, project_id=1, status="in-step", pushed_version=1, wanted_version=1, due_at=None, last_error="A remark."
    )
    return Issue.objects.get(pk=issue.pk)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGED)
def test_the_ledger_the_panel_and_the_comparison_agree_about_the_same_pair(bug, changed):
    labelling = Labelling.read()
    goal = wanted_of(PortalSide(bug, labelling))
    names = {str(family): sorted(labelling.owned[family])[-1] for family in labelling.owned}
    there = dict(goal.values)
    for name in changed:
        family = name.partition(".")[2]
        other = [names[family]] if family else OTHER[name]
        there[name] = [] if there[name] == other else other
    remote = replace(
        remote_of({}),
        title=there["title"],
        description=managed_block(MARK, there["block"]),
        state=there["state"],
        labels=frozenset(name for field in FIELDS if field.family for name in there[field.name]),
        assignee_ids=(there["assignee"],) if there["assignee"] else (),
        milestone_id=there["milestone"],
        due_date=there["due_date"],
        confidential=there["confidential"],
    )
    listed, mirror = CountedIssue(**asdict(remote)), bug.mirror
    found = seen_of(GitLabSide(remote, labelling.owned, goal.kept))
    mirror.last_synced = {"fields": nested(found)}
    drift = drift_of(mirror, listed, labelling)
    unlike = {field.name for field in differs(goal.kept, found)}
    in_the_ledger = {row.field for row in ledger_of(bug).fields if not row.agrees}
    on_the_page = {row["field"] for row in differences(bug, mirror, labelling)}
    headings = {
        row[0].label if len(row) == 1 else "Labels" for row in ON_THE_PAGE if any(field.name in unlike for field in row)
    }
    assert drift == unlike and changed <= unlike
    assert in_the_ledger == {field.label for field in FIELDS if field.name in unlike}
    assert on_the_page == headings
