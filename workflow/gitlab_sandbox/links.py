"""Links between issues."""

from workflow.gitlab_sandbox import notes, present_issue
from workflow.gitlab_sandbox.access import can_read_issue
from workflow.gitlab_sandbox.reply import forbidden, message, not_found

KINDS = ("relates_to", "blocks", "is_blocked_by")
OPPOSITE = {"relates_to": "relates_to", "blocks": "is_blocked_by", "is_blocked_by": "blocks"}


def link(session, source, target, kind="relates_to"):
    """Link two issues; returns the link's id. Raises 403 for blocking links on Free, 409 when linked already."""
    if kind != "relates_to" and not session.premium:
        raise forbidden("Blocked issues not available for current license")
    if source["id"] == target["id"]:
        raise message(400, "cannot be related to itself")
    if between(session, source, target):
        raise message(409, "Issue(s) already assigned")
    return relate(session, source, target, kind)


def relate(session, source, target, kind="relates_to"):
    """The same without complaint: linked already is fine."""
    if there := between(session, source, target):
        return there["id"]
    first, second = (target, source) if kind == "is_blocked_by" else (source, target)
    link_id = session.store.insert(
        "links",
        source_id=first["id"],
        target_id=second["id"],
        link_type="blocks" if kind != "relates_to" else kind,
        created_at=session.now(),
        updated_at=session.now(),
    )
    notes.record(session, source, f"marked this issue as related to {reference(session, target, source)}")
    notes.record(session, target, f"marked this issue as related to {reference(session, source, target)}")
    return link_id


def between(session, one, other):
    return session.store.one(
        "SELECT * FROM links WHERE (source_id = ?1 AND target_id = ?2) OR (source_id = ?2 AND target_id = ?1)",
        one["id"],
        other["id"],
    )


def of_issue(session, issue):
    """[(link, the other issue, kind as seen from here)], only those the person may see."""
    found = []
    for row in session.store.all("SELECT * FROM links WHERE source_id = ?1 OR target_id = ?1 ORDER BY id", issue["id"]):
        outward = row["source_id"] == issue["id"]
        other = session.store.get("issues", row["target_id" if outward else "source_id"])
        if can_read_issue(session, other):
            found.append((row, other, row["link_type"] if outward else OPPOSITE[row["link_type"]]))
    return found


def unlink(session, issue, link_id):
    """Remove a link of the issue; returns (link, the other issue). Raises 404 when it is not there."""
    for row, other, _kind in of_issue(session, issue):
        if str(row["id"]) == str(link_id):
            session.store.run("DELETE FROM links WHERE id = ?", row["id"])
            notes.record(session, issue, f"removed the relation with {reference(session, other, issue)}")
            notes.record(session, other, f"removed the relation with {reference(session, issue, other)}")
            return row, other
    raise not_found("No Issue Link")


def reference(session, issue, seen_from):
    """`#7` within the project, `group/project#7` from elsewhere."""
    if issue["project_id"] == seen_from["project_id"]:
        return f"#{issue['iid']}"
    return f"{present_issue.project_of(session, issue)['full_path']}#{issue['iid']}"
