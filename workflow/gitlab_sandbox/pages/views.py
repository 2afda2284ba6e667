"""The addresses a person opens: who am I, projects, lists, issues, files. A form does what the same API call does."""

import mimetypes
import re
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from workflow.gitlab_sandbox import (
    access,
    issue_lists,
    issue_moves,
    issue_routes,
    issues,
    labels,
    links,
    members,
    milestones,
    notes,
    uploads,
)
from workflow.gitlab_sandbox.issue_presentation import assignees, issue_url, reference
from workflow.gitlab_sandbox.pages.rendering import ago, entries, label_parts, markdown, page, redirect, stylesheet, who
from workflow.gitlab_sandbox.reply import ApiError, Reply, forbidden, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

COOKIE = "sandbox_user"
View = Callable[..., Reply]
ADDRESSES: list[tuple[re.Pattern[str], View]] = []


def address(pattern: str) -> Callable[[View], View]:
    """Register a page; `pattern` is matched on the whole decoded path."""

    def register(view: View) -> View:
        ADDRESSES.append((re.compile(pattern), view))
        return view

    return register


def answer(session: Session, request: Request) -> Reply:
    """The page for a request, as the person of its cookie."""
    cookie = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    session.user = access.find_user(session.store, cookie.value) if cookie and not cookie.value.isdigit() else None
    if request.method not in ("GET", "POST"):
        raise message(405, "405 Method Not Allowed")
    origin = request.headers.get("origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise forbidden("this form was not sent from a page of the sandbox")
    path = session.path = unquote(request.path)
    for pattern, view in ADDRESSES:
        if found := pattern.fullmatch(path):
            return view(session, request, **found.groupdict())
    raise not_found()


def refusal(session: Session, error: ApiError) -> Reply:
    """An error as a page in plain words; a stranger is asked who they are and comes back."""
    if error.reply.status == 401:
        return page(session, "index.html", status=401, title="Who are you?", projects=None)
    text = error.reply.data.get("message") or error.reply.data.get("error")
    if isinstance(text, dict):
        text = "; ".join(f"{key} {', '.join(map(str, value))}" for key, value in text.items())
    return page(session, "message.html", status=error.reply.status, text=str(text))


@address("/-/sandbox/style.css")
def style(session: Session, request: Request) -> Reply:
    """The stylesheet."""
    return stylesheet()


@address("/")
def index(session: Session, request: Request) -> Reply:
    """The projects the person sees."""
    opened = "(SELECT COUNT(*) FROM issues i WHERE i.project_id = p.id AND i.state = 'opened') AS open"
    rows = session.store.all(f"SELECT p.*, {opened} FROM projects p ORDER BY full_path")
    return page(
        session, "index.html", title="Projects", projects=[row for row in rows if access.can_read(session, row)]
    )


@address("/-/sandbox/act_as")
def act_as(session: Session, request: Request) -> Reply:
    """Choose who one is; back to where one was."""
    user = access.find_user(session.store, request.text("username", required=True))
    if user is None:
        raise not_found("User")
    back = request.text("next", "/")
    back = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    cookie = f"{COOKIE}={user['username']}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"
    return redirect(back, {"Set-Cookie": cookie})


@address(r"/uploads/-/system/user/avatar/(?P<user_id>\d+)/(?P<name>[^/]+)")
def avatar(session: Session, request: Request, user_id: str, name: str) -> Reply:
    """The picture of a user."""
    path = uploads.avatar_path(session, int(user_id))
    if not path.exists():
        raise not_found()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Reply(200, body=path.read_bytes(), content_type=kind, headers={"Content-Security-Policy": "sandbox"})


@address(r"(?:/-/project/(?P<number>\d+)|/(?P<path>[^-].*?)(?:/-)?)/uploads/(?P<secret>[0-9a-f]{32})/(?P<name>[^/]+)")
def upload(session: Session, request: Request, number: str | None, path: str, secret: str, name: str) -> Reply:
    """A file, at the addresses texts carry."""
    row = uploads.find(session, access.find_project(session, number or path), secret, name)
    return uploads.served(uploads.path_of(session, row).read_bytes(), row["filename"])


@address(r"/(?P<path>.+?)/-/issues/?")
def project_issues(session: Session, request: Request, path: str) -> Reply:
    """The issues of a project, newest first."""
    project = access.find_project(session, path)
    request.params.setdefault("state", "opened")
    found = issue_lists.page(session, request, [project])
    rows = [
        row
        | {
            "url": issue_url(session, row),
            "tags": [label_parts(tag) for tag in labels.of_issue(session, row["id"])],
            "author": who(session, row["author_id"])["name"],
            "people": [one["name"] for one in assignees(session, row["id"])],
            "ago": ago(session, row["updated_at"]),
            "milestone": session.store.value("SELECT title FROM milestones WHERE id = ?", row["milestone_id"]),
        }
        for row in found.rows
    ]
    return page(
        session,
        "issues.html",
        title=f"Issues · {project['full_path']}",
        rows=rows,
        project=project,
        total=found.total,
        state=request.params["state"],
        search=request.text("search", ""),
        kept="&".join(f"{key}={quote(value)}" for key, value in request.query if key not in ("page", "state")),
        before=found.number - 1,
        after=found.number + 1 if found.number * found.size < found.total else 0,
    )


@address(r"/(?P<path>.+?)/-/issues/new")
def new_issue(session: Session, request: Request, path: str) -> Reply:
    """Write an issue."""
    project = access.find_project(session, path)
    if request.method == "GET":
        return page(session, "new.html", title=f"New issue · {project['full_path']}", project=project)
    access.need_user(session)
    request.text("title", required=True)
    made = issues.create(session, project, issues.asked(session, project, request))
    return redirect(issue_url(session, made, project))


@address(r"/(?P<path>.+?)/-/issues/(?P<iid>\d+)")
def issue(session: Session, request: Request, path: str, iid: str) -> Reply:
    """Read an issue, or do what the form names in `do`."""
    project = access.find_project(session, path)
    row = access.find_issue(session, project, iid)
    if request.method == "GET":
        return page(session, "issue.html", **_issue_context(session, project, row))
    access.need_user(session)
    act = ACTIONS.get(request.text("do", ""))
    if act is None:
        raise message(400, "400 Bad request - unknown action")
    return redirect(issue_url(session, act(session, request, project, row)))


def _edit(session: Session, request: Request, project: Row, row: Row) -> Row:
    """Whatever the form holds: title and description, labels, assignee, milestone, due date, confidentiality, state."""
    return issues.update(session, row, project, issues.asked(session, project, request))


def _comment(session: Session, request: Request, project: Row, row: Row) -> Row:
    """Comment, with a file if one was chosen; close or reopen as well, or only that."""
    sent = request.file("file")
    if sent and sent.filename and sent.content:
        notes.check_may_write(session, row, project)
        link = uploads.shown(uploads.keep(session, project, sent.filename, sent.content))["markdown"]
        request.params["body"] = f"{request.text('body', '')}\n\n{link}".strip()
    if request.text("body", "").strip() or not request.has("state_event"):
        notes.post(session, request, project, row)
    row = session.store.get("issues", row["id"])
    return _edit(session, request, project, row) if request.has("state_event") else row


def _note(session: Session, request: Request, project: Row, row: Row) -> Row:
    """Change or delete a comment."""
    note = notes.find(session, row, project, request.text("note", required=True))
    if request.text("delete"):
        notes.delete(session, note, project)
    else:
        notes.edit(session, request, project, row, note)
    return session.store.get("issues", row["id"])


def _move(session: Session, request: Request, project: Row, row: Row) -> Row:
    target = issue_routes.target(session, request.number("to", required=True))
    return issue_moves.move(session, row, project, target)


ACTIONS = {"comment": _comment, "edit": _edit, "move": _move, "note": _note}


def _issue_context(session: Session, project: Row, row: Row) -> dict[str, Any]:
    author = who(session, row["author_id"])
    carried = labels.of_issue(session, row["id"])
    moved = session.store.get("issues", row["moved_to_id"])
    on_it = assignees(session, row["id"])
    context = {
        "title": f"{row['title']} (#{row['iid']}) · {project['full_path']}",
        "issue": row,
        "project": project,
        "author": author["name"],
        "opened": ago(session, row["created_at"]),
        "html": markdown(session, row["description"], project),
        "tags": [label_parts(tag) for tag in carried],
        "entries": entries(session, row, project),
        "people_on_it": on_it,
        "assignee_id": on_it[0]["id"] if on_it else 0,
        "milestone": session.store.get("milestones", row["milestone_id"]),
        "linked": [
            other
            | {
                "kind": kind.replace("_", " "),
                "url": issue_url(session, other),
                "reference": reference(session, other, row),
            }
            for _, other, kind in links.of_issue(session, row)
        ],
        "moved_to": moved and issue_url(session, moved),
        "may_set": access.can_set_metadata(session, project),
        "may_edit": access.can_update_issue(session, row, project),
        "may_internal": access.level(session, project) >= access.REPORTER,
    }
    return context | (_choices(session, project, carried, moved) if context["may_set"] else {})


def _choices(session: Session, project: Row, carried: list[Row], moved: Row | None) -> dict[str, Any]:
    """What the person may choose from: labels, milestones, people, and projects to move to."""
    people = [session.store.get("users", one["user_id"]) for one in members.reaching(session, "project_id", project)]
    others = session.store.all("SELECT * FROM projects WHERE id != ? ORDER BY full_path", project["id"])
    return {
        "open_labels": [tag for tag in labels.available(session, project) if tag not in carried],
        "milestones": [one for one in milestones.usable_by(session, project) if one["state"] == "active"],
        "members": sorted(people, key=lambda user: user["name"]),
        "targets": [] if moved else [row for row in others if access.level(session, row) >= access.REPORTER],
    }


@address(r"/(?P<path>[^-].*)")
def project(session: Session, request: Request, path: str) -> Reply:
    """A project's front page is its list of issues; a person has none."""
    if "/" not in path and access.find_user(session.store, path):
        return redirect("/")
    return redirect(f"/{access.find_project(session, path)['full_path']}/-/issues")
