"""A label, a close, a milestone in GitLab is a wish for a step, by the same door and the same rules."""

from datetime import timedelta

import pytest
from django.utils import timezone

from supportops.accounts.models import User
from tests.factories import pass_gameplan_gate, request_at, restrict
from tests.gitlab.inbound.looking import (
    change,
    filed,
    look,
    mirror_of,
    note,
    path_of,
    push,
    push_later,
    said_back,
    shown,
    sync,
)
from tests.gitlab.test_push_update import use_scheme
from workflow.actions import answer_gate, set_due_date
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models.inbound import PendingPull
from workflow.models import ApprovalRound, Event, Issue, Milestone
from workflow.models.event import UNDONE
from workflow.states import Source, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
READY = "Zendesk,p2"


def at(state, kind, cast, **fields):
    """A request in this state that GitLab shows, looked at once."""
    issue = request_at(state, kind, cast=cast, **fields)
    push(issue)
    return look(issue)


def stage(gitlab, issue, label, *, words="", by="ops", **also):
    """A person writes a comment, if any, and puts a stage label on."""
    if words:
        note(gitlab, issue, words, by=by)
    change(gitlab, issue, by=by, add_labels=f"Stage::{label}", **also)
    return sync(issue)


def stages(gitlab, issue):
    """The stage labels GitLab shows."""
    return {name for name in shown(gitlab, issue)["labels"] if name.startswith(("Stage::", "Validation::"))}


def verbs(issue):
    """Steps taken from GitLab, in order."""
    return list(Event.objects.filter(issue=issue, source=Source.GITLAB).values_list("verb", flat=True))


# Steps by label -----------------------------------------------------------------------------------------------------


def test_a_bug_is_accepted_by_its_labels(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, add_labels=f"{READY},Stage::Design", remove_labels="Stage::Triage")
    bug = sync(bug)
    assert (bug.state, bug.system, bug.priority, bug.customer) == (State.DESIGN, "Zendesk", 2, "Support")
    event = Event.objects.get(issue=bug, verb=Verb.ACCEPT)
    assert (event.actor, event.source) == (cast.ops, Source.GITLAB)
    assert stages(mirrored, bug) == {"Stage::Design"}


def test_the_old_stage_label_goes_when_only_the_new_one_was_put_on(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, add_labels=f"{READY},Stage::Design")
    sync(bug)
    assert stages(mirrored, bug) == {"Stage::Design"}


def test_the_words_of_a_step_come_from_the_comment_written_with_it(cast, mirrored):
    bug = at(State.DESIGN, Kind.BUG, cast)
    bug = stage(mirrored, bug, "Development", words="First the view, then the cache.")
    assert (bug.state, bug.gameplan) == (State.DEVELOPMENT, "First the view, then the cache.")


def test_several_hops_are_taken_when_each_is_allowed(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, add_labels=READY)
    bug = stage(mirrored, bug, "Development", words="A one-line fix.")
    assert bug.state == State.DEVELOPMENT
    assert [verb for verb in verbs(bug) if verb in list(Verb)] == [Verb.ACCEPT, Verb.SUBMIT_GAMEPLAN]


def test_none_of_several_hops_is_taken_when_one_is_not_allowed(cast, mirrored):
    feature = filed(cast, Kind.FEATURE)
    answer_gate(feature.pk, by=cast.ops, question="roadmap", answer=True)
    change(mirrored, feature, add_labels=READY)
    feature = stage(mirrored, feature, "Planning", words="Both at once.")
    assert feature.state == State.TRIAGE
    assert "Answer the gameplan gate first." in said_back(feature, UNDONE)[0]


def test_a_gate_is_not_answered_by_a_label(cast, mirrored):
    feature = filed(cast, Kind.FEATURE)
    change(mirrored, feature, add_labels=READY)
    feature = stage(mirrored, feature, "Design", words="Go.")
    assert (feature.state, stages(mirrored, feature)) == (State.TRIAGE, {"Stage::Triage"})
    assert "Answer the triage gate first." in said_back(feature, UNDONE)[0]


def test_after_its_gate_a_feature_is_accepted_by_label(cast, mirrored):
    feature = filed(cast, Kind.FEATURE)
    answer_gate(feature.pk, by=cast.ops, question="roadmap", answer=True)
    change(mirrored, feature, add_labels=f"{READY},Stage::Design")
    assert sync(feature).state == State.DESIGN


