"""Description templates (`.gitlab/issue_templates/*.md`) and just enough of repository files to change them."""

import base64

from workflow.gitlab_sandbox.access import DEVELOPER, find_project
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, message, not_found
from workflow.gitlab_sandbox.routing import route

FOLDER = ".gitlab/issue_templates/"


@route("GET", "/projects/:ref/templates/issues")
def list_templates(session, request, ref):
    project = find_project(session, ref, reading=True)
    paths = session.store.column(
        "SELECT path FROM files WHERE project_id = ? AND path LIKE ? ORDER BY path", project["id"], f"{FOLDER}%.md"
    )
    names = [path[len(FOLDER) : -3] for path in paths]
    return listed(request, names, lambda name: {"key": name, "name": name})


@route("GET", "/projects/:ref/templates/issues/:name")
def get_template(session, request, ref, name):
    project = find_project(session, ref, reading=True)
    content = session.store.value(
        "SELECT content FROM files WHERE project_id = ? AND path = ?", project["id"], f"{FOLDER}{name}.md"
    )
    if content is None:
        raise not_found("Template")
    return Reply(200, {"name": name, "content": content})


def _content(request):
    text = request.text("content", required=True)
    if request.text("encoding", "text") == "base64":
        try:
            return base64.b64decode(text).decode("utf-8", "replace")
        except ValueError:
            raise invalid("content is invalid") from None
    return text


def _file(session, project, path):
    row = session.store.one("SELECT * FROM files WHERE project_id = ? AND path = ?", project["id"], path)
    if row is None:
        raise not_found("File")
    return row


@route("GET", "/projects/:ref/repository/files/:path")
def get_file(session, request, ref, path):
    row = _file(session, find_project(session, ref, reading=True), path)
    content = row["content"].encode()
    return Reply(
        200,
        {
            "file_name": path.rpartition("/")[2],
            "file_path": path,
            "size": len(content),
            "encoding": "base64",
            "content": base64.b64encode(content).decode(),
            "ref": "main",
        },
    )


@route("POST", "/projects/:ref/repository/files/:path")
def create_file(session, request, ref, path):
    project = find_project(session, ref, DEVELOPER)
    if session.store.value("SELECT 1 FROM files WHERE project_id = ? AND path = ?", project["id"], path):
        raise message(400, "A file with this name already exists")
    session.store.insert("files", project_id=project["id"], path=path, content=_content(request))
    return Reply(201, {"file_path": path, "branch": "main"})


@route("PUT", "/projects/:ref/repository/files/:path")
def update_file(session, request, ref, path):
    row = _file(session, find_project(session, ref, DEVELOPER), path)
    session.store.update("files", row["id"], content=_content(request))
    return Reply(200, {"file_path": path, "branch": "main"})


@route("DELETE", "/projects/:ref/repository/files/:path")
def delete_file(session, request, ref, path):
    row = _file(session, find_project(session, ref, DEVELOPER), path)
    session.store.run("DELETE FROM files WHERE id = ?", row["id"])
    return Reply(204)
