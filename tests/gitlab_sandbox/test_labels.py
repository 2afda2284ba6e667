import pytest

from tests.gitlab_sandbox.client import TRACKER, project

LABELS = f"{project(TRACKER)}/labels"


def test_scoped_labels_are_plain_labels_on_free(bot):
    issue = bot.issue(labels=["Stage::Triage"])

    assert bot.edit(issue, add_labels="Stage::Design").json()["labels"] == ["Stage::Design", "Stage::Triage"]


def test_scoped_labels_drive_each_other_out_on_premium(premium, log_in):
    bot = log_in(premium, "support-bot")
    issue = bot.issue(labels=["Stage::Triage", "Customer::Support"])

    assert bot.edit(issue, add_labels="Stage::Design").json()["labels"] == ["Customer::Support", "Stage::Design"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "fresh", "color": "#aabbcc"}, 201),
        ({"name": "named", "color": "#abc"}, 201),
        ({"name": "fresh"}, 400),
        ({"color": "#aabbcc"}, 400),
        ({"name": "fresh", "color": "mauvish"}, 400),
        ({"name": "a,b", "color": "#aabbcc"}, 400),
    ],
)
def test_creating_a_label(bot, sent, status):
    assert bot.post(LABELS, sent).status_code == status


def test_a_label_name_is_taken_only_once(bot):
    assert bot.post(LABELS, {"name": "twice", "color": "#aabbcc"}).status_code == 201
    assert bot.post(LABELS, {"name": "twice", "color": "#aabbcc"}).status_code == 409


def test_a_label_is_found_by_its_encoded_title_and_renamed(bot):
    bot.post(LABELS, {"name": "old name", "color": "#aabbcc"})
    issue = bot.issue(labels=["old name"])

    changed = bot.put(f"{LABELS}/old%20name", {"new_name": "new::name", "color": "#000000"}).json()

    assert (changed["name"], changed["text_color"]) == ("new::name", "#FFFFFF")
    assert bot.get(f"{LABELS}/new%3A%3Aname").json()["id"] == changed["id"]
    assert bot.fresh(issue)["labels"] == ["new::name"]


def test_a_deleted_label_leaves_the_issues(bot):
    bot.post(LABELS, {"name": "short-lived", "color": "#aabbcc"})
    issue = bot.issue(labels=["short-lived"])

    assert bot.delete(f"{LABELS}/short-lived").status_code == 204
    assert bot.fresh(issue)["labels"] == []


def test_a_project_lists_the_labels_of_its_groups_unless_told_not_to(bot):
    names = {row["name"] for row in bot.get(LABELS, per_page=100).json()}

    assert {"Stage::Triage", "Customer::Field", "bug"} <= names
    assert bot.get(LABELS, include_ancestor_groups="false").json() == []
