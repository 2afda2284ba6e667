"""Uploads to projects, by API and at the addresses texts carry."""

import mimetypes

from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox import uploads
from workflow.gitlab_sandbox.access import MAINTAINER, find_project, need_user
from workflow.gitlab_sandbox.reply import Reply, invalid, listed
from workflow.gitlab_sandbox.routing import route

INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


def served(session, row):
    """The file itself: pictures shown, everything else as a download."""
    kind = mimetypes.guess_type(row["filename"])[0] or "application/octet-stream"
    place = "inline" if kind in INLINE else "attachment"
    return Reply(
        200,
        body=uploads.content(session, row),
        content_type=kind,
        headers={
            "Content-Disposition": f'{place}; filename="{row["filename"]}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
        },
    )


@route("POST", "/projects/:ref/uploads")
def create(session, request, ref):
    project = find_project(session, ref)
    need_user(session)
    sent = request.file("file")
    if sent is None:
        raise invalid("file is missing" if not request.has("file") else "file is invalid")
    return Reply(201, show.upload(session, uploads.keep(session, project, sent.filename, sent.content)))


@route("GET", "/projects/:ref/uploads")
def list_uploads(session, request, ref):
    project = find_project(session, ref, MAINTAINER, reading=True)
    rows = session.store.all("SELECT * FROM uploads WHERE project_id = ? ORDER BY id DESC", project["id"])
    return listed(
        request,
        rows,
        lambda row: {
            "id": row["id"],
            "size": row["size"],
            "filename": row["filename"],
            "created_at": row["created_at"],
            "uploaded_by": {"id": row["user_id"]},
        },
    )


@route("GET", "/projects/:ref/uploads/:secret/:filename")
def get(session, request, ref, secret, filename):
    project = find_project(session, ref, reading=True)
    return served(session, uploads.find(session, project, secret, filename))


@route("DELETE", "/projects/:ref/uploads/:secret/:filename")
def delete(session, request, ref, secret, filename):
    project = find_project(session, ref, MAINTAINER)
    uploads.delete(session, uploads.find(session, project, secret, filename))
    return Reply(204)
