"""People and their tokens: /user, /users and personal access tokens."""

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from workflow.gitlab_sandbox import uploads
from workflow.gitlab_sandbox.access import find_user, need_admin, need_user
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, message, not_found
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
GRAVATAR = "https://www.gravatar.com/avatar/{0:032x}?s=80&d=identicon"
EXTRAS = ("bio", "location", "public_email", "organization", "job_title")
SCOPES = {"api", "read_api", "read_user", "read_repository", "write_repository", "sudo"}
SWITCHES = {  # what becomes of a person's state, and what GitLab answers when they are in another one
    "block": ("active", "blocked", None),
    "unblock": ("blocked", "active", False),
    "ban": ("active", "banned", False),
    "unban": ("banned", "active", False),
}


def basic(session: Session, user: Row | None) -> Row | None:
    """How a user is named inside other objects; None for a deleted one."""
    if user is None:
        return None
    extra = json.loads(user["extra"])
    picture = extra.get("avatar")
    return {
        "id": user["id"],
        "username": user["username"],
        "public_email": extra.get("public_email", ""),
        "name": user["name"],
        "state": user["state"],
        "locked": False,
        "avatar_url": session.url(f"uploads/-/system/user/avatar/{user['id']}/{picture}") if picture else None,
        "web_url": session.url(user["username"]),
    }


def by_id(session: Session, user_id: int | None) -> Row | None:
    """The same of the user with this number."""
    return basic(session, session.store.get("users", user_id)) if user_id else None


def full(session: Session, user: Row) -> Row:
    """A user as /users/:id shows it; with e-mail and rights to themselves and to administrators."""
    extra = json.loads(user["extra"])
    shown = {**(basic(session, user) or {}), "created_at": user["created_at"], "bot": bool(user["bot"])}
    shown |= {name: extra.get(name, "") for name in EXTRAS}
    if session.is_admin or user["id"] == session.user_id:
        own = "SELECT id FROM namespaces WHERE kind = 'user' AND owner_id = ?"
        shown |= {
            "email": user["email"],
            "commit_email": user["email"],
            "is_admin": bool(user["admin"]),
            "external": False,
            "two_factor_enabled": False,
            "can_create_group": True,
            "can_create_project": True,
            "namespace_id": session.store.value(own, user["id"]),
        }
    return shown


def for_hooks(user: Row) -> Row:
    """A user as hooks name them."""
    named = {key: user[key] for key in ("id", "name", "username")}
    return named | {"avatar_url": GRAVATAR.format(user["id"]), "email": "[REDACTED]"}


def create(
    session: Session, username: str, name: str, email: str, *, admin: bool = False, bot: bool = False, **extra: Any
) -> Row:
    """A new user with a namespace of their own. Raises 409 when name or address is taken, 400 for a bad name."""
    store = session.store
    if not USERNAME.fullmatch(username) or username.lower().endswith((".git", ".atom")):
        rule = "can contain only letters, digits, '_', '-' and '.'. It must start with a letter, digit, or '_'."
        raise message(400, {"username": [rule]})
    if store.value("SELECT 1 FROM namespaces WHERE full_path = ?", username):
        raise message(409, "Username has already been taken")
    if store.value("SELECT 1 FROM users WHERE email = ?", email):
        raise message(409, "Email has already been taken")
    rights = {"admin": int(admin), "bot": int(bot)}
    at = session.now()
    user = store.insert(
        "users", username=username, name=name, email=email, **rights, extra=json.dumps(extra), created_at=at
    )
    place = {"name": name, "path": username, "full_path": username, "visibility": "public"}
    store.insert("namespaces", kind="user", owner_id=user["id"], **place, created_at=at)
    return user


def give_token(
    session: Session,
    user: Row,
    name: str,
    scopes: Sequence[str] = ("api",),
    *,
    secret: str | None = None,
    expires_at: str | None = None,
) -> Row:
    """A personal access token for `user`; `secret` is made up unless given. An existing equal one is kept."""
    secret = secret or f"glpat-{secrets.token_urlsafe(15)}"
    store = session.store
    store.run("DELETE FROM tokens WHERE token = ? AND user_id != ?", secret, user["id"])
    if row := store.one("SELECT * FROM tokens WHERE token = ?", secret):
        return row
    allowed = {"scopes": " ".join(scopes), "expires_at": expires_at}
    return store.insert("tokens", user_id=user["id"], token=secret, name=name, **allowed, created_at=session.now())


