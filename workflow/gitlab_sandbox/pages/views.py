"""The addresses a person opens: who am I, projects, lists, issues, files. Changes go through `actions`."""

import mimetypes
import re
from http.cookies import SimpleCookie
from urllib.parse import quote, unquote, urlsplit

from workflow.gitlab_sandbox import issue_filters, labels, links, markdown, members, milestones, uploads
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import (
    REPORTER,
    can_read_group,
    can_read_project,
    can_set_metadata,
    can_update_issue,
    descendants,
    find_group,
    find_issue,
    find_project,
    find_user,
    project_level,
)
from workflow.gitlab_sandbox.api.uploads import served
from workflow.gitlab_sandbox.pages import actions
from workflow.gitlab_sandbox.pages.rendering import ago, page, redirect, stylesheet
from workflow.gitlab_sandbox.pages.timeline import entries, initials, label_parts
from workflow.gitlab_sandbox.reply import Reply, forbidden, message, not_found
from workflow.gitlab_sandbox.session import Session

COOKIE = "sandbox_user"
ADDRESSES = []


def address(pattern):
    """Register a page; `pattern` is matched on the whole decoded path."""

    def register(view):
        ADDRESSES.append((re.compile(pattern), view))
        return view

    return register


def answer(session: Session, request) -> Reply:
    """The page for a request, as the person of its cookie."""
    cookie = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    session.user = find_user(session.store, cookie.value) if cookie and not cookie.value.isdigit() else None
    if request.method not in ("GET", "POST"):
        raise message(405, "405 Method Not Allowed")
    if request.method == "POST":
        _check_origin(request)
    path = session.path = unquote(request.path)
    for pattern, view in ADDRESSES:
        if found := pattern.fullmatch(path):
            return view(session, request, **found.groupdict())
    raise not_found()


def refusal(session, error):
    """An error as a page in plain words; a stranger is asked who they are and comes back."""
    if error.reply.status == 401:
        return page(session, "index.html", status=401, title="Who are you?", projects=None)
    data = error.reply.data
    text = data.get("message") or data.get("error") if isinstance(data, dict) else data
    if isinstance(text, dict):
        text = "; ".join(f"{key} {', '.join(map(str, value))}" for key, value in text.items())
    return page(session, "message.html", status=error.reply.status, text=str(text))


def _check_origin(request):
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise forbidden("this form was not sent from a page of the sandbox")


@address("/-/sandbox/style.css")
def style(session, request):
    return stylesheet()


@address("/")
def index(session, request):
    rows = [
        row for row in session.store.all("SELECT * FROM projects ORDER BY full_path") if can_read_project(session, row)
    ]
    counts = {
        row["project_id"]: row["n"]
        for row in session.store.all(
            "SELECT project_id, COUNT(*) AS n FROM issues WHERE state = 'opened' GROUP BY project_id"
        )
    }
    return page(
        session, "index.html", title="Projects", projects=[row | {"open": counts.get(row["id"], 0)} for row in rows]
    )


@address("/-/sandbox/act_as|/users/sign_in")
def act_as(session, request):
    if request.method != "POST":
        session.path = "/"
        return page(session, "index.html", title="Who are you?", projects=None)
    user = find_user(session.store, request.text("username", required=True))
    if user is None:
        raise not_found("User")
    back = request.text("next", "/")
    back = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return redirect(
        back, {"Set-Cookie": f"{COOKIE}={user['username']}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"}
    )


@address(r"/uploads/-/system/(?P<kind>user|group|project)/avatar/(?P<row_id>\d+)/(?P<name>[^/]+)")
def avatar(session, request, kind, row_id, name):
    path = uploads.avatar_path(session, kind, row_id)
    if not path.exists():
        raise not_found()
    kind_of = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Reply(200, body=path.read_bytes(), content_type=kind_of, headers={"Content-Security-Policy": "sandbox"})


@address(r"(?:/-/project/(?P<number>\d+)|/(?P<path>[^-].*?)(?:/-)?)/uploads/(?P<secret>[0-9a-f]{32})/(?P<name>[^/]+)")
def upload(session, request, number, path, secret, name):
    project = find_project(session, number or path, reading=True)
    return served(session, uploads.find(session, project, secret, name))


