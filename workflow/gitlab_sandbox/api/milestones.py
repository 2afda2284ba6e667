"""Milestones of projects and groups, addressed by their global id."""

from workflow.gitlab_sandbox import milestones, present
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import REPORTER, ancestors, can_read_issue, find_group, find_project
from workflow.gitlab_sandbox.clock import parse_moment
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, not_found
from workflow.gitlab_sandbox.routing import route

FIELDS = ("title", "description", "due_date", "start_date", "state_event")


def _listed(session, request, rows):
    if state := request.text("state", choices={"active", "closed", "all"}):
        rows = [row for row in rows if state in (row["state"], "all")]
    if (iids := request.numbers("iids")) is not None:
        rows = [row for row in rows if row["iid"] in iids]
    if title := request.text("title"):
        rows = [row for row in rows if row["title"] == title]
    if search := (request.text("search") or request.text("search_title")):
        rows = [row for row in rows if search.lower() in f"{row['title']} {row['description']}".lower()]
    for name, keep in (
        ("updated_after", lambda row, at: row["updated_at"] >= at),
        ("updated_before", lambda row, at: row["updated_at"] <= at),
    ):
        if text := request.text(name):
            at = parse_moment(text)
            if at is None:
                raise invalid(f"{name} is invalid")
            rows = [row for row in rows if keep(row, at)]
    rows.sort(key=lambda row: (row["due_date"] is None, row["due_date"] or "", row["id"]))
    return listed(request, rows, lambda row: present.milestone(session, row))


def _own_rows(session, column, owner):
    return session.store.all(f"SELECT * FROM milestones WHERE {column} = ?", owner)


def _pick(session, column, owner, milestone):
    row = session.store.one(f"SELECT * FROM milestones WHERE {column} = ? AND id = ?", owner, milestone)
    if row is None:
        raise not_found("Milestone")
    return row


def _with_ancestors(session, request, group_id):
    wanted = request.flag("include_ancestors", request.flag("include_parent_milestones", False))
    ids = [row["id"] for row in ancestors(session, group_id)] if wanted and group_id else []
    return session.store.all(f"SELECT * FROM milestones WHERE group_id IN ({','.join('?' * len(ids))})", *ids)


def _create(session, request, **owner):
    row = milestones.new(
        session,
        request.text("title", required=True),
        description=request.text("description", ""),
        start_date=request.text("start_date"),
        due_date=request.text("due_date"),
        **owner,
    )
    return Reply(201, present.milestone(session, row))


def _update(session, request, row):
    request.text("state_event", choices={"close", "activate"})
    sent = {name: request.text(name) for name in FIELDS if request.has(name)}
    if not sent:
        raise invalid(f"{', '.join(FIELDS)} are missing, at least one parameter must be provided")
    return Reply(200, present.milestone(session, milestones.edit(session, row, sent)))


def _issues(session, request, row):
    rows = session.store.all("SELECT * FROM issues WHERE milestone_id = ? ORDER BY id", row["id"])
    return listed(request, [one for one in rows if can_read_issue(session, one)], lambda one: show.issue(session, one))


def _register(place, column, find):
    """The same routes for projects and for groups."""
    one = f"/{place}/:ref/milestones/:milestone"

    @route("GET", f"/{place}/:ref/milestones")
    def list_milestones(session, request, ref):
        owner = find(session, ref)
        above = owner["namespace_id"] if place == "projects" else owner["parent_id"]
        return _listed(
            session, request, _own_rows(session, column, owner["id"]) + _with_ancestors(session, request, above)
        )

    @route("POST", f"/{place}/:ref/milestones")
    def create(session, request, ref):
        return _create(session, request, **{column: find(session, ref, REPORTER)["id"]})

    @route("GET", one)
    def get(session, request, ref, milestone):
        return Reply(200, present.milestone(session, _pick(session, column, find(session, ref)["id"], milestone)))

    @route("PUT", one)
    def update(session, request, ref, milestone):
        return _update(session, request, _pick(session, column, find(session, ref, REPORTER)["id"], milestone))

    @route("DELETE", one)
    def delete(session, request, ref, milestone):
        milestones.delete(session, _pick(session, column, find(session, ref, REPORTER)["id"], milestone))
        return Reply(204)

    @route("GET", f"{one}/issues")
    def issues(session, request, ref, milestone):
        return _issues(session, request, _pick(session, column, find(session, ref)["id"], milestone))

    @route("GET", f"{one}/merge_requests")
    def merge_requests(session, request, ref, milestone):
        _pick(session, column, find(session, ref)["id"], milestone)
        return listed(request, [], None)


_register("projects", "project_id", find_project)
_register("groups", "group_id", find_group)


@route("POST", "/projects/:ref/milestones/:milestone/promote")
def promote(session, request, ref, milestone):
    project = find_project(session, ref, REPORTER)
    row = milestones.promote(session, _pick(session, "project_id", project["id"], milestone), project)
    return Reply(200, present.milestone(session, row))
