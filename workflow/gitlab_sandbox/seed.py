"""The handbook's world: its trackers, the sample people, the deployment milestones and the labels."""

from datetime import date

from workflow.gitlab_sandbox import labels, members, milestones, people, places
from workflow.gitlab_sandbox.access import MAINTAINER, REPORTER, find_user
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

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


def prepare(session: Session, token: str, *, empty: bool, bot_token: str) -> str | None:
    """Make sure there is an administrator with `token` and, unless `empty`, the seeded world; returns the bot's token.

    The world is made once; on later starts only the milestones of new months are added.
    """
    store = session.store
    with store.transaction():
        root = find_user(store, "root")
        root = root or people.create(session, "root", "Administrator", "root@example.com", admin=True)
        people.give_token(session, root, "administrator", ("api", "sudo"), secret=token)
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
        people.give_token(session, _user(session, BOT), "portal", secret=bot_token, expires_at=year_ahead)
        store.keep_setting("bot_token", bot_token)
        return bot_token


def _user(session: Session, username: str) -> Row:
    return find_user(session.store, username) or {}


def _people(session: Session) -> None:
    for username, name in PEOPLE.items():
        people.create(session, username, name, f"{username}@example.com")
    people.create(session, BOT, "Support Bot", f"{BOT}@example.com", bot=True)


def _places(session: Session) -> None:
    for path, name in TRACKERS.items():
        *above, last = path.split("/")
        visibility = "private" if path == RESTRICTED else "internal"
        project = places.new_project(session, name, last, _group(session, above), visibility)
        for username in ("federal",) if path == RESTRICTED else PEOPLE:
            level = MAINTAINER if username in OPS_PEOPLE else REPORTER
            members.add(session, "project_id", project["id"], _user(session, username)["id"], level)
    top = _group(session, ["gitlab-com"])
    members.add(session, "group_id", top["id"], _user(session, BOT)["id"], MAINTAINER)
    team = _group(session, list(TEAM_HANDLE))
    for username in OPS_PEOPLE:
        members.add(session, "group_id", team["id"], _user(session, username)["id"], MAINTAINER)


def _group(session: Session, parts: list[str]) -> Row:
    """The group of that path, with those above it; made where missing."""
    parent: Row = {}
    for at, part in enumerate(parts):
        there = session.store.one("SELECT * FROM namespaces WHERE full_path = ?", "/".join(parts[: at + 1]))
        name = part.replace("-", " ").capitalize()
        parent = there or places.new_group(session, name, part, parent or None, visibility="internal")
    return parent


def _labels(session: Session) -> None:
    top = _group(session, ["gitlab-com"])["id"]
    wanted = {f"Stage::{name}": colour for name, colour in STAGES.items()}
    wanted |= {f"Customer::{name}": "#1f7a8c" for name in CUSTOMERS} | PLAIN_LABELS
    for title, colour in wanted.items():
        labels.new(session, title, colour, "group_id", top)


def _milestones(session: Session) -> None:
    """One a month, due on the first, started on the first of the month before."""
    top = session.store.one("SELECT * FROM namespaces WHERE full_path = 'gitlab-com'")
    if top is None:
        return
    for month in range(-MONTHS_BEHIND, MONTHS_AHEAD + 1):
        start, due = (_first_of_month(session.today(), ahead) for ahead in (month - 1, month))
        title = f"CustSuppOps Deployment {due}"
        if not session.store.value("SELECT 1 FROM milestones WHERE group_id = ? AND title = ?", top["id"], title):
            milestones.new(session, "group_id", top["id"], {"title": title, "start_date": start, "due_date": due})


def _first_of_month(today: date, ahead: int) -> str:
    count = today.year * 12 + today.month - 1 + ahead
    return date(count // 12, count % 12 + 1, 1).isoformat()
