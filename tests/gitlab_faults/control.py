"""/sandbox/…: what no GitLab has. Faults, limits, clock, hooks, tokens and the log; the administrator's token only."""

import json

from workflow.gitlab_sandbox.access import need_admin
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, not_found
from workflow.gitlab_sandbox.routing import route


@route("GET", "/sandbox/faults")
def list_faults(session, request):
    need_admin(session)
    return Reply(200, [fault.shown() for fault in session.application.faults.active])


@route("POST", "/sandbox/faults")
def add_fault(session, request):
    need_admin(session)
    return Reply(201, session.application.faults.add(request.params).shown())


@route("DELETE", "/sandbox/faults")
def remove_faults(session, request):
    need_admin(session)
    session.application.faults.remove()
    return Reply(204)


@route("DELETE", "/sandbox/faults/:fault")
def remove_fault(session, request, fault):
    need_admin(session)
    session.application.faults.remove(int(fault))
    return Reply(204)


@route("GET", "/sandbox/log")
def read_log(session, request):
    """Every API request since the log was emptied, oldest first, and how often each route answered what."""
    need_admin(session)
    rows = session.store.all("SELECT * FROM request_log ORDER BY id")
    if method := request.text("method"):
        rows = [row for row in rows if row["method"] == method]
    if path := request.text("path"):
        rows = [row for row in rows if path in row["path"]]
    counts, statuses = {}, {}
    for row in rows:
        name = row["route"] or f"{row['method']} {row['path']}"
        counts[name] = counts.get(name, 0) + 1
        statuses[f"{name} {row['status']}"] = statuses.get(f"{name} {row['status']}", 0) + 1
    entries = [row | {"sent": json.loads(row["sent"])} for row in rows]
    return Reply(200, {"total": len(rows), "counts": counts, "statuses": statuses, "entries": entries})


@route("DELETE", "/sandbox/log")
def empty_log(session, request):
    need_admin(session)
    session.store.run("DELETE FROM request_log")
    return Reply(204)


@route("GET", "/sandbox/notifications")
def notifications(session, request):
    """Who was told of what: reason mentioned (with the handle) or assigned."""
    need_admin(session)
    rows = session.store.all(
        "SELECT n.id, u.username, a.username AS author, n.reason, n.handle, n.issue_id, n.note_id, i.project_id, "
        "i.iid, "
        "n.created_at FROM notifications n JOIN users u ON u.id = n.user_id JOIN issues i ON i.id = n.issue_id "
        "LEFT JOIN users a ON a.id = n.author_id ORDER BY n.id"
    )
    return listed(request, rows, dict)


@route("DELETE", "/sandbox/notifications")
def empty_notifications(session, request):
    need_admin(session)
    session.store.run("DELETE FROM notifications")
    return Reply(204)


@route("GET", "/sandbox/limits")
def read_limits(session, request):
    need_admin(session)
    return Reply(200, session.application.limits.limits)


@route("PUT", "/sandbox/limits")
def set_limits(session, request):
    """Per minute and user: api, issue_create, note_create, search, hook_test; null switches one off."""
    need_admin(session)
    session.application.limits.set(request.params)
    return Reply(200, session.application.limits.limits)


@route("POST", "/sandbox/time")
def set_time(session, request):
    """Shift the sandbox's clock by `offset` seconds against the machine's."""
    need_admin(session)
    try:
        session.application.offset = float(request.text("offset", required=True))
    except ValueError:
        raise invalid("offset is invalid") from None
    return Reply(200, {"now": session.now(), "offset": session.application.offset})


@route("GET", "/sandbox/hooks")
def hooks_idle(session, request):
    """Whether every hook that was due has been sent: {"idle": true}."""
    need_admin(session)
    return Reply(200, {"idle": session.application.deliverer.idle()})


@route("PUT", "/sandbox/hooks")
def spoil_hooks(session, request):
    """`mischief`: what becomes of every delivery from now on: lose, double or reorder; null ends it."""
    need_admin(session)
    mischief = request.params.get("mischief")
    if mischief not in (None, "lose", "double", "reorder"):
        raise invalid("mischief is not one of lose, double, reorder")
    session.application.deliverer.mischief = mischief
    session.application.deliverer.wake()
    return Reply(200, {"mischief": mischief})


@route("PUT", "/sandbox/tokens")
def change_token(session, request):
    """Revoke a token by its name, `token`, or with `revoked` false take that back, which no real GitLab does."""
    need_admin(session)
    revoked = int(request.flag("revoked", True))
    token = request.text("token", required=True)
    if not session.store.run("UPDATE tokens SET revoked = ? WHERE token = ?", revoked, token):
        raise not_found("Token")
    return Reply(200, {"revoked": bool(revoked)})
