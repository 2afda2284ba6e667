"""What the forms do: each is the same call the API makes, as the person who acts."""

from workflow.gitlab_sandbox import issue_moves, issues, notes, uploads
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import can_read_project, need_user, project_by
from workflow.gitlab_sandbox.api import notes as note_routes
from workflow.gitlab_sandbox.reply import message, not_found


def comment(session, request, project, issue):
    """Comment, with a file if one was chosen; with `turn` close or reopen as well, or only that."""
    sent = request.file("file")
    if sent and sent.filename and sent.content:
        notes.check_may_write(session, issue, project)
        link = show.upload(session, uploads.keep(session, project, sent.filename, sent.content))["markdown"]
        request.params["body"] = f"{request.text('body', '')}\n\n{link}".strip()
    turning = bool(request.text("turn"))
    if request.text("body", "").strip() or not turning:
        note_routes.post(session, request, project, issue)
    if turning:
        event = "close" if issue["state"] == "opened" else "reopen"
        issue = issues.update(session, session.store.get("issues", issue["id"]), project, {"state_event": event})
    return issue


def labels(session, request, project, issue):
    return issues.update(
        session,
        issue,
        project,
        {"add_labels": request.words("add") or [], "remove_labels": request.words("remove") or []},
    )


def facts(session, request, project, issue):
    """Assignee, milestone, due date, confidentiality: whichever the form holds."""
    sent = {}
    if request.has("assignee_id"):
        sent["assignee_ids"] = [request.number("assignee_id", 0)]
    if request.has("milestone_id"):
        sent["milestone_id"] = request.number("milestone_id", 0)
    if request.has("due_date"):
        sent["due_date"] = request.text("due_date")
    if request.has("confidential"):
        sent["confidential"] = request.flag("confidential")
    return issues.update(session, issue, project, sent)


def state(session, request, project, issue):
    event = request.text("event", required=True, choices={"close", "reopen"})
    return issues.update(session, issue, project, {"state_event": event})


def edit(session, request, project, issue):
    return issues.update(
        session,
        issue,
        project,
        {
            "title": request.text("title", required=True),
            "description": request.text("description", "").replace("\r\n", "\n"),
        },
    )


def move(session, request, project, issue):
    target = project_by(session.store, request.text("to", required=True))
    if target is None or not can_read_project(session, target):
        raise not_found("Project")
    return issue_moves.move(session, issue, project, target)


def edit_note(session, request, project, issue):
    row = notes.find(session, issue, project, request.text("note", required=True))
    if request.text("delete"):
        notes.delete(session, row, project)
    else:
        note_routes.change(session, request, project, issue, row)
    return session.store.get("issues", issue["id"])


def create(session, request, project):
    need_user(session)
    return issues.create(
        session,
        project,
        {
            "title": request.text("title", required=True),
            "description": request.text("description", "").replace("\r\n", "\n"),
            "confidential": bool(request.text("confidential")),
        },
    )


ACTIONS = {
    "comment": comment,
    "labels": labels,
    "facts": facts,
    "state": state,
    "edit": edit,
    "move": move,
    "note": edit_note,
}


def carry_out(session, request, project, issue):
    """Do what the form names in `do`; returns the issue to show next."""
    need_user(session)
    action = ACTIONS.get(request.text("do", ""))
    if action is None:
        raise message(400, "400 Bad request - unknown action")
    return action(session, request, project, issue)
