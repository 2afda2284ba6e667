"""/user, /users and personal access tokens."""

import json

from workflow.gitlab_sandbox import present, uploads, users
from workflow.gitlab_sandbox.access import find_user, need_admin, need_user
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, message, not_found
from workflow.gitlab_sandbox.routing import route

FIELDS = (
    "name",
    "username",
    "email",
    "bio",
    "location",
    "public_email",
    "organization",
    "job_title",
    "note",
    "provider",
    "extern_uid",
)


def _found(session, user):
    row = find_user(session.store, user) if user.isdigit() else None
    if row is None:
        raise not_found("User")
    return row


def _shown(session, row):
    return present.user_full(session, row, private=session.is_admin or row["id"] == session.user_id)


@route("GET", "/user", scope="read")
def current(session, request):
    return Reply(200, present.user_full(session, need_user(session), private=True))


@route("GET", "/users", anonymous=True)
def list_users(session, request):
    need_user(session)
    rows = session.store.all("SELECT * FROM users ORDER BY id DESC")
    if username := request.text("username"):
        rows = [row for row in rows if row["username"].lower() == username.lower().lstrip("@")]
    if search := request.text("search"):
        word = search.lower()
        rows = [
            row
            for row in rows
            if word in row["name"].lower() or word in row["username"].lower() or row["email"].lower() == word
        ]
    for name, state in (("active", "active"), ("blocked", "blocked")):
        if (wanted := request.flag(name)) is not None:
            rows = [row for row in rows if (row["state"] == state) == wanted]
    return listed(
        request,
        rows,
        lambda row: (
            present.user_full(session, row, private=True) if session.is_admin else present.user_basic(session, row)
        ),
    )


@route("GET", "/users/:user")
def get(session, request, user):
    return Reply(200, _shown(session, _found(session, user)))


@route("POST", "/users")
def create(session, request):
    need_admin(session)
    sent = {name: request.text(name) for name in FIELDS if request.has(name)}
    name, username, email = (request.text(field, required=True) for field in ("name", "username", "email"))
    if not (request.has("password") or request.flag("reset_password") or request.flag("force_random_password")):
        raise invalid(
            "password, reset_password, force_random_password are missing, at least one parameter must be provided"
        )
    row = users.create(
        session,
        username,
        name,
        email,
        admin=request.flag("admin", False),
        **{key: sent[key] for key in users.EXTRAS if key in sent},
    )
    if sent_file := request.file("avatar"):
        row = users.edit(session, row, {"avatar": uploads.keep_avatar(session, "user", row["id"], sent_file)})
    return Reply(201, _shown(session, row))


@route("PUT", "/users/:user")
def update(session, request, user):
    need_admin(session)
    row = _found(session, user)
    changes = {name: request.text(name) for name in FIELDS if request.has(name)}
    if request.has("admin"):
        changes["admin"] = request.flag("admin")
    if sent_file := request.file("avatar"):
        changes["avatar"] = uploads.keep_avatar(session, "user", row["id"], sent_file)
    return Reply(200, _shown(session, users.edit(session, row, changes)))


@route("DELETE", "/users/:user")
def delete(session, request, user):
    need_admin(session)
    users.delete(session, _found(session, user))
    return Reply(204)


@route("DELETE", "/users/:user/identities/:provider")
def delete_identity(session, request, user, provider):
    need_admin(session)
    row = _found(session, user)
    kept = [one for one in json.loads(row["extra"]).get("identities", []) if one["provider"] != provider]
    users.edit(session, row, {"identities": kept})
    return Reply(204)


def _switch(session, user, state, from_state, *, refused):
    need_admin(session)
    row = _found(session, user)
    if row["state"] != from_state:
        return refused
    session.store.update("users", row["id"], state=state)
    return Reply(201, True)


@route("POST", "/users/:user/block")
def block(session, request, user):
    return _switch(session, user, "blocked", "active", refused=Reply(201, None))


@route("POST", "/users/:user/unblock")
def unblock(session, request, user):
    return _switch(session, user, "active", "blocked", refused=Reply(201, False))


