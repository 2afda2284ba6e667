import pytest

from tests.gitlab_sandbox.client import TRACKER, Person, project
from tests.gitlab_sandbox.conftest import new_token


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
    old = new_token(root, "ops", expires_at="2020-01-01")
    gone = new_token(root, "ops")
    for token, word in ((old, "expired"), (gone, "revoked")):
        person = Person(sandbox.url, token)
        if word == "revoked":
            assert person.delete("/personal_access_tokens/self").status_code == 204
        reply = person.get("/user")
        person.session.close()
        assert (reply.status_code, reply.json()["error"]) == (401, "invalid_token")
        assert word in reply.json()["error_description"]


def test_a_reading_token_may_not_write(sandbox, root):
    token = new_token(root, "ops", ["read_api"])
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
