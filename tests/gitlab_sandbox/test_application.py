from tests.gitlab_sandbox.client import TRACKER, project


def test_unknown_addresses_and_methods_answer_as_gitlab_does(bot):
    assert bot.get("/nothing/here").status_code == 404
    assert bot.call("PATCH", f"{project(TRACKER)}/issues").status_code == 405
    assert (
        bot.call(
            "POST", f"{project(TRACKER)}/issues", data="{", headers={"Content-Type": "application/json"}
        ).status_code
        == 400
    )


def test_asking_for_the_headers_alone_is_answered_with_them_at_once(bot):
    bot.issue()

    reply = bot.call("HEAD", f"{project(TRACKER)}/issues", timeout=20)

    assert (reply.status_code, reply.headers["X-Total"], reply.content) == (200, "1", b"")
