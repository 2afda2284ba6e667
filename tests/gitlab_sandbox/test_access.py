import pytest

from tests.gitlab_sandbox.client import RESTRICTED, TRACKER, project


@pytest.fixture
def role(root, sandbox, log_in):
    """`role("requester", 10)`: that person with this access level (0: no member) in the tracker."""

    def change(username, level):
        user = root.get("/users", username=username).json()[0]["id"]
        path = f"{project(TRACKER)}/members/{user}"
        root.put(path, {"access_level": level}) if level else root.delete(path)
        return log_in(sandbox, username)

    return change


@pytest.mark.parametrize(
    ("username", "status"),
    [
        ("federal", 200),
        ("support-bot", 200),
        ("root", 200),
        ("ops", 404),
        ("lead", 404),
        ("requester", 404),
        (None, 401),
    ],
)
def test_the_restricted_tracker_exists_only_for_its_members(sandbox, log_in, username, status):
    assert log_in(sandbox, username).get(project(RESTRICTED)).status_code == status


def test_a_hidden_project_looks_like_a_missing_one(ops):
    hidden, missing = ops.get(project(RESTRICTED)), ops.get(project("gitlab-com/nothing"))

    assert (hidden.status_code, hidden.json()) == (404, {"message": "404 Project Not Found"})
    assert (missing.status_code, missing.json()) == (404, hidden.json())


def test_the_restricted_tracker_is_in_no_list_of_others(ops, bot):
    bot.issue(RESTRICTED, title="secret")

    assert RESTRICTED not in [row["path_with_namespace"] for row in ops.get("/projects", per_page=100).json()]
    assert ops.get("/groups/gitlab-com/issues").json() == []
    assert ops.get("/issues", scope="all").json() == []


@pytest.mark.parametrize(
    ("level", "author", "status"), [(10, False, 404), (0, False, 404), (20, False, 200), (10, True, 200)]
)
def test_confidential_issues_are_hidden_below_reporter_except_from_their_author(bot, role, level, author, status):
    person = role("requester", 20)
    issue = (person if author else bot).issue(confidential=True)
    role("requester", level)

    assert person.get(f"/projects/{issue['project_id']}/issues/{issue['iid']}").status_code == status
    assert len(person.get(f"/projects/{issue['project_id']}/issues").json()) == (1 if status == 200 else 0)


def test_what_a_guest_may_not_set_is_dropped_without_a_word(bot, role):
    guest = role("requester", 10)
    issue = guest.issue(title="mine")

    changed = guest.edit(
        issue, title="mine, still", add_labels="bug", due_date="2027-01-01", assignee_ids=[2], confidential=True
    )

    assert changed.status_code == 200
    got = changed.json()
    assert (got["title"], got["labels"], got["due_date"], got["assignees"], got["confidential"]) == (
        "mine, still",
        [],
        None,
        [],
        False,
    )


def test_a_stranger_to_the_project_sets_nothing_on_a_new_issue(role):
    stranger = role("requester", 0)

    got = stranger.issue(labels=["bug", "new"], due_date="2027-01-01", assignee_ids=[2])

    assert (got["labels"], got["due_date"], got["assignees"]) == ([], None, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "reporter", "maintainer"),
    [
        ("POST", "/labels", {"name": "x", "color": "#aabbcc"}, 201, 201),
        ("POST", "/milestones", {"title": "x"}, 201, 201),
        ("POST", "/hooks", {"url": "http://example.com"}, 403, 201),
        ("GET", "/hooks", None, 403, 200),
        ("PUT", "", {"description": "x"}, 403, 200),
        ("POST", "/members", {"user_id": 1, "access_level": 30}, 403, 201),
        ("DELETE", "", None, 403, 403),
    ],
)
def test_rights_follow_the_role(sandbox, log_in, method, path, body, reporter, maintainer):
    for username, status in (("requester", reporter), ("lead", maintainer)):
        body = body and {
            key: f"{value}{username}" if key in ("name", "title") else value for key, value in body.items()
        }
        reply = log_in(sandbox, username).call(method, f"{project(TRACKER)}{path}", json=body)
        assert (username, reply.status_code) == (username, status)


def test_others_do_not_edit_an_issue(bot, role):
    issue = bot.issue()

    assert role("requester", 0).edit(issue, title="mine now").status_code == 403
