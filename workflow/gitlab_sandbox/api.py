"""The REST API: importing this module registers every route."""

from workflow.gitlab_sandbox import (  # noqa: F401
    history,
    hooks,
    issue_routes,
    labels,
    links,
    members,
    milestones,
    notes,
    people,
    places,
    uploads,
)
from workflow.gitlab_sandbox.access import need_user
from workflow.gitlab_sandbox.reply import Reply
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import REVISION, VERSION, Session

PREFIX = "/api/v4/"


@route("GET", "/version")
def version(session: Session, request: Request) -> Reply:
    """The cheapest thing to ask."""
    need_user(session)
    return Reply(200, {"version": VERSION, "revision": REVISION})
