"""Lists of issues: the API's filters, orders and pages as one SQL query."""

import re
from typing import Any

from workflow.gitlab_sandbox.access import REPORTER, can_read, find_user, level
from workflow.gitlab_sandbox.clock import parse_moment
from workflow.gitlab_sandbox.issue_fields import TYPES
from workflow.gitlab_sandbox.reply import Page, invalid
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Row

ORDERS = {"created_at", "updated_at", "due_date", "title"}
SCOPES = {"created_by_me", "assigned_to_me", "all"}
WITH_LABEL = "i.id IN (SELECT x.issue_id FROM issue_labels x JOIN labels l ON l.id = x.label_id WHERE l.title LIKE ?)"
ANY_LABEL = "EXISTS (SELECT 1 FROM issue_labels x WHERE x.issue_id = i.id)"
ASSIGNED = "EXISTS (SELECT 1 FROM issue_assignees a WHERE a.issue_id = i.id AND a.user_id = ?)"


class _Filter:
    """Conditions that all hold, and the values they stand for."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(f"({condition})")
        self.values += values


def page(session: Session, request: Request, projects: list[Row], default_scope: str = "all") -> Page:
    """The page asked for of the issues in `projects` the person may see. Raises 400 for unknown values."""
    asked = _Filter()
    _visible(session, projects, asked)
    _state_and_scope(session, request, default_scope, asked)
    _author(session, request, asked)
    _labels_and_milestone(request, asked)
    _times(request, asked)
    if (iids := request.numbers("iids")) is not None:
        asked.add(f"i.iid IN ({','.join(map(str, iids))})")
    if (confidential := request.flag("confidential")) is not None:
        asked.add("i.confidential = ?", int(confidential))
    if kind := request.text("issue_type", choices=TYPES):
        asked.add("i.issue_type = ?", kind)
    for word in re.findall(r"\w+", request.text("search", "")):
        fields = [name for name in request.words("in") or ("title", "description") if name in ("title", "description")]
        asked.add(" OR ".join(f"i.{name} LIKE ?" for name in fields) or "0", *[f"%{word}%"] * len(fields))
    column = request.text("order_by", "created_at", choices=ORDERS)
    direction = request.text("sort", "desc", choices={"asc", "desc"})
    number, size = request.page_number(), request.page_size()
    base = f"FROM issues i LEFT JOIN milestones m ON m.id = i.milestone_id WHERE {' AND '.join(asked.conditions)}"
    order = f"i.{column} IS NULL, i.{column} {direction}, i.id {direction}"
    total = session.store.value(f"SELECT COUNT(*) {base}", *asked.values)
    sql = f"SELECT i.* {base} ORDER BY {order} LIMIT ? OFFSET ?"
    return Page(session.store.all(sql, *asked.values, size, (number - 1) * size), number, size, total)


def _visible(session: Session, projects: list[Row], asked: _Filter) -> None:
    readable = [row for row in projects if can_read(session, row)]
    trusted = [row["id"] for row in readable if level(session, row) >= REPORTER]
    whole = ",".join(map(str, trusted))
    partly = ",".join(str(row["id"]) for row in readable if row["id"] not in trusted)
    me = session.user_id or 0
    own = f"i.confidential = 0 OR i.author_id = ? OR {ASSIGNED}"
    asked.add(f"i.project_id IN ({whole}) OR (i.project_id IN ({partly}) AND ({own}))", me, me)


def _state_and_scope(session: Session, request: Request, default_scope: str, asked: _Filter) -> None:
    if (state := request.text("state", "all", choices={"opened", "closed", "all"})) != "all":
        asked.add("i.state = ?", state)
    default = "all" if {"author_id", "author_username"} & request.params.keys() else default_scope
    scope = request.text("scope", default, choices=SCOPES | {one.replace("_", "-") for one in SCOPES}).replace("-", "_")
    if scope != "all":
        asked.add("i.author_id = ?" if scope == "created_by_me" else ASSIGNED, session.user_id)


def _author(session: Session, request: Request, asked: _Filter) -> None:
    for name in ("author_id", "author_username"):
        if request.has(name):
            user = find_user(session.store, request.text(name))
            asked.add("i.author_id = ?", user["id"] if user else -1)


def _labels_and_milestone(request: Request, asked: _Filter) -> None:
    for title in request.words("labels") or ():
        if title.lower() in ("none", "any"):
            asked.add(ANY_LABEL if title.lower() == "any" else f"NOT {ANY_LABEL}")
        elif title.endswith("::*"):
            asked.add(WITH_LABEL, f"{title[:-1]}%")
        else:
            asked.add(WITH_LABEL.replace("LIKE", "="), title)
    if title := request.text("milestone"):
        if title.lower() in ("none", "any"):
            asked.add(f"i.milestone_id IS {'NOT ' if title.lower() == 'any' else ''}NULL")
        else:
            asked.add("m.title = ?", title)


def _times(request: Request, asked: _Filter) -> None:
    for field in ("created", "updated"):
        for side, sign in (("after", ">="), ("before", "<=")):
            if text := request.text(f"{field}_{side}"):
                moment = parse_moment(text)
                if moment is None:
                    raise invalid(f"{field}_{side} is invalid")
                # inclusive, and no finer than a second, as GitLab's lists are
                asked.add(f"substr(i.{field}_at, 1, 19) {sign} substr(?, 1, 19)", moment)