def _listing(session, request, projects, heading, place, project=None, **fixed):
    request.params.setdefault("state", "opened")
    request.params |= fixed
    found = issue_filters.IssueQuery(session, request, projects).page()
    rows = [
        row
        | {
            "url": show.issue_url(session, row),
            "tags": [label_parts(tag) for tag in labels.of_issue(session, row["id"])],
            "author": session.store.value("SELECT name FROM users WHERE id = ?", row["author_id"]) or "Ghost user",
            "people": [one["name"] for one in show.assignees(session, row["id"])],
            "ago": ago(row["updated_at"], session.clock.now()),
            "milestone": session.store.value("SELECT title FROM milestones WHERE id = ?", row["milestone_id"]),
        }
        for row in found.rows
    ]
    kept = "&".join(f"{key}={quote(value)}" for key, value in request.query if key not in ("page", "state"))
    last = max(1, -(-found.total // found.size))
    return page(
        session,
        "issues.html",
        title=f"Issues · {heading}",
        heading=heading,
        place=place,
        rows=rows,
        project=project,
        total=found.total,
        state=request.params["state"],
        search=request.text("search", ""),
        kept=kept,
        number=found.number,
        before=found.number - 1,
        after=found.number + 1 if found.number < last else 0,
    )


@address(r"/groups/(?P<path>.+?)/-/issues|/groups/(?P<group>.+?)/-/milestones/(?P<iid>\d+)")
def group_issues(session, request, path, group, iid):
    row = find_group(session, path or group)
    inside = ",".join(map(str, descendants(session, row["id"])))
    projects = session.store.all(f"SELECT * FROM projects WHERE namespace_id IN ({inside})")
    if iid is None:
        return _listing(session, request, projects, row["full_path"], f"/groups/{row['full_path']}/-/issues")
    title = session.store.value("SELECT title FROM milestones WHERE group_id = ? AND iid = ?", row["id"], iid)
    return _listing(
        session, request, projects, title or row["full_path"], request.path, milestone=title or "none", state="all"
    )


@address(r"/(?P<path>.+?)/-/issues/?|/(?P<project>.+?)/-/milestones/(?P<iid>\d+)")
def project_issues(session, request, path, project, iid):
    row = find_project(session, path or project, reading=True)
    place = f"/{row['full_path']}/-/issues"
    if iid is None:
        return _listing(session, request, [row], row["full_path"], place, row)
    title = session.store.value("SELECT title FROM milestones WHERE project_id = ? AND iid = ?", row["id"], iid)
    return _listing(
        session, request, [row], title or row["full_path"], place, row, milestone=title or "none", state="all"
    )


@address(r"/(?P<path>.+?)/-/issues/new")
def new_issue(session, request, path):
    project = find_project(session, path, reading=request.method == "GET")
    if request.method == "POST":
        return redirect(show.issue_url(session, actions.create(session, request, project), project))
    return page(session, "new.html", title=f"New issue · {project['full_path']}", project=project)


@address(r"/(?P<path>.+?)/-/issues/(?P<iid>\d+)")
def issue(session, request, path, iid):
    project = find_project(session, path, reading=request.method == "GET")
    row = find_issue(session, project, iid)
    if request.method == "POST":
        shown = actions.carry_out(session, request, project, row)
        return redirect(show.issue_url(session, shown))
    return page(session, "issue.html", **_issue_context(session, project, row))


def _issue_context(session, project, row):
    may_set = can_set_metadata(session, project)
    author = session.store.get("users", row["author_id"])
    carried = labels.of_issue(session, row["id"])
    moved = session.store.get("issues", row["moved_to_id"]) if row["moved_to_id"] else None
    milestone = session.store.get("milestones", row["milestone_id"]) if row["milestone_id"] else None
    on_it = show.assignees(session, row["id"])
    return {
        "title": f"{row['title']} (#{row['iid']}) · {project['full_path']}",
        "issue": row,
        "project": project,
        "author": author["name"] if author else "Ghost user",
        "initials": initials(author["name"] if author else "Ghost"),
        "opened": ago(row["created_at"], session.clock.now()),
        "html": markdown.rendered(session, row["description"], project),
        "tags": [label_parts(tag) for tag in carried],
        "entries": entries(session, row, project),
        "people_on_it": on_it,
        "assignee_id": on_it[0]["id"] if on_it else 0,
        "milestone": milestone,
        "linked": _linked(session, row),
        "moved_to": moved and show.issue_url(session, moved),
        "may_set": may_set,
        "may_edit": can_update_issue(session, row, project),
        "may_internal": project_level(session, project) >= REPORTER,
        "url": show.issue_url(session, row, project),
        "open_labels": [tag for tag in labels.available(session, project) if tag not in carried] if may_set else [],
        "milestones": [one for one in milestones.usable_by(session, project) if one["state"] == "active"]
        if may_set
        else [],
        "members": _members(session, project) if may_set else [],
        "targets": _targets(session, project) if may_set and not moved else [],
    }


def _linked(session, row):
    return [
        {
            "kind": kind.replace("_", " "),
            "url": show.issue_url(session, other),
            "title": other["title"],
            "state": other["state"],
            "reference": links.reference(session, other, row),
        }
        for _link, other, kind in links.of_issue(session, row)
    ]


def _members(session, project):
    return sorted(
        (session.store.get("users", one["user_id"]) for one in members.reaching(session, "project_id", project)),
        key=lambda user: user["name"],
    )


def _targets(session, project):
    rows = session.store.all("SELECT * FROM projects WHERE id != ? ORDER BY full_path", project["id"])
    return [row for row in rows if project_level(session, row) >= REPORTER]


@address(r"/groups/(?P<path>.+)")
def group(session, request, path):
    row = find_group(session, path)
    if not can_read_group(session, row):
        raise not_found()
    return redirect(f"/groups/{row['full_path']}/-/issues")


@address(r"/(?P<path>[^-].*)")
def project(session, request, path):
    if "/" not in path and find_user(session.store, path):
        return redirect("/")
    return redirect(f"/{find_project(session, path, reading=True)['full_path']}/-/issues")
