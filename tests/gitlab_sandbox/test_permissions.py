import pytest

from tests.gitlab_sandbox.client import RESTRICTED, TRACKER, Person, project


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
        ("POST", "/labels", {"name": "x", "color": "red"}, 201, 201),
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


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [
        ("nonsense", 401, {"message": "401 Unauthorized"}),
        (None, 401, {"message": "401 Unauthorized"}),
    ],
)
def test_a_bad_token_is_refused(sandbox, token, status, said):
    stranger = Person(sandbox.url, token)

    reply = stranger.get("/user")
    stranger.session.close()

    assert (reply.status_code, reply.json()) == (status, said)


def test_an_expired_and_a_revoked_token_say_so(sandbox, root):
    old = root.post("/sandbox/tokens", {"username": "ops", "expires_at": "2020-01-01"}).json()["token"]
    gone = root.post("/sandbox/tokens", {"username": "ops"}).json()["token"]
    for token, word in ((old, "expired"), (gone, "revoked")):
        person = Person(sandbox.url, token)
        if word == "revoked":
            assert person.delete("/personal_access_tokens/self").status_code == 204
        reply = person.get("/user")
        person.session.close()
        assert (reply.status_code, reply.json()["error"]) == (401, "invalid_token")
        assert word in reply.json()["error_description"]


def test_a_reading_token_may_not_write(sandbox, root):
    token = root.post("/sandbox/tokens", {"username": "ops", "scopes": ["read_api"]}).json()["token"]
    reader = Person(sandbox.url, token)

    assert reader.get("/user").status_code == 200
    refused = reader.post(f"{project(TRACKER)}/issues", {"title": "x"})
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert reader.get("/personal_access_tokens/self").json()["scopes"] == ["read_api"]
    reader.session.close()


def test_a_blocked_person_is_shut_out(root, ops):
    user = root.get("/users", username="ops").json()[0]["id"]
    root.post(f"/users/{user}/block")

    assert ops.get("/user").status_code == 403


def test_bearer_tokens_and_sudo_work(sandbox, root):
    root.session.headers["Sudo"] = "ops"
    assert root.get("/user").json()["username"] == "ops"

    bearer = Person(sandbox.url, None)
    bearer.session.headers["Authorization"] = f"Bearer {sandbox.bot_token}"
    assert bearer.get("/user").json()["username"] == "support-bot"
    bearer.session.close()


def test_e_mail_addresses_are_for_administrators(root, ops):
    assert root.get("/users", username="lead").json()[0]["email"] == "lead@example.com"
    assert "email" not in ops.get("/users", username="lead").json()[0]


def test_a_renamed_project_redirects_readers_and_refuses_writers(root, bot):
    number = bot.get(project(TRACKER)).json()["id"]
    root.put(f"/projects/{number}", {"path": "renamed"})

    reply = bot.call("GET", f"{project(TRACKER)}/issues", allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"].endswith(f"/projects/{number}/issues")) == (301, True)
    assert bot.post(f"{project(TRACKER)}/issues", {"title": "x"}).status_code == 405
    assert bot.get(f"/projects/{number}").json()["path"] == "renamed"


def test_unknown_addresses_and_methods_answer_as_gitlab_does(bot):
    assert bot.get("/nothing/here").status_code == 404
    assert bot.call("PATCH", f"{project(TRACKER)}/issues").status_code == 405
    assert (
        bot.call(
            "POST", f"{project(TRACKER)}/issues", data="{", headers={"Content-Type": "application/json"}
        ).status_code
        == 400
    )