def test_a_feature_is_scheduled_by_its_milestone(cast, mirrored):
    feature = at(State.PLANNING, Kind.FEATURE, cast)
    later = milestones_of(mirrored, feature)[-1]
    change(mirrored, feature, milestone_id=later["id"])
    feature = sync(feature)
    assert (feature.state, feature.milestone.gitlab_id) == (State.SCHEDULED, later["id"])
    assert shown(mirrored, feature)["milestone"]["id"] == later["id"]


def milestones_of(gitlab, issue):
    """The open milestones GitLab offers, soonest first."""
    project = mirror_of(issue).project_id
    found = gitlab.api("GET", f"/projects/{project}/milestones?include_ancestors=true&state=active&per_page=100")
    return sorted(found, key=lambda milestone: milestone["due_date"])


def test_a_milestone_where_nothing_is_scheduled_is_taken_off_again(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, milestone_id=milestones_of(mirrored, bug)[-1]["id"])
    bug = sync(bug)
    assert (bug.milestone, shown(mirrored, bug)["milestone"]) == (None, None)
    assert "“Schedule” is not a step of a bug request" in said_back(bug, UNDONE)[0]


def test_a_milestone_taken_off_comes_back(cast, mirrored):
    feature = at(State.PLANNING, Kind.FEATURE, cast)
    change(mirrored, feature, milestone_id=milestones_of(mirrored, feature)[-1]["id"])
    feature = sync(feature)
    change(mirrored, feature, milestone_id=0)
    feature = sync(feature)
    assert feature.state == State.SCHEDULED
    assert shown(mirrored, feature)["milestone"]["id"] == feature.milestone.gitlab_id


def test_a_label_that_covers_the_present_state_is_no_step(cast, mirrored):
    bug = at(State.IMPLEMENTATION, Kind.BUG, cast)
    change(mirrored, bug, by="colleague", remove_labels="Stage::Validation")
    change(mirrored, bug, by="colleague", add_labels="Stage::Validation")
    assert sync(bug).state == State.IMPLEMENTATION
    assert not said_back(bug, UNDONE)


def test_a_spelling_of_the_other_scheme_is_understood_where_the_active_one_has_none(cast, mirrored):
    feature = at(State.DESIGN, Kind.FEATURE, cast)
    pass_gameplan_gate(feature, cast.ops)
    feature = stage(mirrored, feature, "Scheduling", words="When the new cache is there.")
    assert (feature.state, stages(mirrored, feature)) == (State.PLANNING, {"Stage::Planning"})


def test_a_spelling_both_schemes_have_means_what_the_active_one_says(cast, mirrored):
    use_scheme("2026")
    feature = at(State.DESIGN, Kind.FEATURE, cast)
    change(mirrored, feature, add_labels="Stage::Planning")
    assert sync(feature).state == State.DESIGN
    assert not said_back(feature, UNDONE)


def test_a_block_needs_who_and_what_and_gets_them_from_lines(cast, mirrored):
    bug = at(State.DEVELOPMENT, Kind.BUG, cast)
    bug = stage(mirrored, bug, "Blocked", words="No access.\n\nBlocked by: IT\nUnblock when: the account is there")
    assert (bug.state, bug.blocked_by, bug.unblock_when) == (State.BLOCKED, "IT", "the account is there")
    bug = stage(mirrored, bug, "Development")
    assert bug.state == State.DEVELOPMENT


def test_send_back_by_label_is_for_who_validates(cast, mirrored):
    bug = at(State.VALIDATION, Kind.BUG, cast)
    bug = stage(mirrored, bug, "Development", words="Still empty on Mondays.", by="requester")
    assert (bug.state, verbs(bug)) == (State.DEVELOPMENT, [Verb.SEND_BACK])


# What a label never does --------------------------------------------------------------------------------------------


def test_somebody_who_may_not_is_told_who_may_and_nothing_changes(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, by="ops", add_labels=READY)
    sync(bug)
    change(mirrored, bug, by="colleague", add_labels="Stage::Design")
    look(bug)
    mirrored.forget()
    push(bug)
    puts = [path for _, path in mirrored.calls("PUT")]
    bug = Issue.objects.get(pk=bug.pk)
    assert (bug.state, stages(mirrored, bug), puts) == (State.TRIAGE, {"Stage::Triage"}, [path_of(bug)])
    (text,) = [one["body"] for one in mirrored.notes(mirror_of(bug))]
    assert "Only Support Operations may do this." in text
    assert f"https://portal.example/issues/{bug.pk}/" in text
    assert Event.objects.get(issue=bug, verb=UNDONE).actor == cast.colleague


