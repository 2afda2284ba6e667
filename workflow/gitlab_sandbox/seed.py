"""The handbook's world: its trackers, the sample people, the deployment milestones, the labels and templates."""

from datetime import date

from workflow.gitlab_sandbox import labels, milestones, places, users
from workflow.gitlab_sandbox.access import MAINTAINER, REPORTER, find_user
from workflow.gitlab_sandbox.session import Session

BOT = "support-bot"
RESTRICTED = "gitlab-com/support/support-ops/zendesk-us-federal"
ISSUE_TRACKER = "gitlab-com/gl-security/corp/cust-support-ops/issue-tracker"
TRACKERS = {
    "gitlab-com/support/support-ops/other-software/calendly": "Calendly",
    "gitlab-com/support/support-team-meta": "Support Team Meta",
    "gitlab-com/support/support-ops/support-ops-project": "Support Ops Project",
    "gitlab-com/support/support-ops/zendesk-global/macros": "Macros",
    RESTRICTED: "Zendesk US Federal",
    "gitlab-com/support/team": "Support Team",
    ISSUE_TRACKER: "Issue Tracker",
}
PEOPLE = {
    "requester": "Rita Requester",
    "colleague": "Colin Colleague",
    "manager": "Maya Manager",
    "standin": "Stan Standin",
    "ops": "Oona Ops",
    "federal": "Fay Federal",
    "lead": "Lea Lead",
    "admin": "Ada Admin",
}
OPS_PEOPLE = ("ops", "lead", "federal")
# to be pinged: members of a tracker's own group would inherit access to the restricted tracker below it
TEAM_HANDLE = ("gitlab-support-readiness", "cust_support_ops_team")
STAGES = {
    "Triage": "#9400d3",
    "Design": "#8fbc8f",
    "Planning": "#6699cc",
    "Development": "#cc338b",
    "Validation": "#7b68b0",
    "Completed": "#808080",
    "Blocked": "#ff0000",
    "Backlogged": "#34495e",
}
CUSTOMERS = ("Security", "Engineering", "Finance", "People", "Support", "Field", "Marketing")
PLAIN_LABELS = {
    "bug": "#d9534f",
    "feature": "#428bca",
    "administrative": "#5843ad",
    "p1": "#c9302c",
    "p2": "#e67e22",
    "p3": "#f0ad4e",
    "p4": "#69d100",
    "Zendesk": "#03363d",
    "Calendly": "#006bff",
    "Salesforce": "#0d9dda",
    "Zapier": "#ff4f00",
    "roadmap_item": "#330066",
}
MONTHS_BEHIND, MONTHS_AHEAD = 2, 14
TEMPLATES = {
    ISSUE_TRACKER: {
        "Bug": "## What is broken\n\n\n## Steps to reproduce\n\n1. \n\n## What you expected\n\n\n## Severity\n\n\n"
        "/label ~bug\n",
        "Feature": "## What you need and why\n\n\n## Expected outcome\n\n\n## Who is affected\n\n\n/label ~feature\n",
        "Incident": "## What is happening\n\n\n## Who is affected\n\n\n## Steps already tried\n\n",
    },
    RESTRICTED: {"Macros": "## Macro\n\nTitle:\n\n## Change\n\n\n## Reason\n\n\n/confidential\n"},
}


def prepare(application, token, *, empty, bot_token):
    """Make sure there is an administrator with `token` and, unless `empty`, the seeded world; returns the bot's token.

    The world is made once; on later starts only the milestones of new months are added.
    """
    store = application.store
    with store.transaction():
        session = Session(store, application.clock, application.base_url, application.premium, application=application)
        root = find_user(store, "root") or users.create(
            session, "root", "Administrator", "root@example.com", admin=True
        )
        users.give_token(session, root, "administrator", ("api", "sudo"), secret=token)
        if empty and not store.setting("seeded"):
            return None
        session.user = root
        if not store.setting("seeded"):
            _people(session)
            _places(session)
            _labels(session)
            store.keep_setting("seeded", True)
        _milestones(session)
        year_ahead = session.today().replace(year=session.today().year + 1, day=1).isoformat()
        users.give_token(session, find_user(store, BOT), "portal", secret=bot_token, expires_at=year_ahead)
        store.keep_setting("bot_token", bot_token)
        return bot_token


def _people(session):
    for username, name in PEOPLE.items():
        users.create(session, username, name, f"{username}@example.com")
    users.create(session, BOT, "Support Bot", f"{BOT}@example.com", bot=True)


def _places(session):
    for path, name in TRACKERS.items():
        parent = _group(session, path.split("/")[:-1])
        project = places.new_project(
            session, name, path.split("/")[-1], parent, visibility="private" if path == RESTRICTED else "internal"
        )
        for username in PEOPLE:
            if path == RESTRICTED and username != "federal":
                continue
            level = MAINTAINER if username in OPS_PEOPLE else REPORTER
            places.add_member(session, find_user(session.store, username)["id"], level, project_id=project["id"])
        for template, content in TEMPLATES.get(path, {}).items():
            session.store.insert(
                "files", project_id=project["id"], path=f".gitlab/issue_templates/{template}.md", content=content
            )
    places.add_member(
        session, find_user(session.store, BOT)["id"], MAINTAINER, group_id=_group(session, ["gitlab-com"])["id"]
    )
    team = _group(session, list(TEAM_HANDLE))
    for username in OPS_PEOPLE:
        places.add_member(session, find_user(session.store, username)["id"], MAINTAINER, group_id=team["id"])


def _group(session, parts):
    """The group of that path, with those above it; made where missing."""
    parent = None
    for at, part in enumerate(parts):
        path = "/".join(parts[: at + 1])
        parent = session.store.one("SELECT * FROM namespaces WHERE full_path = ?", path) or places.new_group(
            session, part.replace("-", " ").capitalize(), part, parent=parent, visibility="internal", owner=False
        )
    return parent


def _labels(session):
    top = _group(session, ["gitlab-com"])["id"]
    wanted = {f"Stage::{name}": colour for name, colour in STAGES.items()}
    wanted |= {f"Customer::{name}": "#1f7a8c" for name in CUSTOMERS} | PLAIN_LABELS
    for title, colour in wanted.items():
        labels.new(session, title, colour, group_id=top)


def _milestones(session):
    """One a month, due on the first, started on the first of the month before."""
    top = session.store.one("SELECT * FROM namespaces WHERE full_path = 'gitlab-com'")
    if top is None:
        return
    today = session.today()
    for month in range(-MONTHS_BEHIND, MONTHS_AHEAD + 1):
        due = _first_of_month(today, month)
        title = f"CustSuppOps Deployment {due.isoformat()}"
        if not session.store.value("SELECT 1 FROM milestones WHERE group_id = ? AND title = ?", top["id"], title):
            milestones.new(
                session,
                title,
                group_id=top["id"],
                start_date=_first_of_month(today, month - 1).isoformat(),
                due_date=due.isoformat(),
            )


def _first_of_month(today, ahead):
    count = today.year * 12 + today.month - 1 + ahead
    return date(count // 12, count % 12 + 1, 1)
