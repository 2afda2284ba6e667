"""Lists of issues: the filters, orders and pages of the API as one SQL query."""

import base64
import json
import re

from workflow.gitlab_sandbox.access import REPORTER, can_read_project, find_user, project_level
from workflow.gitlab_sandbox.clock import parse_moment
from workflow.gitlab_sandbox.reply import Page, invalid
from workflow.gitlab_sandbox.request import as_words

ORDERS = {
    "created_at": "i.created_at",
    "updated_at": "i.updated_at",
    "due_date": "i.due_date",
    "title": "i.title",
    "relative_position": "i.id",
    "priority": "i.id",
    "label_priority": "i.id",
    "milestone_due": "m.due_date",
    "popularity": "i.id",
    "weight": "i.weight",
}
DUE = {
    "overdue": "i.due_date < :today",
    "week": "i.due_date BETWEEN :today AND date(:today, '+7 days')",
    "month": "i.due_date BETWEEN :today AND date(:today, '+1 month')",
    "today": "i.due_date = :today",
    "tomorrow": "i.due_date = date(:today, '+1 day')",
    "0": "i.due_date IS NULL",
    "any": "i.due_date IS NOT NULL",
}
HAS_LABEL = (
    "EXISTS (SELECT 1 FROM issue_labels x JOIN labels l ON l.id = x.label_id WHERE x.issue_id = i.id AND l.title = {})"
)
ANY_LABEL = "EXISTS (SELECT 1 FROM issue_labels x WHERE x.issue_id = i.id)"
ASSIGNED = "EXISTS (SELECT 1 FROM issue_assignees a WHERE a.issue_id = i.id AND a.user_id = {})"
ANY_ASSIGNEE = "EXISTS (SELECT 1 FROM issue_assignees a WHERE a.issue_id = i.id)"


