"""What GitLab answers is read by its types: what has another shape is no answer, what it adds is left alone."""

from datetime import UTC, date, datetime

import pytest

from workflow.gitlab.intents import Wish
from workflow.gitlab.schemas import (
    BadShape,
    Change,
    CountedIssue,
    Hook,
    LabelChange,
    MilestoneChange,
    Person,
    RemoteIssue,
    RemoteMilestone,
    RemoteNote,
    RemoteProject,
    RemoteToken,
    RemoteUser,
    StateChange,
    Words,
)

DANA = {"id": 7, "username": "dana", "name": "Dana Doe", "state": "active"}
ISSUE = {
    "id": 301,
    "iid": 23,
    "project_id": 14,
    "title": "Mail comes twice",
    "description": None,
    "state": "opened",
    "labels": ["bug", {"id": 3, "name": "p1", "color": "#ff0000"}],
    "assignees": [DANA],
    "milestone": {"id": 5, "iid": 1, "title": "17.1"},
    "due_date": "2026-11-27",
    "confidential": False,
    "web_url": "https://gitlab.example.com/a/b/-/issues/23",
    "moved_to_id": None,
    "author": DANA,
    "created_at": "2026-11-26T09:15:43.123Z",
    "updated_at": "2026-11-26T11:15:43+02:00",
    "user_notes_count": 2,
    "weight": None,
}
NOTE = {"id": 9, "body": "Seen", "author": DANA, "system": False, "created_at": "2026-11-26T09:15:43Z"}
EVENT = {"id": 4, "user": DANA, "created_at": "2026-11-26T09:15:43Z", "action": "add"}
HOOK = {"id": 2, "url": "https://portal.example.com/hooks/gitlab/", "issues_events": True, "push_events": False}
PROJECT = {"id": 14, "path_with_namespace": "a/b", "web_url": "https://gitlab.example.com/a/b"}
WHOLE = {
    RemoteIssue: ISSUE,
    CountedIssue: ISSUE,
    RemoteNote: NOTE,
    Words: NOTE,
    Person: DANA,
    RemoteUser: DANA,
    RemoteProject: PROJECT,
    RemoteToken: {"scopes": ["api"]},
    RemoteMilestone: {"id": 5, "title": "17.1", "state": "active", "due_date": "2026-12-01"},
    LabelChange: {**EVENT, "label": {"name": "p1"}},
    MilestoneChange: {**EVENT, "milestone": {"id": 5}},
    StateChange: {**EVENT, "state": "closed"},
    Hook: HOOK,
}
WRONG = (
    *(
        (RemoteIssue, name, value)
        for name, values in {
            "id": ("301", True, 3.0, 0, 2**63, None),
            "project_id": ({}, -1),
            "title": (None, 5, ["x"]),
            "description": ({"text": "x"}, 5),
            "labels": (None, "bug", {"bug": 1}, [5], [{"title": "bug"}]),
            "assignees": ("dana", {"id": 7}, [None], [{"id": "7"}], [7]),
            "milestone": (5, "17.1", {"title": "17.1"}, {"id": "5"}),
            "author": ("dana", [DANA], {"id": "7"}, {"username": "dana"}),
            "confidential": (None, "false", 0),
            "due_date": (20261127, ["2026-11-27"]),
            "moved_to_id": ("9", True),
            "created_at": ("yesterday", 1764150943, "2026-11-26", "2026-11-26T09:15:43"),
            "updated_at": ("", {}),
        }.items()
        for value in values
    ),
    (CountedIssue, "user_notes_count", "many"),
    (RemoteNote, "id", None),
    (RemoteNote, "internal", "yes"),
    (Words, "author", {"id": 7}),
    (Words, "created_at", None),
    (Person, "id", None),
    (Person, "name", 5),
    (RemoteUser, "username", None),
    (RemoteProject, "permissions", {"project_access": {"access_level": "40"}}),
    (RemoteProject, "permissions", {"project_access": {"level": 40}}),
    (RemoteProject, "permissions", [40]),
    (RemoteToken, "scopes", "api"),
    (RemoteToken, "scopes", [1]),
    (RemoteToken, "expires_at", "soon"),
    (RemoteMilestone, "due_date", "2026-02-30"),
    (LabelChange, "label", {"id": 3}),
    (LabelChange, "created_at", "2026-11-26T09:15:43"),
    (MilestoneChange, "milestone", {"id": "5"}),
    (StateChange, "state", None),
    (Hook, "url", None),
)


