"""Webhooks of projects (and groups, on Premium): CRUD, test, log, resend."""

import json
import re

from workflow.gitlab_sandbox import hook_test, hooks
from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import MAINTAINER, OWNER, find_group, find_project, need_admin
from workflow.gitlab_sandbox.reply import ApiError, Reply, invalid, listed, not_found
from workflow.gitlab_sandbox.routing import route

TEXTS = ("name", "description", "token", "signing_token", "url")
SIGNING_TOKEN = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
DEFAULTS = {f"{event}_events": event == "push" for event in hooks.EVENTS} | {
    "enable_ssl_verification": True,
    "push_events_branch_filter": "",
    "branch_filter_strategy": "wildcard",
    "custom_webhook_template": None,
    "custom_headers": [],
}


def _columns(request, options):
    columns = {name: request.text(name) for name in TEXTS if request.has(name)}
    if "url" in columns and not re.match(r"https?://[^\s/]+", columns["url"] or ""):
        raise ApiError(422, {"error": "Invalid url given"})
    if columns.get("signing_token") and not SIGNING_TOKEN.fullmatch(columns["signing_token"]):
        raise ApiError(422, {"error": "Signing token must be in the format whsec_<base64 of 32 bytes>"})
    for name in DEFAULTS:
        if not request.has(name):
            continue
        if isinstance(DEFAULTS[name], bool):
            options[name] = request.flag(name, False)
        elif name == "custom_headers":
            options[name] = _headers(request)
        else:
            options[name] = request.text(name)
    return columns | {"options": json.dumps(options)}


def _headers(request):
    headers = request.params["custom_headers"] or []
    good = isinstance(headers, list) and all(isinstance(one, dict) and one.get("key") for one in headers)
    if not good or len(headers) > 20:
        raise invalid("custom_headers is invalid")
    return [{"key": str(one["key"]), "value": str(one.get("value", ""))} for one in headers]


def _register(place, column, find, level):
    one = f"/{place}/:ref/hooks/:hook"

    def owner_id(session, ref):
        owner = find(session, ref, level)
        if column == "group_id" and not session.premium:
            raise not_found()
        return owner["id"]

    def pick(session, ref, hook):
        row = session.store.one(f"SELECT * FROM hooks WHERE {column} = ? AND id = ?", owner_id(session, ref), hook)
        if row is None:
            raise not_found("Hook")
        return row

    @route("GET", f"/{place}/:ref/hooks")
    def list_hooks(session, request, ref):
        rows = session.store.all(f"SELECT * FROM hooks WHERE {column} = ? ORDER BY id", owner_id(session, ref))
        return listed(request, rows, show.hook)

    @route("POST", f"/{place}/:ref/hooks")
    def create(session, request, ref):
        request.text("url", required=True)
        owner = owner_id(session, ref)
        hook_id = session.store.insert(
            "hooks", **{column: owner}, created_at=session.now(), **_columns(request, dict(DEFAULTS))
        )
        return Reply(201, show.hook(session.store.get("hooks", hook_id)))

    @route("GET", one)
    def get(session, request, ref, hook):
        return Reply(200, show.hook(pick(session, ref, hook)))

    @route("PUT", one)
    def update(session, request, ref, hook):
        row = pick(session, ref, hook)
        session.store.update("hooks", row["id"], **_columns(request, json.loads(row["options"])))
        return Reply(200, show.hook(session.store.get("hooks", row["id"])))

    @route("DELETE", one)
    def delete(session, request, ref, hook):
        session.store.run("DELETE FROM hooks WHERE id = ?", pick(session, ref, hook)["id"])
        return Reply(204)

    @route("POST", f"{one}/test/:trigger")
    def test(session, request, ref, hook, trigger):
        return hook_test.send(session, pick(session, ref, hook), trigger)

    @route("GET", f"{one}/events")
    def events(session, request, ref, hook):
        rows = session.store.all(
            "SELECT * FROM hook_deliveries WHERE hook_id = ? ORDER BY id DESC", pick(session, ref, hook)["id"]
        )
        if status := request.words("status"):
            rows = [row for row in rows if _has_status(row, status)]
        return listed(request, rows, _log_entry)

    @route("POST", f"{one}/events/:event/resend")
    def resend(session, request, ref, hook, event):
        row = session.store.one(
            "SELECT * FROM hook_deliveries WHERE hook_id = ? AND id = ?", pick(session, ref, hook)["id"], event
        )
        if row is None:
            raise not_found("Hook Event")
        return hook_test.resend(row)


def _has_status(row, wanted):
    code = row["response_status"]
    names = {
        "successful": code.startswith("2"),
        "client_failure": code.startswith("4"),
        "server_failure": code.startswith("5") or code == "internal error",
    }
    return any(code == one or names.get(one, False) for one in wanted)


def _log_entry(row):
    return {
        "id": row["id"],
        "url": row["url"],
        "trigger": row["trigger_name"],
        "request_headers": json.loads(row["request_headers"]),
        "request_data": json.loads(row["request_data"]),
        "response_headers": json.loads(row["response_headers"]),
        "response_body": row["response_body"],
        "execution_duration": row["execution_duration"],
        "response_status": row["response_status"],
        "created_at": row["created_at"],
    }


_register("projects", "project_id", find_project, MAINTAINER)
_register("groups", "group_id", find_group, OWNER)


@route("GET", "/hooks")
def list_system_hooks(session, request):
    need_admin(session)
    return listed(
        request, session.store.all("SELECT * FROM hooks WHERE project_id IS NULL AND group_id IS NULL"), show.hook
    )


@route("POST", "/hooks")
def create_system_hook(session, request):
    need_admin(session)
    request.text("url", required=True)
    hook_id = session.store.insert("hooks", created_at=session.now(), **_columns(request, dict(DEFAULTS)))
    return Reply(201, show.hook(session.store.get("hooks", hook_id)))


@route("DELETE", "/hooks/:hook")
def delete_system_hook(session, request, hook):
    need_admin(session)
    if not session.store.run("DELETE FROM hooks WHERE id = ? AND project_id IS NULL AND group_id IS NULL", hook):
        raise not_found("Hook")
    return Reply(204)
