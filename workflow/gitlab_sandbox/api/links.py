"""/projects/:ref/issues/:iid/links."""

from workflow.gitlab_sandbox import links
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import can_set_metadata, find_issue, find_project
from workflow.gitlab_sandbox.reply import Reply, forbidden, not_found
from workflow.gitlab_sandbox.routing import route


def _shown(session, found):
    row, other, kind = found
    return show.issue(session, other) | {
        "issue_link_id": row["id"],
        "link_type": kind,
        "link_created_at": row["created_at"],
        "link_updated_at": row["updated_at"],
    }


@route("GET", "/projects/:ref/issues/:iid/links")
def list_links(session, request, ref, iid):
    issue = find_issue(session, find_project(session, ref, reading=True), iid)
    return Reply(200, [_shown(session, found) for found in links.of_issue(session, issue)])


@route("POST", "/projects/:ref/issues/:iid/links")
def create(session, request, ref, iid):
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    target_project = find_project(session, request.text("target_project_id", required=True))
    target = find_issue(session, target_project, request.text("target_issue_iid", required=True))
    kind = request.text("link_type", "relates_to", choices=set(links.KINDS))
    if not (can_set_metadata(session, project) and can_set_metadata(session, target_project)):
        raise forbidden()
    links.link(session, issue, target, kind)
    return Reply(
        201,
        {"source_issue": show.issue(session, issue), "target_issue": show.issue(session, target), "link_type": kind},
    )


@route("GET", "/projects/:ref/issues/:iid/links/:link")
def get(session, request, ref, iid, link):
    issue = find_issue(session, find_project(session, ref, reading=True), iid)
    for row, other, kind in links.of_issue(session, issue):
        if str(row["id"]) == link:
            return Reply(
                200,
                {
                    "id": row["id"],
                    "source_issue": show.issue(session, issue),
                    "target_issue": show.issue(session, other),
                    "link_type": kind,
                },
            )
    raise not_found("No Issue Link")


@route("DELETE", "/projects/:ref/issues/:iid/links/:link")
def delete(session, request, ref, iid, link):
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    if not can_set_metadata(session, project):
        raise forbidden()
    row, other = links.unlink(session, issue, link)
    return Reply(
        200,
        {
            "source_issue": show.issue(session, issue),
            "target_issue": show.issue(session, other),
            "link_type": row["link_type"],
        },
    )
