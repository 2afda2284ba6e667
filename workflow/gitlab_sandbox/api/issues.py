"""/issues, /groups/:ref/issues, /projects/:ref/issues and what one issue can be asked to do."""

from workflow.gitlab_sandbox import issue_filters, issue_moves, issues, mentions, present
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import (
    can_read_project,
    can_set_metadata,
    can_update_issue,
    descendants,
    find_group,
    find_issue,
    find_project,
    need_admin,
    need_user,
    project_by,
)
from workflow.gitlab_sandbox.quick_commands import duration
from workflow.gitlab_sandbox.reply import Reply, forbidden, invalid, listed, message, not_found
from workflow.gitlab_sandbox.routing import route

EDITABLE = (
    "title",
    "description",
    "labels",
    "add_labels",
    "remove_labels",
    "assignee_id",
    "assignee_ids",
    "milestone_id",
    "due_date",
    "confidential",
    "discussion_locked",
    "issue_type",
    "weight",
    "state_event",
    "updated_at",
    "epic_id",
    "epic_iid",
    "created_at",
)


def sent_fields(request):
    """The issue's fields as sent, typed; only those that were sent. Raises 400 for one that is of the wrong kind."""
    sent = {}
    for name in ("title", "description", "due_date", "created_at", "updated_at"):
        if request.has(name):
            sent[name] = request.text(name)
    for name in ("labels", "add_labels", "remove_labels"):
        if request.has(name):
            sent[name] = request.words(name) or []
    for name in ("confidential", "discussion_locked"):
        if request.has(name):
            sent[name] = request.flag(name, False)
    for name in ("milestone_id", "weight", "iid"):
        if request.has(name):
            sent[name] = request.number(name)
    if request.has("issue_type"):
        sent["issue_type"] = request.text("issue_type", choices={"issue", "incident", "test_case", "task"})
    if request.has("state_event"):
        sent["state_event"] = request.text("state_event", choices={"close", "reopen"})
    if request.has("assignee_ids"):
        sent["assignee_ids"] = request.numbers("assignee_ids") or []
    elif request.has("assignee_id"):
        sent["assignee_ids"] = [request.number("assignee_id", 0)]
    return sent


def _list(session, request, projects, default_scope="all"):
    need_user(session) if default_scope != "all" else None
    page = issue_filters.IssueQuery(session, request, projects, default_scope).page()
    details = request.flag("with_labels_details", False)
    return page.reply(request, [show.issue(session, row, details=details) for row in page.rows])


@route("GET", "/issues")
def list_all(session, request):
    return _list(session, request, session.store.all("SELECT * FROM projects"), "created_by_me")


@route("GET", "/issues/:ref")
def get_by_id(session, request, ref):
    need_admin(session)
    row = session.store.get("issues", ref)
    if row is None:
        raise not_found()
    return Reply(200, show.issue(session, row, single=True))


@route("GET", "/groups/:ref/issues")
def list_in_group(session, request, ref):
    group = find_group(session, ref)
    inside = ",".join(map(str, descendants(session, group["id"])))
    return _list(session, request, session.store.all(f"SELECT * FROM projects WHERE namespace_id IN ({inside})"))


@route("GET", "/projects/:ref/issues", anonymous=True)
def list_in_project(session, request, ref):
    return _list(session, request, [find_project(session, ref, reading=True)])


@route("GET", "/projects/:ref/issues_statistics")
def statistics(session, request, ref):
    query = issue_filters.IssueQuery(session, request, [find_project(session, ref, reading=True)])
    counts = {
        state: session.store.value(
            "SELECT COUNT(*) FROM issues i LEFT JOIN milestones m ON m.id = i.milestone_id "
            f"WHERE {' AND '.join(query.where)} "
            "AND i.state = ?",
            *query.values,
            state,
        )
        for state in ("opened", "closed")
    }
    return Reply(200, {"statistics": {"counts": {"all": sum(counts.values()), **counts}}})


@route("POST", "/projects/:ref/issues")
def create(session, request, ref):
    project = find_project(session, ref)
    request.text("title", required=True)
    issue = issues.create(session, project, sent_fields(request))
    return Reply(201, show.issue(session, issue, single=True))


@route("GET", "/projects/:ref/issues/:iid", anonymous=True)
def get(session, request, ref, iid):
    project = find_project(session, ref, reading=True)
    return Reply(200, show.issue(session, find_issue(session, project, iid), single=True))


@route("PUT", "/projects/:ref/issues/:iid")
def update(session, request, ref, iid):
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    if not set(EDITABLE) & request.params.keys():
        raise invalid(f"{', '.join(EDITABLE)} are missing, at least one parameter must be provided")
    issue = issues.update(session, issue, project, sent_fields(request))
    return Reply(200, show.issue(session, issue, single=True))


