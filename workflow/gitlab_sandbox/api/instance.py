"""The instance itself: version, licence, settings, Markdown, search of people."""

from workflow.gitlab_sandbox import markdown, present
from workflow.gitlab_sandbox.access import find_project, need_admin, need_user
from workflow.gitlab_sandbox.reply import Reply, invalid, listed, not_found
from workflow.gitlab_sandbox.routing import route
from workflow.gitlab_sandbox.session import REVISION, VERSION

SETTINGS = {
    "default_projects_limit": 100000,
    "deletion_adjourned_period": 1,
    "throttle_authenticated_api_enabled": False,
    "throttle_authenticated_api_requests_per_period": 7200,
    "throttle_authenticated_api_period_in_seconds": 3600,
    "notes_create_limit": 300,
    "issues_create_limit": 0,
}


@route("GET", "/version")
def version(session, request):
    need_user(session)
    return Reply(200, {"version": VERSION, "revision": REVISION})


@route("GET", "/metadata")
def metadata(session, request):
    need_user(session)
    return Reply(
        200,
        {
            "version": VERSION,
            "revision": REVISION,
            "enterprise": True,
            "kas": {"enabled": False, "externalUrl": None, "externalKubernetesProxyUrl": None, "version": None},
        },
    )


@route("GET", "/license")
def licence(session, request):
    need_admin(session)
    if not session.premium:
        raise not_found()
    return Reply(
        200,
        {
            "id": 1,
            "plan": "premium",
            "created_at": session.now(),
            "starts_at": "2026-01-01",
            "expires_at": None,
            "expired": False,
            "user_limit": 0,
            "active_users": 1,
            "licensee": {},
        },
    )


@route("GET", "/application/settings")
def settings(session, request):
    need_admin(session)
    return Reply(200, {"id": 1, **SETTINGS, **session.store.setting("application", {})})


@route("PUT", "/application/settings")
def change_settings(session, request):
    need_admin(session)
    kept = session.store.setting("application", {})
    for name, default in SETTINGS.items():
        if request.has(name):
            kept[name] = request.flag(name) if isinstance(default, bool) else request.number(name)
    session.store.keep_setting("application", kept)
    merged = SETTINGS | kept
    session.application.limits.set(
        {
            "api": {
                "limit": merged["throttle_authenticated_api_requests_per_period"],
                "period": merged["throttle_authenticated_api_period_in_seconds"],
            }
            if merged["throttle_authenticated_api_enabled"]
            else None
        }
    )
    return Reply(200, {"id": 1, **SETTINGS, **kept})


@route("POST", "/markdown", anonymous=True)
def render(session, request):
    project = request.text("project")
    place = find_project(session, project) if project else None
    return Reply(201, {"html": markdown.rendered(session, request.text("text", required=True), place)})


@route("GET", "/search")
def search(session, request):
    scope = request.text("scope", required=True, choices={"users", "projects", "issues", "milestones"})
    word = f"%{request.text('search', required=True)}%"
    if scope != "users":
        raise invalid("scope does not have a valid value")
    rows = session.store.all("SELECT * FROM users WHERE name LIKE ?1 OR username LIKE ?1 ORDER BY id", word)
    return listed(request, rows, lambda row: present.user_basic(session, row))


@route("GET", "/topics")
def topics(session, request):
    return listed(request, [], None)


@route("GET", "/admin/ci/variables")
def variables(session, request):
    need_admin(session)
    return listed(request, [], None)
