import pytest

from tests.gitlab_sandbox.client import OTHER, TRACKER, project


def test_an_upload_comes_back_byte_for_byte_and_only_in_its_project(bot, sandbox):
    content = bytes(range(256)) * 5
    reply = bot.post(f"{project(TRACKER)}/uploads", files={"file": ("a b.png", content)})
    shown = reply.json()

    assert (reply.status_code, shown["markdown"]) == (201, f"![a_b]({shown['url']})")
    assert bot.get(f"{project(TRACKER)}{shown['url']}").content == content
    assert bot.get(f"{project(OTHER)}{shown['url']}").status_code == 404


@pytest.mark.parametrize("sent", [{"data": {"file": "text"}}, {"data": {}}])
def test_an_upload_without_a_file_is_refused(bot, sent):
    assert bot.post(f"{project(TRACKER)}/uploads", **sent).status_code == 400
