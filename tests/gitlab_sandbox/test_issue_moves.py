import pytest

from tests.gitlab_sandbox.client import OTHER, TRACKER, project


def test_moving_makes_a_new_issue_and_closes_the_old_one(bot):
    milestone = bot.get("/groups/gitlab-com/milestones").json()[0]
    old = bot.issue(description="text", labels=["bug", "only here"], milestone_id=milestone["id"], assignee_ids=[2])
    bot.note(old, "a comment")
    other = bot.issue()
    bot.post(
        f"/projects/{old['project_id']}/issues/{old['iid']}/links",
        {"target_project_id": other["project_id"], "target_issue_iid": other["iid"]},
    )
    target = bot.get(project(OTHER)).json()["id"]

    reply = bot.post(f"/projects/{old['project_id']}/issues/{old['iid']}/move", {"to_project_id": target})

    new = reply.json()
    assert (reply.status_code, new["project_id"], new["iid"]) == (201, target, 1)
    assert (new["labels"], new["milestone"]["id"], new["description"]) == (["bug"], milestone["id"], "text")
    assert [one["id"] for one in new["assignees"]] == [2]
    bodies = [row["body"] for row in bot.get(f"/projects/{target}/issues/1/notes").json()]
    assert "a comment" in bodies
    assert bot.get(f"/projects/{target}/issues/1/links").json()[0]["id"] == other["id"]
    events = bot.get(f"/projects/{target}/issues/1/resource_label_events").json()
    assert {event["label"]["name"] for event in events} == {"bug", "only here"}
    left = bot.fresh(old)
    assert (left["state"], left["moved_to_id"]) == ("closed", new["id"])


@pytest.mark.parametrize(("username", "target"), [("support-bot", TRACKER), ("requester", OTHER)])
def test_a_move_to_the_same_project_or_by_a_stranger_there_is_refused(sandbox, log_in, root, username, target):
    person = log_in(sandbox, username)
    issue = log_in(sandbox, "support-bot").issue()
    if username == "requester":
        user = root.get("/users", username=username).json()[0]["id"]
        root.put(f"{project(OTHER)}/members/{user}", {"access_level": 10})

    reply = person.post(
        f"/projects/{issue['project_id']}/issues/{issue['iid']}/move",
        {"to_project_id": person.get(project(target)).json()["id"]},
    )

    assert reply.status_code == 400
    assert "Cannot move issue" in reply.json()["message"]


def test_a_moved_issue_takes_its_files_along(bot):
    shown = bot.post(f"{project(TRACKER)}/uploads", files={"file": ("log.txt", b"lines")}).json()
    issue = bot.issue(description=shown["markdown"])
    target = bot.get(project(OTHER)).json()["id"]

    new = bot.post(f"/projects/{issue['project_id']}/issues/{issue['iid']}/move", {"to_project_id": target}).json()

    address = new["description"].split("(")[1].rstrip(")")
    assert address != shown["url"]
    assert bot.get(f"/projects/{target}{address}").content == b"lines"
