"""Uploaded files: on disk under the data directory, named by a secret."""

import re
import secrets

from workflow.gitlab_sandbox.reply import message, not_found

MAX_SIZE = 100 * 1024 * 1024


def keep(session, project, filename, content):
    """Store a file for the project; returns its row. Raises 413 above 100 MB."""
    if len(content) > MAX_SIZE:
        raise message(413, "413 Request Entity Too Large")
    name = re.sub(r"[^\w.-]", "_", filename.replace("\\", "/").rpartition("/")[2]) or "file"
    secret = secrets.token_hex(16)
    path = session.store.uploads_dir / str(project["id"]) / secret
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    upload_id = session.store.insert(
        "uploads",
        project_id=project["id"],
        user_id=session.user_id,
        secret=secret,
        filename=name,
        size=len(content),
        created_at=session.now(),
    )
    return session.store.get("uploads", upload_id)


def find(session, project, secret, filename):
    """The row of an upload of this project. Raises 404: a file is reachable only in its own project."""
    row = session.store.one(
        "SELECT * FROM uploads WHERE project_id = ? AND secret = ? AND filename = ?", project["id"], secret, filename
    )
    if row is None:
        raise not_found()
    return row


def content(session, row):
    return (session.store.uploads_dir / str(row["project_id"]) / row["secret"]).read_bytes()


def delete(session, row):
    session.store.run("DELETE FROM uploads WHERE id = ?", row["id"])
    (session.store.uploads_dir / str(row["project_id"]) / row["secret"]).unlink(missing_ok=True)


def keep_avatar(session, kind, row_id, sent):
    """Store a picture of a user, group or project (`kind`); returns its name."""
    path = avatar_path(session, kind, row_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sent.content)
    return re.sub(r"[^\w.-]", "_", sent.filename)


def avatar_path(session, kind, row_id):
    return session.store.uploads_dir / "avatars" / f"{kind}-{int(row_id)}"


def copy(session, secret, target):
    """A copy of the file in another project, as its relative address; None when there is no such file."""
    row = session.store.one("SELECT * FROM uploads WHERE secret = ?", secret)
    if row is None:
        return None
    new = keep(session, target, row["filename"], content(session, row))
    return f"/uploads/{new['secret']}/{new['filename']}"
