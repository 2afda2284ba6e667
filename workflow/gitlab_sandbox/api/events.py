"""Resource events: the append-only history of an issue's labels, state, milestone and weight."""

from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import find_issue, find_project
from workflow.gitlab_sandbox.reply import Reply, listed, not_found
from workflow.gitlab_sandbox.routing import route


def _register(kind):
    @route("GET", f"/projects/:ref/issues/:iid/resource_{kind}_events")
    def list_events(session, request, ref, iid):
        issue = find_issue(session, find_project(session, ref, reading=True), iid)
        rows = session.store.all(
            "SELECT * FROM resource_events WHERE issue_id = ? AND kind = ? ORDER BY id", issue["id"], kind
        )
        return listed(request, rows, lambda row: show.resource_event(session, row))

    @route("GET", f"/projects/:ref/issues/:iid/resource_{kind}_events/:event")
    def get_event(session, request, ref, iid, event):
        issue = find_issue(session, find_project(session, ref, reading=True), iid)
        row = session.store.one(
            "SELECT * FROM resource_events WHERE issue_id = ? AND kind = ? AND id = ?", issue["id"], kind, event
        )
        if row is None:
            raise not_found(f"Resource {kind.capitalize()} Event")
        return Reply(200, show.resource_event(session, row))


for each in ("label", "state", "milestone", "weight", "iteration"):
    _register(each)
