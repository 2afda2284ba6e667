"""People and their tokens."""

import json
import re
import secrets

from workflow.gitlab_sandbox.reply import message

USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
EXTRAS = (
    "bio",
    "location",
    "public_email",
    "organization",
    "job_title",
    "pronouns",
    "skype",
    "linkedin",
    "website_url",
    "note",
    "external",
    "identities",
    "avatar",
    "can_create_group",
    "projects_limit",
    "private_profile",
)


def create(session, username, name, email, *, admin=False, bot=False, **extra):
    """A new user with a namespace of their own. Raises 409 when name or address is taken, 400 for a bad name."""
    store = session.store
    if not USERNAME.fullmatch(username) or username.lower().endswith((".git", ".atom")):
        raise message(
            400,
            {
                "username": [
                    "can contain only letters, digits, '_', '-' and '.'. It must start with a letter, digit, or '_'."
                ]
            },
        )
    if store.value("SELECT 1 FROM users WHERE username = ?", username) or store.value(
        "SELECT 1 FROM namespaces WHERE full_path = ?", username
    ):
        raise message(409, "Username has already been taken")
    if store.value("SELECT 1 FROM users WHERE email = ?", email):
        raise message(409, "Email has already been taken")
    user_id = store.insert(
        "users",
        username=username,
        name=name,
        email=email,
        admin=int(admin),
        bot=int(bot),
        extra=json.dumps({key: value for key, value in extra.items() if key in EXTRAS}),
        created_at=session.now(),
    )
    store.insert(
        "namespaces",
        kind="user",
        name=name,
        path=username,
        full_path=username,
        owner_id=user_id,
        visibility="public",
        created_at=session.now(),
    )
    return store.get("users", user_id)


def edit(session, user, changes):
    """Change the fields named in `changes`; unknown ones are dropped silently."""
    columns = {key: changes[key] for key in ("name", "email", "username") if changes.get(key)}
    if "admin" in changes:
        columns["admin"] = int(bool(changes["admin"]))
    extra = json.loads(user["extra"]) | {key: changes[key] for key in EXTRAS if key in changes}
    if changes.get("provider") and changes.get("extern_uid"):
        others = [one for one in extra.get("identities", []) if one["provider"] != changes["provider"]]
        extra["identities"] = [*others, {"provider": changes["provider"], "extern_uid": str(changes["extern_uid"])}]
    session.store.update("users", user["id"], extra=json.dumps(extra), **columns)
    if "username" in columns:
        session.store.run(
            "UPDATE namespaces SET path = ?1, full_path = ?1 WHERE owner_id = ?2 AND kind = 'user'",
            columns["username"],
            user["id"],
        )
    return session.store.get("users", user["id"])


def delete(session, user):
    session.store.run("DELETE FROM users WHERE id = ?", user["id"])


def give_token(session, user, name, scopes=("api",), *, secret=None, expires_at=None, impersonation=False):
    """A personal access token for `user`; `secret` is made up unless given. An existing equal one is kept."""
    secret = secret or f"glpat-{secrets.token_urlsafe(15)}"
    store = session.store
    store.run("DELETE FROM tokens WHERE token = ? AND user_id != ?", secret, user["id"])
    if row := store.one("SELECT * FROM tokens WHERE token = ?", secret):
        return row
    token_id = store.insert(
        "tokens",
        user_id=user["id"],
        token=secret,
        name=name,
        scopes=" ".join(scopes),
        expires_at=expires_at,
        impersonation=int(impersonation),
        created_at=session.now(),
    )
    return store.get("tokens", token_id)
