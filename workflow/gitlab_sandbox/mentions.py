"""What text does to others: notifications for `@handles`, "mentioned in" notes for references."""

import re

from workflow.gitlab_sandbox import history
from workflow.gitlab_sandbox.access import can_read, can_read_issue, groups_of, marks, project_by
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

HANDLE = re.compile(r"(?<![\w@/.`&-])@([A-Za-z0-9_](?:[\w./-]*[\w])?)")
REFERENCE = re.compile(r"(?:(?<![\w&/.-])((?:[\w.-]+/)+[\w.-]+)|(?<![\w&/#]))#(\d+)\b")
CODE = re.compile(r"^```.*?^```$|^~~~.*?^~~~$|(`+)(?!`).+?(?<!`)\1(?!`)|<!--.*?-->", re.MULTILINE | re.DOTALL)


def announce(
    session: Session, project: Row, issue: Row, text: str | None, *, note_id: int | None = None, before: str | None = ""
) -> None:
    """Notify everybody `text` mentions who was not mentioned `before`, and note on issues it refers to."""
    old = set(HANDLE.findall(CODE.sub(" ", before or "")))
    plain = CODE.sub(" ", text or "")
    for handle in dict.fromkeys(HANDLE.findall(plain)):
        for user_id in _behind(session, project, handle) if handle not in old else ():
            reader = session.store.get("users", user_id)
            if user_id != session.user_id and can_read_issue(session, issue, project, reader):
                notify(session, issue, user_id, "mentioned", handle=handle, note_id=note_id)
    _cross_reference(session, project, issue, plain)


def notify(
    session: Session, issue: Row, user_id: int, reason: str, *, handle: str | None = None, note_id: int | None = None
) -> None:
    """Record that a person was told (by e-mail, on a real GitLab): `reason` is mentioned, by a handle, or assigned."""
    whom = {"user_id": user_id, "author_id": session.user_id, "issue_id": issue["id"], "note_id": note_id}
    session.store.insert("notifications", **whom, reason=reason, handle=handle, created_at=session.now())


def _behind(session: Session, project: Row, handle: str) -> list[int]:
    """The ids of the users a handle stands for: a person, a group with its members, or everybody for @all."""
    store = session.store
    if user := store.value("SELECT id FROM users WHERE username = ? AND state = 'active'", handle):
        return [user]
    everybody = handle.lower() == "all"
    group = store.one("SELECT * FROM namespaces WHERE kind = 'group' AND full_path = ?", handle)
    place = project if everybody else group
    groups = groups_of(session, place) if place else []
    sql = f"SELECT DISTINCT user_id FROM members WHERE project_id = ? OR group_id IN ({marks(groups)})"
    return store.column(sql, project["id"] if everybody else None, *groups)


def _cross_reference(session: Session, project: Row, issue: Row, text: str) -> None:
    local_urls = re.compile(re.escape(session.base_url) + r"/([\w./-]+?)/-/issues/(\d+)")
    for path, iid in dict.fromkeys([*REFERENCE.findall(text), *local_urls.findall(text)]):
        target_project = project_by(session.store, path) if path else project
        if target_project is None or not can_read(session, target_project):
            continue
        target = session.store.one("SELECT * FROM issues WHERE project_id = ? AND iid = ?", target_project["id"], iid)
        if target is None or target["id"] == issue["id"] or not can_read_issue(session, target, target_project):
            continue
        same = target["project_id"] == issue["project_id"]
        body = f"mentioned in issue {'' if same else project['full_path']}#{issue['iid']}"
        said = "SELECT 1 FROM notes WHERE issue_id = ? AND system = 1 AND body = ?"
        if not session.store.value(said, target["id"], body):
            history.say(session, target, body)
