"""Whoever is assigned, mentioned or commented watches and may stop; groups are told by their name (domain.md §7)."""

import time

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from tests.factories import accept, file_request, person, restrict, step
from tests.workflow.places import confidential_member
from workflow import actions
from workflow.actions.from_gitlab import receive_comment
from workflow.actions.participation import MOST_MENTIONS, groups_like, handles_in
from workflow.notifications.models import Notice
from workflow.verbs import Verb

MENTIONED = Notice.Reason.MENTIONED


def watchers(issue):
    return set(issue.watches.values_list("person__username", flat=True))


def mentioned(issue):
    return set(Notice.objects.filter(issue=issue, reason=MENTIONED).values_list("person__username", flat=True))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@olga please", {"olga"}),
        ("Ask @Olga.Ops, or (@rita)!", {"olga.ops", "rita"}),
        ("@gitlab-com/support/support-ops: look", {"gitlab-com/support/support-ops"}),
        ("olga@example.com", set()),
        ("https://example.com/@olga and path/@rita", set()),
        ("`@olga` and ``a ` @rita``", set()),
        ("`open @olga", {"olga"}),
        ("```\n@olga\n```\n@rita", {"rita"}),
        ("~~~yaml\n@olga\n```\n@maria\n~~~\n@rita", {"rita"}),
        ("> @olga said\n@rita", {"rita"}),
        ("@@olga", set()),
        ("@ olga", set()),
        ("@мария hat recht", {"мария"}),
        ("- @olga\n- @rita", {"olga", "rita"}),
        ("_@olga_ and **@rita**", {"olga", "rita"}),
        (">>>\n@olga\n>>>\n@rita", {"rita"}),
        ("<!-- @olga -->\n@rita", {"rita"}),
        ("```scope``` @rita", {"rita"}),
        ("@olga@example.com", set()),
        ("[@olga](https://example.com)", {"olga"}),
        ("", set()),
    ],
)
def test_names_are_found_where_somebody_calls_somebody(text, names):
    assert handles_in(text) == names


def test_only_so_many_names_are_looked_up():
    assert len(handles_in(" ".join(f"@name{number}" for number in range(500)))) == MOST_MENTIONS


@pytest.mark.parametrize("piece", ["`", "``", "@", "@a", "`@", ">", "```\n", "~~~\n", "@a.", "` `` "])
def test_a_megabyte_of_marks_is_read_in_no_time(piece):
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    handles_in(text)
    assert time.process_time() - began < 1


def test_whoever_is_mentioned_is_told_and_watches(cast):
    issue = file_request(cast)
    actions.comment(issue.pk, "What do you think, @colleague?", by=cast.requester)
    assert mentioned(issue) == {"colleague"} == watchers(issue)


def test_whoever_is_mentioned_in_the_words_of_a_step_is_told(cast):
    issue = file_request(cast)
    step(issue, Verb.ASK, cast.ops, text="Which one? @colleague may know.")
    assert mentioned(issue) == {"colleague"} == watchers(issue)


def test_whoever_is_mentioned_in_a_new_request_is_told(cast):
    issue = file_request(cast, description="As @colleague said.")
    assert mentioned(issue) == {"colleague"}


def test_a_name_in_gitlab_is_as_good(cast):
    cast.colleague.gitlab_username = "carl-in-gitlab"
    cast.colleague.save()
    issue = file_request(cast)
    receive_comment(issue.pk, "@Carl-in-GitLab?", author=None, author_name="Somebody", at=timezone.now())
    assert mentioned(issue) == {"colleague"}


@pytest.mark.parametrize("handle", ["ops", "support-ops", "gitlab-com/support/support-ops"])
def test_support_operations_are_told_by_each_of_their_names_and_watch_nothing_by_it(handle, cast):
    issue = file_request(cast)
    actions.comment(issue.pk, f"Please, @{handle}", by=cast.requester)
    assert mentioned(issue) == {"ops", "other_ops", "federal", "lead"}
    assert watchers(issue) == ({"ops"} if handle == "ops" else set())  # one of them is called so


def test_a_name_means_its_owner_where_it_was_written(cast):
    there = person("somebody", gitlab_username="requester2")
    here = person("requester2")
    issue = file_request(cast)
    receive_comment(issue.pk, "@requester2?", author=None, author_name="Somebody", at=timezone.now())
    assert mentioned(issue) == {there.username}
    other = file_request(cast)
    actions.comment(other.pk, "@requester2?", by=cast.ops)
    assert mentioned(other) == {here.username}


@pytest.mark.parametrize(("group", "handle"), [("Sales & Marketing", "sales-marketing"), ("R&D", "rd")])
def test_the_handle_that_is_offered_is_the_one_that_is_read(cast, group, handle):
    cast.colleague.groups.add(Group.objects.create(name=group))
    assert (group, handle) in groups_like(handle[:2])
    issue = file_request(cast)
    actions.comment(issue.pk, f"Ask @{handle}.", by=cast.requester)
    assert mentioned(issue) == {"colleague"}


def test_a_group_is_told_by_its_name(cast):
    cast.colleague.groups.add(Group.objects.create(name="Knowledge Base"))
    issue = file_request(cast)
    actions.comment(issue.pk, "Ask @knowledge-base.", by=cast.requester)
    assert mentioned(issue) == {"colleague"}


def test_nobody_is_told_of_what_they_may_not_see(cast):
    issue, insider = restrict(file_request(cast)), confidential_member(cast.other_ops)
    actions.comment(issue.pk, f"@colleague @ops @{insider.username}", by=cast.requester)
    assert mentioned(issue) == {insider.username} == watchers(issue)


def test_an_internal_note_mentions_only_support_operations(cast):
    issue = file_request(cast)
    actions.comment(issue.pk, "@colleague @other_ops", by=cast.ops, internal=True)
    assert mentioned(issue) == {"other_ops"} and watchers(issue) == {"ops", "other_ops"}


def test_nobody_is_told_by_themselves_or_twice(cast):
    issue = file_request(cast)
    actions.comment(issue.pk, "@colleague @COLLEAGUE @ops", by=cast.colleague)
    assert Notice.objects.filter(comment__isnull=False, person=cast.colleague).count() == 0
    assert Notice.objects.filter(comment__isnull=False, person=cast.ops).count() == 1


def test_whoever_is_assigned_or_takes_it_watches_and_may_stop(cast):
    given, taken = file_request(cast), file_request(cast)
    actions.assign(given.pk, cast.other_ops, by=cast.lead)
    accept(taken, cast)
    assert (watchers(given), watchers(taken)) == ({"other_ops"}, {"ops"})
    actions.watch(given.pk, False, by=cast.other_ops)
    assert watchers(given) == set()


def test_who_has_left_is_mentioned_in_vain(cast):
    person("gone", is_active=False)
    issue = file_request(cast)
    actions.comment(issue.pk, "@gone", by=cast.requester)
    assert mentioned(issue) == watchers(issue) - {"requester"} == set()