@route("POST", "/users/:user/deactivate")
def deactivate(session, request, user):
    return _switch(session, user, "deactivated", "active", refused=Reply(201, True))


@route("POST", "/users/:user/activate")
def activate(session, request, user):
    return _switch(session, user, "active", "deactivated", refused=Reply(201, True))


@route("POST", "/users/:user/ban")
def ban(session, request, user):
    return _switch(session, user, "banned", "active", refused=Reply(201, False))


@route("POST", "/users/:user/unban")
def unban(session, request, user):
    return _switch(session, user, "active", "banned", refused=Reply(201, False))


@route("GET", "/personal_access_tokens/self", scope="self")
def own_token(session, request):
    need_user(session)
    return Reply(200, present.token(session.token))


@route("POST", "/personal_access_tokens/self/rotate", scope="self")
def rotate_own(session, request):
    return _rotate(session, request, session.token)


@route("DELETE", "/personal_access_tokens/self", scope="self")
def revoke_own(session, request):
    session.store.update("tokens", session.token["id"], revoked=1)
    return Reply(204)


def _rotate(session, request, row):
    session.store.update("tokens", row["id"], revoked=1)
    user = session.store.get("users", row["user_id"])
    new = users.give_token(session, user, row["name"], row["scopes"].split(), expires_at=request.text("expires_at"))
    return Reply(200, present.token(new, secret=True))


def _token(session, token):
    row = session.store.get("tokens", token)
    if row is None or not (session.is_admin or row["user_id"] == session.user_id):
        raise not_found()
    return row


@route("GET", "/personal_access_tokens")
def list_tokens(session, request):
    owner = request.number("user_id") if session.is_admin else need_user(session)["id"]
    rows = session.store.all(
        "SELECT * FROM tokens WHERE impersonation = 0 AND (?1 IS NULL OR user_id = ?1) ORDER BY id", owner
    )
    return listed(request, rows, present.token)


@route("GET", "/personal_access_tokens/:token")
def get_token(session, request, token):
    return Reply(200, present.token(_token(session, token)))


@route("DELETE", "/personal_access_tokens/:token")
def revoke(session, request, token):
    session.store.update("tokens", _token(session, token)["id"], revoked=1)
    return Reply(204)


@route("POST", "/personal_access_tokens/:token/rotate")
def rotate(session, request, token):
    return _rotate(session, request, _token(session, token))


def _create_token(session, request, user, impersonation):
    need_admin(session)
    row = _found(session, user)
    scopes = request.words("scopes") or []
    if not scopes:
        raise invalid("scopes is missing")
    if not set(scopes) <= {"api", "read_api", "read_user", "read_repository", "write_repository", "sudo"}:
        raise message(400, "400 Bad request - scopes can only contain available scopes")
    made = users.give_token(
        session,
        row,
        request.text("name", required=True),
        scopes,
        expires_at=request.text("expires_at"),
        impersonation=impersonation,
    )
    return Reply(201, present.token(made, secret=True) | {"impersonation": impersonation})


@route("POST", "/users/:user/personal_access_tokens")
def create_token(session, request, user):
    return _create_token(session, request, user, False)


@route("POST", "/users/:user/impersonation_tokens")
def create_impersonation_token(session, request, user):
    return _create_token(session, request, user, True)


@route("GET", "/users/:user/impersonation_tokens")
def list_impersonation_tokens(session, request, user):
    need_admin(session)
    rows = session.store.all(
        "SELECT * FROM tokens WHERE impersonation = 1 AND user_id = ? ORDER BY id", _found(session, user)["id"]
    )
    if state := request.text("state", choices={"all", "active", "inactive"}):
        rows = [row for row in rows if state == "all" or (state == "active") != bool(row["revoked"])]
    return listed(request, rows, present.token)


@route("DELETE", "/users/:user/impersonation_tokens/:token")
def revoke_impersonation_token(session, request, user, token):
    need_admin(session)
    session.store.run("UPDATE tokens SET revoked = 1 WHERE id = ? AND user_id = ?", token, _found(session, user)["id"])
    return Reply(204)
