import pytest


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@ops please", ["ops"]),
        ("see @ops, @lead and @ops again", ["lead", "ops"]),
        ("@gitlab-support-readiness/cust_support_ops_team", ["federal", "lead", "ops"]),
        ("`@ops`", []),
        ("```\n@ops\n```", []),
        ("<!-- @ops -->", []),
        ("@\u200bops", []),
        ("mail me at x@ops", []),
        ("@nobody", []),
        ("> @ops said", ["ops"]),
    ],
)
def test_mentions_notify_the_people_behind_them(bot, root, text, told):
    bot.note(bot.issue(), text)

    found = root.get("/sandbox/notifications", per_page=100).json()
    assert sorted(row["username"] for row in found if row["reason"] == "mentioned") == told


def test_mentioning_all_tells_every_member(bot, root):
    bot.issue(description="@all look")

    told = {row["username"] for row in root.get("/sandbox/notifications", per_page=100).json()}
    assert told == {"requester", "colleague", "manager", "standin", "ops", "federal", "lead", "admin"}


def test_a_reference_leaves_a_note_on_the_issue_it_names(bot):
    named = bot.issue()
    other = bot.issue(description=f"like #{named['iid']}")

    assert bot.system_notes(named) == [f"mentioned in issue #{other['iid']}"]
