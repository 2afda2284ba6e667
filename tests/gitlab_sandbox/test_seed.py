import time

from tests.gitlab_sandbox.client import Person
from workflow.gitlab_sandbox import SandboxServer


def test_a_second_start_keeps_everything_and_adds_nothing(tmp_path):
    seen = []
    for _ in range(2):
        with SandboxServer(tmp_path, "t") as server:
            root = Person(server.url, "t")
            seen.append(
                [
                    server.bot_token,
                    *(root.get(path, per_page=100).headers["X-Total"] for path in ("/projects", "/users", "/groups")),
                ]
            )
            root.session.close()

    assert seen[0] == seen[1]
    assert seen[0][1:3] == ["7", "10"]


def test_an_empty_sandbox_holds_only_the_administrator(tmp_path):
    with SandboxServer(tmp_path, "t", empty=True) as server:
        root = Person(server.url, "t")
        assert [row["username"] for row in root.get("/users").json()] == ["root"]
        assert root.get("/projects").json() == []
        root.session.close()


def test_the_bots_token_can_be_chosen_and_says_what_it_may(tmp_path):
    with SandboxServer(tmp_path, "t", bot_token="chosen") as server:
        bot = Person(server.url, "chosen")
        shown = bot.get("/personal_access_tokens/self").json()
        bot.session.close()

    assert (server.bot_token, shown["scopes"], shown["active"]) == ("chosen", ["api"], True)
    assert shown["expires_at"] > time.strftime("%Y-%m-%d")
