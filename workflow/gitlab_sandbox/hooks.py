"""Webhooks of projects: /projects/:ref/hooks."""

import json
import re

from workflow.gitlab_sandbox import hook_events
from workflow.gitlab_sandbox.access import MAINTAINER, find_project
from workflow.gitlab_sandbox.delivery import HEADERS, Deliverer, entry
from workflow.gitlab_sandbox.reply import ApiError, Deferred, Reply, listed, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

TEXTS = ("name", "description", "token", "signing_token", "url")
SIGNING_TOKEN = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
FLAGS = dict.fromkeys([*HEADERS, "tag_push_events", "merge_requests_events", "emoji_events"], False)
FLAGS |= {"push_events": True, "enable_ssl_verification": True}


def _columns(request: Request, options: Row) -> Row:
    columns = {name: request.text(name) for name in TEXTS if request.has(name)}
    if "url" in columns and not re.match(r"https?://[^\s/]+", columns["url"] or ""):
        raise ApiError(422, {"error": "Invalid url given"})
    if columns.get("signing_token") and not SIGNING_TOKEN.fullmatch(columns["signing_token"]):
        raise ApiError(422, {"error": "Signing token must be in the format whsec_<base64 of 32 bytes>"})
    options = options | {name: request.flag(name, False) for name in FLAGS if request.has(name)}
    return columns | {"options": json.dumps(options)}


def _shown(row: Row) -> Row:
    """A hook as maintainers see it; secrets only as "there is one"."""
    options = json.loads(row["options"])
    disabled = row["disabled_until"]
    return {
        **{key: row[key] for key in ("id", "url", "project_id", "created_at")},
        "name": row["name"] or "",
        "description": row["description"] or "",
        **options,
        "alert_status": "disabled" if disabled == "never" else "temporarily_disabled" if disabled else "executable",
        "disabled_until": None if disabled == "never" else disabled,
        "token_present": bool(row["token"]),
        "signing_token_present": bool(row["signing_token"]),
    }


def _pick(session: Session, ref: str, hook: str) -> Row:
    project = find_project(session, ref, MAINTAINER)
    row = session.store.one("SELECT * FROM hooks WHERE project_id = ? AND id = ?", project["id"], hook)
    if row is None:
        raise not_found("Hook")
    return row


@route("GET", "/projects/:ref/hooks")
def list_hooks(session: Session, request: Request, ref: str) -> Reply:
    """Every hook of the project."""
    project = find_project(session, ref, MAINTAINER)
    return listed(request, session.store.all("SELECT * FROM hooks WHERE project_id = ?", project["id"]), _shown)


@route("POST", "/projects/:ref/hooks")
def create(session: Session, request: Request, ref: str) -> Reply:
    """A new hook."""
    project = find_project(session, ref, MAINTAINER)
    request.text("url", required=True)
    columns = _columns(request, FLAGS)
    return Reply(
        201, _shown(session.store.insert("hooks", project_id=project["id"], **columns, created_at=session.now()))
    )


@route("GET", "/projects/:ref/hooks/:hook")
def get(session: Session, request: Request, ref: str, hook: str) -> Reply:
    """One hook."""
    return Reply(200, _shown(_pick(session, ref, hook)))


@route("PUT", "/projects/:ref/hooks/:hook")
def update(session: Session, request: Request, ref: str, hook: str) -> Reply:
    """Change a hook; secrets that are not sent stay."""
    row = _pick(session, ref, hook)
    columns = _columns(request, json.loads(row["options"]))
    return Reply(200, _shown(session.store.update("hooks", row["id"], **columns)))


@route("DELETE", "/projects/:ref/hooks/:hook")
def delete(session: Session, request: Request, ref: str, hook: str) -> Reply:
    """Delete a hook, and what it was still to be told."""
    session.store.delete("hooks", _pick(session, ref, hook)["id"])
    return Reply(204)


@route("POST", "/projects/:ref/hooks/:hook/test/:trigger")
def test(session: Session, request: Request, ref: str, hook: str, trigger: str) -> Deferred:
    """Tell the hook of the project's last issue at once, which switches a disabled one on again if it goes well."""
    row = _pick(session, ref, hook)
    if trigger not in ("issues_events", "confidential_issues_events"):
        raise message(400, "400 Bad request - trigger does not have a valid value")
    issue = session.store.one("SELECT * FROM issues WHERE project_id = ? ORDER BY id DESC", row["project_id"])
    if issue is None:
        raise message(422, "Ensure the project has issues.")
    project = session.store.get("projects", row["project_id"])
    sample = entry(session, row, trigger, hook_events.issue_body(session, issue, project, None, {}))

    def call(deliverer: Deliverer) -> Reply:
        status, ok = deliverer.send_now(row, sample)
        return Reply(201, {"message": "201 Created"}) if ok else Reply(422, {"message": f"Hook failed: {status}"})

    return Deferred(call)
