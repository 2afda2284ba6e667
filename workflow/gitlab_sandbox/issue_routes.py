"""/issues, /groups/:ref/issues, /projects/:ref/issues and what one issue can be asked to do."""

from workflow.gitlab_sandbox import access, issue_lists, issue_moves, issues, people
from workflow.gitlab_sandbox.issue_fields import BY_NAME
from workflow.gitlab_sandbox.issue_presentation import participant_ids, shown
from workflow.gitlab_sandbox.reply import Reply, forbidden, invalid, listed, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

EDITABLE = (*BY_NAME, "labels", "add_labels", "remove_labels", "assignee_id", "assignee_ids", "milestone_id")
EDITABLE += ("state_event", "updated_at")


def _list(session: Session, request: Request, projects: list[Row], default_scope: str = "all") -> Reply:
    page = issue_lists.page(session, request, projects, default_scope)
    details = bool(request.flag("with_labels_details"))
    return page.reply(request, [shown(session, row, details=details) for row in page.rows])


@route("GET", "/issues")
def list_all(session: Session, request: Request) -> Reply:
    """One's own issues; with `scope=all` all one may see."""
    return _list(session, request, session.store.all("SELECT * FROM projects"), "created_by_me")


@route("GET", "/groups/:ref/issues")
def list_in_group(session: Session, request: Request, ref: str) -> Reply:
    """The issues of all projects in a group and below it."""
    return _list(session, request, access.projects_below(session, access.find_group(session, ref)))


@route("GET", "/projects/:ref/issues", anonymous=True)
def list_in_project(session: Session, request: Request, ref: str) -> Reply:
    """The issues of one project."""
    return _list(session, request, [access.find_project(session, ref)])


@route("GET", "/projects/:ref/milestones/:milestone/issues")
def list_in_milestone(session: Session, request: Request, ref: str, milestone: str) -> Reply:
    """The issues of a milestone, as far as the person sees them."""
    access.find_project(session, ref)
    return _of_milestone(session, request, milestone)


@route("GET", "/groups/:ref/milestones/:milestone/issues")
def list_in_group_milestone(session: Session, request: Request, ref: str, milestone: str) -> Reply:
    """The same of a group's milestone."""
    access.find_group(session, ref)
    return _of_milestone(session, request, milestone)


def _of_milestone(session: Session, request: Request, milestone: str) -> Reply:
    rows = session.store.all("SELECT * FROM issues WHERE milestone_id = ? ORDER BY id", milestone)
    return listed(
        request, [row for row in rows if access.can_read_issue(session, row)], lambda row: shown(session, row)
    )


@route("POST", "/projects/:ref/issues")
def create(session: Session, request: Request, ref: str) -> Reply:
    """A new issue."""
    project = access.find_project(session, ref)
    request.text("title", required=True)
    issue = issues.create(session, project, issues.asked(session, project, request))
    return Reply(201, shown(session, issue, single=True))


@route("GET", "/projects/:ref/issues/:iid", anonymous=True)
def get(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """One issue."""
    return Reply(200, shown(session, access.find_issue(session, access.find_project(session, ref), iid), single=True))


@route("PUT", "/projects/:ref/issues/:iid")
def update(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """Change an issue."""
    project = access.find_project(session, ref)
    issue = access.find_issue(session, project, iid)
    if not request.params.keys() & set(EDITABLE):
        raise invalid(f"{', '.join(EDITABLE)} are missing, at least one parameter must be provided")
    issue = issues.update(session, issue, project, issues.asked(session, project, request))
    return Reply(200, shown(session, issue, single=True))


@route("DELETE", "/projects/:ref/issues/:iid")
def delete(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """Delete an issue for good: project owners and administrators. As on a real GitLab, no hook tells of it."""
    project = access.find_project(session, ref)
    issue = access.find_issue(session, project, iid)
    if access.level(session, project) < access.OWNER:
        raise forbidden()
    session.store.delete("issues", issue["id"])
    return Reply(204)


@route("POST", "/projects/:ref/issues/:iid/move")
def move(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """Move an issue to the project with the number `to_project_id`."""
    project = access.find_project(session, ref)
    issue = access.find_issue(session, project, iid)
    new = issue_moves.move(session, issue, project, target(session, request.number("to_project_id", required=True)))
    return Reply(201, shown(session, new, single=True))


def target(session: Session, project_id: int) -> Row:
    """The project an issue is to go to; raises 404 when it is hidden."""
    row = access.project_by(session.store, project_id)
    if row is None or not access.can_read(session, row):
        raise not_found("Project")
    return row


@route("GET", "/projects/:ref/issues/:iid/participants")
def participants(session: Session, request: Request, ref: str, iid: str) -> Reply:
    """Who takes part in the issue."""
    issue = access.find_issue(session, access.find_project(session, ref), iid)
    return listed(request, participant_ids(session, issue), lambda one: people.by_id(session, one))
