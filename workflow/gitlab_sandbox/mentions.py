"""What text does to others: notifications and to-dos for `@handles`, "mentioned in" notes for references."""

import re

from workflow.gitlab_sandbox import notes
from workflow.gitlab_sandbox.access import ancestors, can_read_issue, can_read_project, project_by

HANDLE = re.compile(r"(?<![\w@/.`&-])@([A-Za-z0-9_](?:[\w./-]*[\w])?)")
REFERENCE = re.compile(r"(?:(?<![\w&/.-])((?:[\w.-]+/)+[\w.-]+)|(?<![\w&/#]))#(\d+)\b")
CODE = re.compile(r"^```.*?^```$|^~~~.*?^~~~$|(`+)(?!`).+?(?<!`)\1(?!`)|<!--.*?-->", re.MULTILINE | re.DOTALL)


def announce(session, project, issue, text, *, note_id=None, before=""):
    """Notify everybody `text` mentions who was not mentioned `before`, and note on issues it refers to."""
    old = set(HANDLE.findall(CODE.sub(" ", before or "")))
    plain = CODE.sub(" ", text or "")
    for handle in dict.fromkeys(HANDLE.findall(plain)):
        if handle in old:
            continue
        people, action = _behind(session, project, handle)
        for user_id in people:
            reader = session.store.get("users", user_id)
            if user_id != session.user_id and can_read_issue(session, issue, project, reader):
                notify(session, issue, user_id, "mentioned", handle=handle, note_id=note_id, action=action)
    _cross_reference(session, project, issue, plain)


def notify(session, issue, user_id, reason, *, handle=None, note_id=None, action=None):
    """Record that `user_id` was told (e-mail on a real GitLab), with a to-do named `action` if one is given."""
    now = session.now()
    session.store.insert(
        "notifications",
        user_id=user_id,
        author_id=session.user_id,
        issue_id=issue["id"],
        note_id=note_id,
        reason=reason,
        handle=handle,
        created_at=now,
    )
    if action and not session.store.value(
        "SELECT 1 FROM todos WHERE user_id = ? AND issue_id = ? AND action_name = ? AND state = 'pending'",
        user_id,
        issue["id"],
        action,
    ):
        session.store.insert(
            "todos",
            user_id=user_id,
            author_id=session.user_id,
            issue_id=issue["id"],
            note_id=note_id,
            action_name=action,
            created_at=now,
            updated_at=now,
        )


def _behind(session, project, handle):
    """(user ids, to-do) a handle stands for: a person, a group with its members, or everybody for @all."""
    store = session.store
    if handle.lower() == "all":
        groups = [row["id"] for row in ancestors(session, project["namespace_id"])]
        marks = ",".join("?" * len(groups))
        return store.column(
            f"SELECT DISTINCT user_id FROM members WHERE project_id = ? OR group_id IN ({marks})",
            project["id"],
            *groups,
        ), None
    if user := store.value("SELECT id FROM users WHERE username = ? AND state = 'active'", handle):
        return [user], "mentioned"
    group = store.one("SELECT * FROM namespaces WHERE kind = 'group' AND full_path = ?", handle)
    if group is None:
        return [], None
    ids = [row["id"] for row in ancestors(session, group["id"])]
    return store.column(
        f"SELECT DISTINCT user_id FROM members WHERE group_id IN ({','.join('?' * len(ids))})", *ids
    ), "mentioned"


def _cross_reference(session, project, issue, text):
    local_urls = re.compile(re.escape(session.base_url) + r"/([\w./-]+?)/-/issues/(\d+)")
    found = [*REFERENCE.findall(text), *local_urls.findall(text)]
    for path, iid in dict.fromkeys(found):
        target_project = project_by(session.store, path) if path else project
        if target_project is None or not can_read_project(session, target_project):
            continue
        target = session.store.one("SELECT * FROM issues WHERE project_id = ? AND iid = ?", target_project["id"], iid)
        if target is None or target["id"] == issue["id"] or not can_read_issue(session, target, target_project):
            continue
        same = target["project_id"] == issue["project_id"]
        body = f"mentioned in issue {'' if same else project['full_path']}#{issue['iid']}"
        if not session.store.value(
            "SELECT 1 FROM notes WHERE issue_id = ? AND system = 1 AND body = ?", target["id"], body
        ):
            notes.record(session, target, body)