def test_what_was_undone_is_not_undone_again(cast, mirrored):
    bug = filed(cast)
    stage(mirrored, bug, "Design", by="colleague")
    for _ in range(3):
        sync(bug)
    assert len(said_back(bug, UNDONE)) == 1
    assert len(mirrored.notes(mirror_of(bug))) == 1


def test_a_push_gives_way_to_a_wish_nobody_heard_yet(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, add_labels=f"{READY},Stage::Design")
    set_due_date(bug.pk, timezone.localdate() + timedelta(days=9), by=cast.ops)
    push_later(bug)
    bug = Issue.objects.get(pk=bug.pk)
    assert (bug.state, stages(mirrored, bug)) == (State.DESIGN, {"Stage::Design"})
    assert shown(mirrored, bug)["due_date"] == bug.due_date.isoformat()


def test_a_wish_is_heard_though_a_push_was_quicker(cast, mirrored):
    bug = filed(cast)
    sync(bug)
    change(mirrored, bug, add_labels=f"{READY},Stage::Design")
    change(mirrored, bug, by="support-bot", remove_labels="Stage::Design")
    assert sync(bug).state == State.DESIGN
    assert stages(mirrored, bug) == {"Stage::Design"}


def test_a_stage_nothing_leads_to_is_refused(cast, mirrored):
    bug = at(State.DEVELOPMENT, Kind.BUG, cast)
    bug = stage(mirrored, bug, "Design", words="Let us think again.")
    assert (bug.state, stages(mirrored, bug)) == (State.DEVELOPMENT, {"Stage::Development"})
    assert "No step leads from development to what Stage::Design stands for" in said_back(bug, UNDONE)[0]


def test_a_stage_label_taken_off_comes_back(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, by="ops", remove_labels="Stage::Triage")
    assert sync(bug).state == State.TRIAGE
    assert stages(mirrored, bug) == {"Stage::Triage"}
    assert "put on the one it should move to" in said_back(bug, UNDONE)[0]


def test_a_label_its_person_took_off_again_is_no_wish(cast, mirrored):
    bug = filed(cast)
    sync(bug)
    change(mirrored, bug, add_labels=f"{READY},Stage::Design")
    change(mirrored, bug, remove_labels="Stage::Design")
    assert sync(bug).state == State.TRIAGE
    assert not said_back(bug, UNDONE)


def test_a_type_label_reclassifies_nothing(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, by="ops", add_labels="feature", remove_labels="bug")
    assert sync(bug).kind == Kind.BUG
    assert {"bug", "feature"} & set(shown(mirrored, bug)["labels"]) == {"bug"}
    assert "Reclassify" in said_back(bug, UNDONE)[0]


@pytest.mark.parametrize("state", [State.APPROVAL, State.DISCUSSION])
@pytest.mark.parametrize("by", ["manager", "requester", "ops", "colleague"])
def test_a_label_or_a_close_never_approves(cast, mirrored, state, by):
    proposal = state == State.DISCUSSION
    issue = filed(
        cast, Kind.PROPOSAL if proposal else Kind.ADMINISTRATIVE, **({} if proposal else {"route": "calendly"})
    )
    change(mirrored, issue, by=by, add_labels=f"{READY},Stage::Triage")
    issue = sync(issue)
    assert issue.state == state
    assert stages(mirrored, issue) == set()
    assert not ApprovalRound.objects.filter(issue=issue, ended_at__isnull=False).exists()


@pytest.mark.parametrize("label", ["Stage::Implementation", "Validation::Received"])
def test_a_label_never_validates(cast, mirrored, label):
    use_scheme("2026")
    bug = at(State.VALIDATION, Kind.BUG, cast)
    change(mirrored, bug, by="requester", add_labels=label)
    assert sync(bug).state == State.VALIDATION
    assert "a label validates nothing" in said_back(bug, UNDONE)[0]


def test_labels_that_were_there_before_anybody_looked_are_nobodys_wish(cast, mirrored):
    bug = request_at(State.TRIAGE, Kind.BUG, cast=cast)
    push(bug)
    change(mirrored, bug, add_labels=f"{READY},Stage::Design")
    change(mirrored, bug, by="support-bot", remove_labels="Stage::Design")
    assert sync(bug).state == State.TRIAGE


