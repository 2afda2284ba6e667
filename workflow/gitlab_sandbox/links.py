"""Links between issues: /projects/:ref/issues/:iid/links."""

from workflow.gitlab_sandbox import history
from workflow.gitlab_sandbox.access import can_read_issue, can_set_metadata, find_issue, find_project
from workflow.gitlab_sandbox.issue_presentation import reference, shown
from workflow.gitlab_sandbox.reply import Reply, forbidden, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

OPPOSITE = {"relates_to": "relates_to", "blocks": "is_blocked_by", "is_blocked_by": "blocks"}


def relate(session: Session, source: Row, target: Row, kind: str = "relates_to") -> bool:
    """Link two issues; False when they are linked already."""
    between = "SELECT 1 FROM links WHERE (source_id = ? AND target_id = ?) OR (target_id = ? AND source_id = ?)"
    if session.store.value(between, source["id"], target["id"], source["id"], target["id"]):
        return False
    first, second = (target, source) if kind == "is_blocked_by" else (source, target)
    ends = {"source_id": first["id"], "target_id": second["id"]}
    at, kept = session.now(), "relates_to" if kind == "relates_to" else "blocks"
    session.store.insert("links", **ends, link_type=kept, created_at=at, updated_at=at)
    for one, other in ((source, target), (target, source)):
        history.say(session, one, f"marked this issue as related to {reference(session, other, one)}")
    return True


def of_issue(session: Session, issue: Row) -> list[tuple[Row, Row, str]]:
    """[(link, the other issue, kind as seen from here)], only those the person may see."""
    found = []
    links = "SELECT * FROM links WHERE source_id = ? OR target_id = ? ORDER BY id"
    for row in session.store.all(links, issue["id"], issue["id"]):
        outward = row["source_id"] == issue["id"]
        other = session.store.get("issues", row["target_id" if outward else "source_id"])
        if can_read_issue(session, other):
            found.append((row, other, row["link_type"] if outward else OPPOSITE[row["link_type"]]))
    return found


def _pair(session: Session, issue: Row, other: Row, kind: str) -> Row:
    return {"source_issue": shown(session, issue), "target_issue": shown(session, other), "link_type": kind}


def _pick(session: Session, issue: Row, link: str) -> tuple[Row, Row, str]:
    for found in of_issue(session, issue):
        if str(found[0]["id"]) == link:
            return found
    raise not_found("No Issue Link")


@route("GET", "/projects/:ref/issues/:iid/links")
def list_links(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """The linked issues, each with the link's id."""
    issue = find_issue(session, find_project(session, ref), iid)
    return Reply(
        200,
        [
            shown(session, other)
            | {"issue_link_id": row["id"], "link_type": kind, "link_created_at": row["created_at"]}
            for row, other, kind in of_issue(session, issue)
        ],
    )


@route("POST", "/projects/:ref/issues/:iid/links")
def create(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """Link to another issue; blocking ones only on Premium."""
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    target_project = find_project(session, request.text("target_project_id", required=True))
    target = find_issue(session, target_project, request.text("target_issue_iid", required=True))
    kind = request.text("link_type", "relates_to", choices=OPPOSITE)
    if not (can_set_metadata(session, project) and can_set_metadata(session, target_project)):
        raise forbidden()
    if issue["id"] == target["id"]:
        raise message(400, "cannot be related to itself")
    if kind != "relates_to" and not session.premium:
        raise forbidden("Blocked issues not available for current license")
    if not relate(session, issue, target, kind):
        raise message(409, "Issue(s) already assigned")
    return Reply(201, _pair(session, issue, target, kind))


@route("DELETE", "/projects/:ref/issues/:iid/links/:link")
def delete(session: Session, request: Request, ref: str, iid: str, link: str) -> Reply:
    """Remove a link."""
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    if not can_set_metadata(session, project):
        raise forbidden()
    row, other, kind = _pick(session, issue, link)
    session.store.delete("links", row["id"])
    for one, far in ((issue, other), (other, issue)):
        history.say(session, one, f"removed the relation with {reference(session, far, one)}")
    return Reply(200, _pair(session, issue, other, kind))
