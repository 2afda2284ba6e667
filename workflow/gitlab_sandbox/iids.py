"""The numbers of issues within their project."""

from workflow.gitlab_sandbox.reply import message


def take(session, project, wanted=None):
    """The next number of the project, never given out twice; `wanted` if it is free. Raises 409 when it is taken."""
    last = session.store.value("SELECT last_iid FROM issue_iids WHERE project_id = ?", project["id"]) or 0
    iid = wanted or last + 1
    if session.store.value("SELECT 1 FROM issues WHERE project_id = ? AND iid = ?", project["id"], iid):
        raise message(409, "Duplicated issue")
    session.store.run(
        "INSERT OR REPLACE INTO issue_iids (project_id, last_iid) VALUES (?, ?)", project["id"], max(last, iid)
    )
    return iid
