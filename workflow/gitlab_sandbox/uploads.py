"""Uploaded files: on disk under the data directory, named by a secret, reachable only in their own project."""

import mimetypes
import re
import secrets
from pathlib import Path

from workflow.gitlab_sandbox.access import find_project, need_user
from workflow.gitlab_sandbox.reply import Reply, invalid, message, not_found
from workflow.gitlab_sandbox.request import Request, Upload
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

MAX_SIZE = 100 * 1024 * 1024
INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}
MEDIA = re.compile(r"\.(png|jpe?g|gif|bmp|tiff|ico|webp|svg|mp4|m4v|mov|webm|ogv|mp3|oga|ogg|wav)$", re.IGNORECASE)


def _plain(filename: str) -> str:
    return re.sub(r"[^\w.-]", "_", filename.replace("\\", "/").rpartition("/")[2]) or "file"


def path_of(session: Session, row: Row) -> Path:
    """Where an uploaded file is."""
    return session.store.uploads_dir / str(row["project_id"]) / row["secret"]


def keep(session: Session, project: Row, filename: str, content: bytes) -> Row:
    """Store a file for the project; returns its row. Raises 413 above 100 MB."""
    if len(content) > MAX_SIZE:
        raise message(413, "413 Request Entity Too Large")
    row = session.store.insert(
        "uploads",
        project_id=project["id"],
        user_id=session.user_id,
        secret=secrets.token_hex(16),
        filename=_plain(filename),
        size=len(content),
        created_at=session.now(),
    )
    path_of(session, row).parent.mkdir(exist_ok=True)
    path_of(session, row).write_bytes(content)
    return row


def shown(row: Row) -> Row:
    """The reply to an upload: what to put into a text, and where the file is."""
    url = f"/uploads/{row['secret']}/{row['filename']}"
    media = MEDIA.search(row["filename"])
    alt = row["filename"].rsplit(".", 1)[0] if media else row["filename"]
    markdown = f"{'!' if media else ''}[{alt}]({url})"
    full_path = f"/-/project/{row['project_id']}{url}"
    return {"id": row["id"], "alt": alt, "url": url, "full_path": full_path, "markdown": markdown}


def find(session: Session, project: Row, secret: str, filename: str) -> Row:
    """The row of an upload of this project. Raises 404."""
    sql = "SELECT * FROM uploads WHERE project_id = ? AND secret = ? AND filename = ?"
    row = session.store.one(sql, project["id"], secret, filename)
    if row is None:
        raise not_found()
    return row


def copy(session: Session, secret: str, target: Row) -> str | None:
    """A copy of the file in another project, as its relative address; None when there is no such file."""
    row = session.store.one("SELECT * FROM uploads WHERE secret = ?", secret)
    if row is None:
        return None
    return str(shown(keep(session, target, row["filename"], path_of(session, row).read_bytes()))["url"])


def keep_avatar(session: Session, user_id: int, sent: Upload) -> str:
    """Store the picture of a user; returns its name."""
    path = avatar_path(session, user_id)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(sent.content)
    return _plain(sent.filename)


def avatar_path(session: Session, user_id: int) -> Path:
    """Where the picture of a user is."""
    return session.store.uploads_dir / "avatars" / str(user_id)


def served(content: bytes, filename: str) -> Reply:
    """A file itself: pictures shown, everything else as a download."""
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    place = "inline" if kind in INLINE else "attachment"
    headers = {
        "Content-Disposition": f'{place}; filename="{filename}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    return Reply(200, body=content, content_type=kind, headers=headers)


@route("POST", "/projects/:ref/uploads")
def create(session: Session, request: Request, ref: str) -> Reply:
    """Upload a file."""
    project = find_project(session, ref)
    need_user(session)
    sent = request.file("file")
    if sent is None:
        raise invalid("file is invalid" if request.has("file") else "file is missing")
    return Reply(201, shown(keep(session, project, sent.filename, sent.content)))


@route("GET", "/projects/:ref/uploads/:secret/:filename")
def get(session: Session, request: Request, ref: str, secret: str, filename: str) -> Reply:
    """Download a file."""
    row = find(session, find_project(session, ref), secret, filename)
    return served(path_of(session, row).read_bytes(), row["filename"])