@pytest.mark.fault(24)
@pytest.mark.parametrize(("type_", "name", "value"), WRONG, ids=lambda one: getattr(one, "__name__", repr(one)))
def test_a_value_of_another_type_is_no_answer(type_, name, value):
    type_.read(WHOLE[type_])
    with pytest.raises(BadShape):
        type_.read({**WHOLE[type_], name: value})


@pytest.mark.fault(24)
@pytest.mark.parametrize("data", [[], "<html>", 5, True, {}, {"message": "500 Internal Server Error"}], ids=repr)
@pytest.mark.parametrize("type_", WHOLE, ids=lambda type_: type_.__name__)
def test_another_thing_is_no_answer(type_, data):
    with pytest.raises(BadShape):
        type_.read(data)


def test_an_issue_is_flat_and_frozen():
    issue = CountedIssue.read(ISSUE)
    assert (issue.labels, issue.assignee_ids) == ({"bug", "p1"}, (7,))
    assert (issue.milestone_id, issue.author_id, issue.description, issue.comments) == (5, 7, "", 2)
    assert issue.updated_at == datetime(2026, 11, 26, 9, 15, 43, tzinfo=UTC)
    with pytest.raises(AttributeError):
        issue.title = "Another"


def test_null_is_nothing_said():
    bare = {"assignees": None, "milestone": None, "author": None, "due_date": None, "updated_at": None}
    issue = CountedIssue.read({**ISSUE, **bare, "user_notes_count": None})
    assert (issue.assignee_ids, issue.milestone_id, issue.author_id) == ((), None, None)
    assert (issue.due_date, issue.updated_at, issue.comments) == (None, None, None)


def test_a_comment_by_an_account_that_is_gone_is_by_nobody():
    words = Words.read({**NOTE, "author": None, "internal": None, "updated_at": None})
    assert (words.by, words.internal, words.updated_at) == (Person(None, "", ""), False, words.created_at)


def test_an_internal_note_was_called_confidential_once():
    assert RemoteNote.read({**NOTE, "confidential": True}).internal
    assert not RemoteNote.read({**NOTE, "internal": False, "confidential": True}).internal


def test_what_was_deleted_since_leaves_its_line_in_the_history():
    label, milestone = LabelChange.read({**EVENT, "label": None}), MilestoneChange.read({**EVENT, "milestone": None})
    assert (label.what, milestone.what, label.added) == ("", None, True)
    assert isinstance(label, Change)


def test_who_has_no_name_goes_by_the_user_name():
    assert Person.read({**DANA, "name": ""}).name == "dana"


def test_other_plain_values_are_kept_under_their_name_there():
    issue = RemoteIssue.read({**ISSUE, "weight": 3, "time_stats": {"time_estimate": 0}})
    assert (issue.more["weight"], "time_stats" in issue.more, "title" in issue.more) == (3, False, False)


def test_days_levels_and_hooks():
    assert RemoteMilestone.read(WHOLE[RemoteMilestone]).due_date == date(2026, 12, 1)
    access = {"permissions": {"project_access": {"access_level": 20}, "group_access": {"access_level": 40}}}
    project = RemoteProject.read({**PROJECT, **access, "archived": True})
    assert (project.access_level, project.archived, RemoteProject.read(PROJECT).archived) == (40, True, False)
    hook = Hook.read({**HOOK, "alert_status": "disabled"})
    assert (hook.events, hook.disabled) == ({"issues_events"}, True)


@pytest.mark.parametrize("by", [Person(7, "dana", "Dana Doe"), Person(None, "", "")], ids=["somebody", "nobody"])
def test_a_wish_is_kept_as_json_and_comes_back_as_it_was(by):
    wish = Wish("stage", by, datetime(2026, 11, 26, 9, 15, 43, 5, tzinfo=UTC), ("triage",), "Stage::Triage")
    assert Wish.of(wish.kept()) == wish
    assert wish.kept()["at"].startswith("2026-11-26T09:15:43.000005")