@route("DELETE", "/projects/:ref/issues/:iid")
def delete(session, request, ref, iid):
    project = find_project(session, ref)
    issues.delete(session, find_issue(session, project, iid), project)
    return Reply(204)


@route("POST", "/projects/:ref/issues/:iid/move")
def move(session, request, ref, iid):
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    target = project_by(session.store, request.number("to_project_id", required=True))
    if target is None or not can_read_project(session, target):
        raise not_found("Project")
    return Reply(201, show.issue(session, issue_moves.move(session, issue, project, target), single=True))


@route("POST", "/projects/:ref/issues/:iid/clone")
def clone(session, request, ref, iid):
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    target = project_by(session.store, request.number("to_project_id", required=True))
    if target is None or not can_read_project(session, target):
        raise not_found("Project")
    new = issue_moves.clone(session, issue, project, target, with_notes=request.flag("with_notes", False))
    return Reply(201, show.issue(session, new, single=True))


@route("PUT", "/projects/:ref/issues/:iid/reorder")
def reorder(session, request, ref, iid):
    issue = find_issue(session, find_project(session, ref), iid)
    return Reply(200, show.issue(session, issue, single=True))


@route("POST", "/projects/:ref/issues/:iid/todo")
def todo(session, request, ref, iid):
    issue = find_issue(session, find_project(session, ref), iid)
    mentions.notify(session, issue, need_user(session)["id"], "marked", action="marked")
    row = session.store.one(
        "SELECT * FROM todos WHERE issue_id = ? AND user_id = ? AND action_name = 'marked' ORDER BY id DESC",
        issue["id"],
        session.user_id,
    )
    return Reply(201, show.todo(session, row))


def _subscribe(session, ref, iid, wanted):
    issue = find_issue(session, find_project(session, ref), iid)
    if show.subscribed(session, issue) == wanted:
        return Reply(304)
    issues.subscribe(session, issue, wanted)
    return Reply(201, show.issue(session, issue, single=True))


@route("POST", "/projects/:ref/issues/:iid/subscribe")
def subscribe(session, request, ref, iid):
    return _subscribe(session, ref, iid, True)


@route("POST", "/projects/:ref/issues/:iid/unsubscribe")
def unsubscribe(session, request, ref, iid):
    return _subscribe(session, ref, iid, False)


@route("GET", "/projects/:ref/issues/:iid/participants")
def participants(session, request, ref, iid):
    issue = find_issue(session, find_project(session, ref, reading=True), iid)
    ids = show.participant_ids(session, issue)
    return listed(request, ids, lambda one: present.user_by_id(session, one))


@route("GET", "/projects/:ref/issues/:iid/closed_by")
def closed_by(session, request, ref, iid):
    find_issue(session, find_project(session, ref, reading=True), iid)
    return listed(request, [], None)


@route("GET", "/projects/:ref/issues/:iid/related_merge_requests")
def related_merge_requests(session, request, ref, iid):
    find_issue(session, find_project(session, ref, reading=True), iid)
    return listed(request, [], None)


def _track(session, request, ref, iid, name, amount):
    project = find_project(session, ref)
    issue = find_issue(session, project, iid)
    if not (can_update_issue(session, issue, project) and can_set_metadata(session, project)):
        raise forbidden()
    issue = issues.carry_out(session, issue, project, {name: amount})
    return Reply(200 if name == "time_estimate" or amount == "reset" else 201, show.time_stats(issue))


def _duration(request):
    seconds = duration(request.text("duration", required=True))
    if not seconds:
        raise message(400, "400 Bad request - duration is invalid")
    return seconds


@route("GET", "/projects/:ref/issues/:iid/time_stats")
def time_stats(session, request, ref, iid):
    return Reply(200, show.time_stats(find_issue(session, find_project(session, ref, reading=True), iid)))


@route("POST", "/projects/:ref/issues/:iid/time_estimate")
def time_estimate(session, request, ref, iid):
    return _track(session, request, ref, iid, "time_estimate", _duration(request))


@route("POST", "/projects/:ref/issues/:iid/reset_time_estimate")
def reset_time_estimate(session, request, ref, iid):
    return _track(session, request, ref, iid, "time_estimate", 0)


@route("POST", "/projects/:ref/issues/:iid/add_spent_time")
def add_spent_time(session, request, ref, iid):
    return _track(session, request, ref, iid, "spend", _duration(request))


@route("POST", "/projects/:ref/issues/:iid/reset_spent_time")
def reset_spent_time(session, request, ref, iid):
    return _track(session, request, ref, iid, "spend", "reset")
