"""Templates to replies, Markdown to HTML, and an issue's life in the order of time.

The engine needs no Django settings; all is escaped unless `markdown` made it safe.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nh3
from django.template import Context, Engine
from markdown_it import MarkdownIt

from workflow.gitlab_sandbox import labels, notes
from workflow.gitlab_sandbox.reply import Reply
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

HERE = Path(__file__).parent
ENGINE = Engine(dirs=[HERE / "templates"], autoescape=True)
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
MARKDOWN = MarkdownIt("commonmark", {"html": True, "breaks": False}).enable(["table", "strikethrough"])
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
UPLOAD = re.compile(r"(?<=[(\"])/uploads/([0-9a-f]{32}/)")
GHOST = {"name": "Ghost user", "username": "ghost"}


def page(session: Session, template: str, status: int = 200, **context: Any) -> Reply:
    """An HTML reply; every page knows who acts and who could: everybody, root and bots last."""
    people = session.store.all("SELECT * FROM users WHERE state = 'active' ORDER BY admin, bot, id LIMIT 40")
    context |= {"user": session.user, "people": people, "here": quote(session.path)}
    html = ENGINE.get_template(template).render(Context(context, use_l10n=False, use_tz=False))
    return Reply(status, body=html.encode(), content_type="text/html; charset=utf-8", headers=dict(SECURITY))


def redirect(location: str, headers: dict[str, str] | None = None) -> Reply:
    """On to another page."""
    return Reply(303, body=b"", content_type="text/plain", headers={"Location": location, **(headers or {})})


def stylesheet() -> Reply:
    """The one there is."""
    css = (HERE / "style.css").read_bytes()
    return Reply(200, body=css, content_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=60"})


def markdown(session: Session, text: str | None, project: Row) -> str:
    """`text` as HTML that is safe to show. Relative uploads are resolved within `project`."""
    place = rf"{session.url('-/project')}/{project['id']}/uploads/\1"
    return nh3.clean(
        MARKDOWN.render(UPLOAD.sub(place, text or "")),
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )


def ago(session: Session, text: str) -> str:
    """`text` (a stamp) as words: just now, 5 minutes ago, 21 Nov 2026."""
    then = datetime.fromisoformat(text.replace("Z", "+00:00"))
    seconds = (session.clock() - then).total_seconds()
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{then.day} {then:%b %Y}" if count > 30 else f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def label_parts(row: Row) -> Row:
    """A label for the template: scope and value apart when it is scoped."""
    scope = labels.scope_of(row["title"])
    value = row["title"][len(scope) + 2 :] if scope else row["title"]
    return row | {"scope": scope, "value": value, "text": labels.text_colour(row["color"])}


def who(session: Session, user_id: int | None) -> Row:
    """Somebody's names and initials."""
    user = session.store.get("users", user_id) or GHOST
    initials = "".join(word[0] for word in user["name"].split()[:2]).upper()
    return {"name": user["name"], "username": user["username"], "initials": initials}


def entries(session: Session, issue: Row, project: Row) -> list[Row]:
    """Everything that happened, oldest first: `kind` is comment, system (a note) or event (of the history)."""
    found = [_note(session, row, project) for row in notes.readable(session, issue, project)]
    found += _events(session, issue)
    return sorted(found, key=lambda entry: entry["at"])


def _entry(session: Session, kind: str, row: Row, by: int | None) -> Row:
    at = row["created_at"]
    return {"kind": kind, "at": at, "ago": ago(session, at), "who": who(session, by), "id": row["id"]}


def _note(session: Session, row: Row, project: Row) -> Row:
    html = markdown(session, row["body"], project)
    base = _entry(session, "system" if row["system"] else "comment", row, row["author_id"])
    base["anchor"] = f"note_{row['id']}"
    if row["system"]:
        return base | {"html": html.strip().removeprefix("<p>").removesuffix("</p>")}
    said = {"html": html, "body": row["body"], "internal": row["internal"], "edited": row["last_edited_at"]}
    return base | said | {"may_edit": notes.may_edit(session, row, project)}


def _events(session: Session, issue: Row) -> Iterator[Row]:
    """The history, what one person did within a second taken together."""
    events = session.store.all("SELECT * FROM resource_events WHERE issue_id = ? ORDER BY id", issue["id"])
    for (kind, _, by), group in groupby(events, lambda row: (row["kind"], row["created_at"][:19], row["user_id"])):
        rows = list(group)
        base = _entry(session, "event", rows[0], by) | {"anchor": f"event_{rows[0]['id']}"}
        if kind == "state":
            yield base | {"said": rows[-1]["action"]}
            continue
        changed: dict[str, list[Row]] = {"add": [], "remove": []}
        for row in rows:
            if thing := session.store.get(f"{kind}s", row[f"{kind}_id"]):
                changed[row["action"]].append(thing)
        if kind == "label":
            yield base | {
                "added": [label_parts(tag) for tag in changed["add"]],
                "removed": [label_parts(tag) for tag in changed["remove"]],
            }
        else:
            now = changed["add"][-1]["title"] if changed["add"] else None
            yield base | {"said": f"changed milestone to {now}" if now else "removed milestone"}