class IssueQuery:
    """The issues among `projects` the person may see, narrowed by what the request asks for."""

    def __init__(self, session, request, projects, default_scope="all"):
        self.session, self.request, self.values = session, request, []
        self.where = [self._visible(projects)]
        if session.stale_before:
            self.add("i.created_at <= ?", session.stale_before)
        self._state_and_scope(default_scope)
        self._people(request.params, "")
        self._labels(request.params, "")
        self._milestone(request.params, "")
        self._times()
        self._plain()
        refused = request.params.get("not")
        if isinstance(refused, dict):
            for part in (self._people, self._labels, self._milestone):
                part(refused, "NOT ")

    def add(self, condition, *values):
        self.where.append(f"({condition})")
        self.values += values

    def page(self) -> Page:
        """The rows of the page asked for; by cursor when the request says `pagination=keyset` or gives one."""
        order_by = self.request.text("order_by", "created_at", choices=set(ORDERS))
        direction = self.request.text("sort", "desc", choices={"asc", "desc"})
        size = self.request.page_size()
        base = f"FROM issues i LEFT JOIN milestones m ON m.id = i.milestone_id WHERE {' AND '.join(self.where)}"
        column = ORDERS[order_by]
        if self.request.has("cursor") or self.request.text("pagination") == "keyset":
            return self._keyset_page(base, column, direction, size)
        number = self.request.page_number()
        total = self.session.store.value(f"SELECT COUNT(*) {base}", *self.values)
        rows = self.session.store.all(
            f"SELECT i.* {base} ORDER BY {column} IS NULL, {column} {direction}, i.id {direction} LIMIT ? OFFSET ?",
            *self.values,
            size,
            (number - 1) * size,
        )
        return Page(rows, number, size, total)

    def _keyset_page(self, base, column, direction, size):
        values = list(self.values)
        if cursor := self.request.text("cursor"):
            try:
                last, last_id = json.loads(base64.urlsafe_b64decode(cursor))
            except ValueError:
                raise invalid("cursor is invalid") from None
            base += f" AND ({column}, i.id) {'<' if direction == 'desc' else '>'} (?, ?)"
            values += [last, last_id]
        rows = self.session.store.all(
            f"SELECT i.*, {column} AS keyset {base} ORDER BY {column} {direction}, i.id {direction} LIMIT ?",
            *values,
            size + 1,
        )
        more = len(rows) > size
        rows = rows[:size]
        cursor = (
            base64.urlsafe_b64encode(json.dumps([rows[-1]["keyset"], rows[-1]["id"]]).encode()).decode()
            if more
            else None
        )
        return Page(rows, 1, size, None, cursor)

    def _visible(self, projects):
        readable = [row for row in projects if can_read_project(self.session, row)]
        trusted = {row["id"] for row in readable if project_level(self.session, row) >= REPORTER}
        whole = ",".join(str(one) for one in trusted)
        partly = ",".join(str(row["id"]) for row in readable if row["id"] not in trusted)
        me = self.session.user_id or 0
        own = f"i.confidential = 0 OR i.author_id = {me} OR {ASSIGNED.format(me)}"
        return f"(i.project_id IN ({whole}) OR (i.project_id IN ({partly}) AND ({own})))"

    def _state_and_scope(self, default_scope):
        state = self.request.text("state", "all", choices={"opened", "closed", "all"})
        if state != "all":
            self.add("i.state = ?", state)
        scope = self.request.text(
            "scope",
            default_scope,
            choices={"created_by_me", "assigned_to_me", "all", "created-by-me", "assigned-to-me"},
        ).replace("-", "_")
        chosen = {"author_id", "author_username", "assignee_id", "assignee_username"} & self.request.params.keys()
        if scope == "created_by_me" and not (chosen and not self.request.has("scope")):
            self.add("i.author_id = ?", self.session.user_id)
        elif scope == "assigned_to_me":
            self.add(ASSIGNED.format("?"), self.session.user_id)

    def _people(self, params, negate):
        for name in ("author_id", "author_username"):
            if name in params:
                user = find_user(self.session.store, params[name])
                self.add(f"{negate}i.author_id = ?", user["id"] if user else -1)
        wanted = params.get("assignee_id")
        if wanted is not None and str(wanted).lower() in ("none", "0", "any"):
            self.add(f"{negate}{'' if str(wanted).lower() == 'any' else 'NOT '}{ANY_ASSIGNEE}")
        elif wanted is not None:
            self.add(negate + ASSIGNED.format("?"), int(wanted) if str(wanted).isdigit() else -1)
        for username in as_words(params.get("assignee_username")) or ():
            user = find_user(self.session.store, username)
            self.add(negate + ASSIGNED.format("?"), user["id"] if user else -1)

    def _labels(self, params, negate):
        for title in as_words(params.get("labels")) or ():
            if title.lower() in ("none", "any"):
                self.add(f"{negate}{'' if title.lower() == 'any' else 'NOT '}{ANY_LABEL}")
            elif title.endswith("::*"):
                self.add(negate + HAS_LABEL.format("?").replace("l.title =", "l.title LIKE"), title[:-1] + "%")
            else:
                self.add(negate + HAS_LABEL.format("?"), title)

    def _milestone(self, params, negate):
        wanted = params.get("milestone", params.get("milestone_id"))
        if wanted is None:
            return
        today = self.session.today().isoformat()
        word = str(wanted).lower()
        if word in ("none", "no milestone"):
            self.add(f"{negate}i.milestone_id IS NULL")
        elif word in ("any", "any milestone"):
            self.add(f"{negate}i.milestone_id IS NOT NULL")
        elif word in ("#started", "started"):
            self.add(
                f"{negate}(m.state = 'active' AND m.start_date <= ? AND (m.due_date IS NULL OR m.due_date >= ?))",
                today,
                today,
            )
        elif word in ("#upcoming", "upcoming"):
            self.add(f"{negate}(m.state = 'active' AND m.due_date > ?)", today)
        else:
            self.add(f"{negate}(m.title IS NOT NULL AND m.title = ?)", wanted)

    def _times(self):
        for field in ("created", "updated"):
            for side, sign in (("after", ">="), ("before", "<=")):
                if text := self.request.text(f"{field}_{side}"):
                    moment = parse_moment(text)
                    if moment is None:
                        raise invalid(f"{field}_{side} is invalid")
                    # inclusive, and no finer than a second, as GitLab's lists are
                    self.add(f"substr(i.{field}_at, 1, 19) {sign} substr(?, 1, 19)", moment)

    def _plain(self):
        request = self.request
        if (iids := request.numbers("iids")) is not None:
            self.add(f"i.iid IN ({','.join('?' * len(iids))})", *iids)
        if (confidential := request.flag("confidential")) is not None:
            self.add("i.confidential = ?", int(confidential))
        if kind := request.text("issue_type", choices={"issue", "incident", "test_case", "task"}):
            self.add("i.issue_type = ?", kind)
        if due := request.text("due_date", choices={*DUE, "next_month_and_previous_two_weeks"}):
            today = f"'{self.session.today().isoformat()}'"
            self.add(DUE.get(due, "i.due_date IS NOT NULL").replace(":today", today))
        for word in re.findall(r"\w+", request.text("search") or ""):
            fields = as_words(request.params.get("in")) or ["title", "description"]
            hits = [f"i.{field} LIKE ?" for field in fields if field in ("title", "description")]
            self.add(" OR ".join(hits) or "0", *[f"%{word}%"] * len(hits))
