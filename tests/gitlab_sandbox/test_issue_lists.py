import pytest

from tests.gitlab_sandbox.client import OTHER, TRACKER, project

LIST = f"{project(TRACKER)}/issues"


@pytest.fixture
def titles(bot):
    def listed(path=LIST, **params):
        reply = bot.get(path, **params)
        assert reply.status_code == 200, reply.text
        return [row["title"] for row in reply.json()]

    return listed


@pytest.fixture
def three(bot):
    milestone = bot.get("/groups/gitlab-com/milestones").json()[0]
    bot.issue(title="one", labels=["bug", "p1"], assignee_ids=[2], description="markerabc")
    bot.issue(title="two", labels=["bug"], milestone_id=milestone["id"], due_date="2020-01-01")
    bot.edit(bot.issue(title="three", confidential=True), state_event="close")
    return milestone


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["three", "two", "one"]),
        ({"state": "opened"}, ["two", "one"]),
        ({"state": "closed"}, ["three"]),
        ({"labels": "bug"}, ["two", "one"]),
        ({"labels": "bug,p1"}, ["one"]),
        ({"labels": "Any"}, ["two", "one"]),
        ({"labels": "None"}, ["three"]),
        ({"milestone": "None"}, ["three", "one"]),
        ({"milestone": "Any"}, ["two"]),
        ({"iids[]": [1, 3]}, ["three", "one"]),
        ({"search": "markerabc"}, ["one"]),
        ({"search": "markerabc", "in": "title"}, []),
        ({"author_username": "support-bot"}, ["three", "two", "one"]),
        ({"author_username": "ops"}, []),
        ({"confidential": "true"}, ["three"]),
        ({"sort": "asc"}, ["one", "two", "three"]),
        ({"order_by": "title", "sort": "asc"}, ["one", "three", "two"]),
        ({"created_after": "2099-01-01T00:00:00Z"}, []),
        ({"updated_before": "2099-01-01"}, ["three", "two", "one"]),
    ],
)
def test_filters_narrow_the_list(three, titles, params, expected):
    assert titles(**params) == expected


def test_the_milestone_filter_takes_its_title(three, titles):
    assert titles(milestone=three["title"]) == ["two"]


def test_updated_after_is_inclusive_to_the_second(bot, titles):
    issue = bot.issue(title="now")

    assert titles(updated_after=issue["updated_at"][:19] + "Z") == ["now"]


@pytest.mark.parametrize(
    "params", [{"state": "open"}, {"order_by": "luck"}, {"updated_after": "soon"}, {"iids[]": "x"}]
)
def test_a_value_gitlab_does_not_know_is_refused(bot, params):
    assert bot.get(LIST, **params).status_code == 400


def test_the_global_list_begins_with_ones_own(bot, ops, titles):
    ops.issue(title="theirs")
    bot.issue(title="mine")

    assert titles("/issues") == ["mine"]
    assert titles("/issues", scope="all") == ["mine", "theirs"]


def test_a_groups_list_reaches_all_projects_below(bot, titles):
    bot.issue(title="here")
    bot.issue(OTHER, title="there")

    assert titles("/groups/gitlab-com/issues") == ["there", "here"]
    assert titles("/groups/gitlab-com%2Fsupport/issues") == ["there"]


def test_label_details_are_given_when_asked_for(bot):
    bot.issue(labels=["bug"])

    row = bot.get(LIST, with_labels_details="true").json()[0]

    assert row["labels"][0]["name"] == "bug"
    assert row["labels"][0]["color"].startswith("#")


def test_pages_say_where_they_stand(bot):
    for number in range(5):
        bot.issue(title=str(number))

    reply = bot.get(LIST, per_page=2, page=2)

    assert [row["title"] for row in reply.json()] == ["2", "1"]
    assert (reply.headers["X-Total"], reply.headers["X-Total-Pages"], reply.headers["X-Next-Page"]) == ("5", "3", "3")
    assert reply.links["next"]["url"].endswith("page=3")
    assert "prev" in reply.links and "Date" in reply.headers


def test_more_than_a_hundred_a_page_are_never_sent(bot, root):
    for number in range(101):
        root.issue(title=str(number))

    assert len(root.get(LIST, per_page=500).json()) == 100