def _token_shown(row: Row, *, secret: bool = False) -> Row:
    shown = {key: row[key] for key in ("id", "name", "user_id", "created_at", "expires_at")}
    shown |= {"scopes": row["scopes"].split(), "revoked": bool(row["revoked"]), "active": not row["revoked"]}
    return shown | ({"token": row["token"]} if secret else {})


def _found(session: Session, user: str) -> Row:
    row = find_user(session.store, user) if user.isdigit() else None
    if row is None:
        raise not_found("User")
    return row


def _with_picture(session: Session, request: Request, row: Row) -> Row:
    if sent := request.file("avatar"):
        extra = json.loads(row["extra"]) | {"avatar": uploads.keep_avatar(session, row["id"], sent)}
        return session.store.update("users", row["id"], extra=json.dumps(extra))
    return row


@route("GET", "/user")
def current(session: Session, request: Request) -> Reply:
    """The person asking."""
    return Reply(200, full(session, need_user(session)))


@route("GET", "/users")
def list_users(session: Session, request: Request) -> Reply:
    """Everybody, newest first, or those of a name or state."""
    rows = session.store.all("SELECT * FROM users ORDER BY id DESC")
    if username := request.text("username"):
        rows = [row for row in rows if row["username"].lower() == username.lower().lstrip("@")]
    if search := request.text("search", "").lower():
        rows = [row for row in rows if search in f"{row['name']} {row['username']}".lower() or search == row["email"]]
    for state in ("active", "blocked"):
        if (wanted := request.flag(state)) is not None:
            rows = [row for row in rows if (row["state"] == state) == wanted]
    return listed(request, rows, lambda row: full(session, row) if session.is_admin else basic(session, row))


@route("GET", "/users/:user")
def get(session: Session, request: Request, user: str) -> Reply:
    """One user."""
    return Reply(200, full(session, _found(session, user)))


@route("POST", "/users")
def create_user(session: Session, request: Request) -> Reply:
    """A new user; administrators only."""
    need_admin(session)
    name, username, email = (request.text(field, required=True) for field in ("name", "username", "email"))
    ways = ("password", "reset_password", "force_random_password")
    if not any(request.has(way) for way in ways):
        raise invalid(f"{', '.join(ways)} are missing, at least one parameter must be provided")
    extra = {key: request.text(key) for key in EXTRAS if request.has(key)}
    row = create(session, username, name, email, admin=bool(request.flag("admin")), **extra)
    return Reply(201, full(session, _with_picture(session, request, row)))


@route("PUT", "/users/:user")
def update(session: Session, request: Request, user: str) -> Reply:
    """Change a user; administrators only."""
    need_admin(session)
    row = _found(session, user)
    extra = json.loads(row["extra"]) | {key: request.text(key) for key in EXTRAS if request.has(key)}
    columns = {key: request.text(key, required=True) for key in ("name", "email") if request.has(key)}
    row = session.store.update("users", row["id"], extra=json.dumps(extra), **columns)
    return Reply(200, full(session, _with_picture(session, request, row)))


@route("DELETE", "/users/:user")
def delete(session: Session, request: Request, user: str) -> Reply:
    """Delete a user; what they wrote stays, of nobody."""
    need_admin(session)
    session.store.delete("users", _found(session, user)["id"])
    return Reply(204)


def _register(word: str) -> None:
    before, after, refused = SWITCHES[word]

    @route("POST", f"/users/:user/{word}")
    def switch(session: Session, request: Request, user: str) -> Reply:
        need_admin(session)
        row = _found(session, user)
        if row["state"] != before:
            return Reply(201, refused)
        session.store.update("users", row["id"], state=after)
        return Reply(201, True)


for each in SWITCHES:
    _register(each)


@route("GET", "/personal_access_tokens/self", scope="self")
def own_token(session: Session, request: Request) -> Reply:
    """What the token sent may do, and until when."""
    return Reply(200, _token_shown(session.token or {}))


@route("DELETE", "/personal_access_tokens/self", scope="self")
def revoke_own(session: Session, request: Request) -> Reply:
    """Revoke the token sent."""
    session.store.update("tokens", (session.token or {})["id"], revoked=1)
    return Reply(204)


@route("POST", "/users/:user/personal_access_tokens")
def create_token(session: Session, request: Request, user: str) -> Reply:
    """A token for anybody; administrators only."""
    need_admin(session)
    scopes = request.words("scopes") or []
    if not scopes:
        raise invalid("scopes is missing")
    if not set(scopes) <= SCOPES:
        raise message(400, "400 Bad request - scopes can only contain available scopes")
    name, until = request.text("name", required=True), request.text("expires_at")
    made = give_token(session, _found(session, user), name, scopes, expires_at=until)
    return Reply(201, _token_shown(made, secret=True))