def test_somebody_unknown_takes_no_step(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, by="ops", add_labels=READY)
    sync(bug)
    assert stage(mirrored, bug, "Design", by="root").state == State.TRIAGE
    assert "(@root) is not known in the portal" in said_back(bug, UNDONE)[0]


def test_a_person_who_left_takes_no_step(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, by="ops", add_labels=READY)
    sync(bug)
    User.objects.filter(pk=cast.ops.pk).update(is_active=False)
    assert stage(mirrored, bug, "Design").state == State.TRIAGE


# Words that are missing, late, or not for everybody -----------------------------------------------------------------


def test_what_lacks_words_is_undone_and_says_how_to_say_them(cast, mirrored):
    bug = at(State.DESIGN, Kind.BUG, cast)
    bug = stage(mirrored, bug, "Development")
    assert (bug.state, stages(mirrored, bug)) == (State.DESIGN, {"Stage::Design"})
    assert said_back(bug, UNDONE) == [
        "The label Stage::Development: Write the gameplan. Write it in a comment within two minutes, and it is done."
    ]


def test_words_that_come_within_two_minutes_are_in_time(cast, mirrored):
    bug = at(State.DESIGN, Kind.BUG, cast)
    stage(mirrored, bug, "Development")
    note(mirrored, bug, "First this, then that.")
    bug = sync(bug)
    assert (bug.state, stages(mirrored, bug)) == (State.DEVELOPMENT, {"Stage::Development"})
    assert len(said_back(bug, UNDONE)) == 1


def test_words_that_come_later_are_a_comment_only(cast, mirrored):
    bug = at(State.DESIGN, Kind.BUG, cast)
    stage(mirrored, bug, "Development")
    mirrored._own("POST", "time", {"offset": 130})
    note(mirrored, bug, "First this, then that.")
    assert sync(bug).state == State.DESIGN


def test_words_of_somebody_else_do_not_count(cast, mirrored):
    bug = at(State.DESIGN, Kind.BUG, cast)
    note(mirrored, bug, "I would begin with the view.", by="colleague")
    assert stage(mirrored, bug, "Development").state == State.DESIGN


def test_internal_words_do_not_count_because_a_step_shows_its_words(cast, mirrored):
    bug = at(State.DESIGN, Kind.BUG, cast)
    note(mirrored, bug, "Between us: a hack will do.", internal=True)
    assert stage(mirrored, bug, "Development").state == State.DESIGN


def test_a_label_waits_a_moment_for_its_words(cast, mirrored, settings):
    settings.GITLAB_WORDS_GRACE_SECONDS = 60
    bug = at(State.DESIGN, Kind.BUG, cast)
    change(mirrored, bug, add_labels="Stage::Development")
    look(bug)
    assert (said_back(bug, UNDONE), PendingPull.objects.get(pk=bug.pk).due_at is None) == ([], False)
    note(mirrored, bug, "First this, then that.")
    assert sync(bug).state == State.DEVELOPMENT


def test_what_lacks_labels_says_which(cast, mirrored):
    bug = filed(cast)
    assert stage(mirrored, bug, "Design", words="Valid.").state == State.TRIAGE
    assert "Choose the system concerned. Choose a priority. Put on its labels first." in said_back(bug, UNDONE)[0]


def test_a_restricted_request_denies_nothing_to_those_who_stand_before_its_issue(cast, mirrored):
    bug = restrict(request_at(State.TRIAGE, Kind.BUG, cast=cast))
    push(bug)
    look(bug)
    change(mirrored, bug, by="colleague", add_labels="Stage::Design")
    assert sync(bug).state == State.TRIAGE
    assert "open to few people" in said_back(bug, UNDONE)[0]


def test_milestones_nobody_read_yet_are_read(cast, mirrored):
    feature = at(State.PLANNING, Kind.FEATURE, cast)
    Milestone.objects.exclude(issues=feature).delete()
    change(mirrored, feature, milestone_id=milestones_of(mirrored, feature)[-1]["id"])
    assert sync(feature).state == State.SCHEDULED


def test_a_push_after_a_wish_leaves_nothing_behind(cast, mirrored):
    bug = filed(cast)
    change(mirrored, bug, add_labels=f"{READY},Stage::Design")
    sync(bug)
    push_later(bug)
    assert mirror_of(bug).status == "in-step"
