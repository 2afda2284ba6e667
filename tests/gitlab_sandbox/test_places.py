from tests.gitlab_sandbox.client import TRACKER, project


def test_a_renamed_project_redirects_readers_and_refuses_writers(root, bot):
    number = bot.get(project(TRACKER)).json()["id"]
    root.put(f"/projects/{number}", {"path": "renamed"})

    reply = bot.call("GET", f"{project(TRACKER)}/issues", allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"].endswith(f"/projects/{number}/issues")) == (301, True)
    assert bot.post(f"{project(TRACKER)}/issues", {"title": "x"}).status_code == 405
    assert bot.get(f"/projects/{number}").json()["path"] == "renamed"
