def test_links_show_on_both_sides_and_exist_once(bot):
    one, two = bot.issue(), bot.issue()
    links = f"/projects/{one['project_id']}/issues/{one['iid']}/links"
    sent = {"target_project_id": two["project_id"], "target_issue_iid": str(two["iid"])}

    made = bot.post(links, sent)

    assert (made.status_code, made.json()["target_issue"]["id"]) == (201, two["id"])
    assert bot.post(links, sent).status_code == 409
    assert bot.post(links, sent | {"link_type": "blocks"}).status_code == 403
    shown = bot.get(f"/projects/{two['project_id']}/issues/{two['iid']}/links").json()
    assert [row["id"] for row in shown] == [one["id"]]
    assert bot.delete(f"{links}/{shown[0]['issue_link_id']}").status_code == 200
    assert bot.get(links).json() == []
