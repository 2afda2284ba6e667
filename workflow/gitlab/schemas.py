"""GitLab's things as the portal knows them: plain, frozen, checked when they are read.

What GitLab tells about an issue's past, and its hooks: plain, frozen, checked when read.

What a webhook's body hints at: which issue, by whom, or a milestone. Pure, and trusting nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from workflow.gitlab.escaping import marker_in


class BadShape(ValueError):
    """A reply is JSON, but not what GitLab sends."""


@dataclass(frozen=True)
class RemoteUser:
    """A person in GitLab."""

    id: int
    username: str

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        return cls(id=_of(data, "id", int), username=_of(data, "username", str))


@dataclass(frozen=True)
class RemoteToken:
    """The token the portal speaks with."""

    scopes: tuple
    expires_at: date | None

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        return cls(scopes=tuple(_of(data, "scopes", list)), expires_at=_day(data.get("expires_at")))


@dataclass(frozen=True)
class RemoteProject:
    """A project; ``path`` as it is now, whatever it was before. ``access_level``: the bot's, or None if not told.
    ``archived``: it is read-only."""

    id: int
    path: str
    web_url: str
    access_level: int | None
    archived: bool = False

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        levels = [level["access_level"] for level in (data.get("permissions") or {}).values() if level]
        return cls(
            id=_of(data, "id", int),
            path=_of(data, "path_with_namespace", str),
            web_url=_of(data, "web_url", str),
            access_level=max(levels, default=None),
            archived=data.get("archived") is True,
        )


@dataclass(frozen=True)
class RemoteIssue:
    """An issue as GitLab holds it. ``iid`` counts within the project, ``id`` within the server.

    ``more``: every other plain value that GitLab sent, by its name there, unchecked.
    """

    id: int
    iid: int
    project_id: int
    title: str
    description: str
    state: str
    labels: frozenset
    assignee_ids: tuple
    milestone_id: int | None
    due_date: str | None
    confidential: bool
    web_url: str
    moved_to_id: int | None
    author_id: int | None
    created_at: datetime | None
    updated_at: datetime | None
    more: Mapping[str, str | int | float | bool | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        milestone = data.get("milestone")
        return cls(
            id=_of(data, "id", int),
            iid=_of(data, "iid", int),
            project_id=_of(data, "project_id", int),
            title=_of(data, "title", str),
            description=data.get("description") or "",
            state=_of(data, "state", str),
            labels=frozenset(_names(_of(data, "labels", list))),
            assignee_ids=tuple(_of(person, "id", int) for person in data.get("assignees") or ()),
            milestone_id=_of(milestone, "id", int) if milestone else None,
            due_date=data.get("due_date"),
            confidential=_of(data, "confidential", bool),
            web_url=_of(data, "web_url", str),
            moved_to_id=data.get("moved_to_id"),
            author_id=(data.get("author") or {}).get("id"),
            created_at=_time(data.get("created_at")),
            updated_at=_time(data.get("updated_at")),
            more={
                name: value
                for name, value in data.items()
                if name not in cls.__dataclass_fields__ and isinstance(value, str | int | float | None)
            },
        )


@dataclass(frozen=True)
class RemoteNote:
    """A comment in GitLab."""

    id: int
    body: str
    author_id: int | None
    internal: bool
    system: bool
    created_at: datetime | None

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape (a note of quick actions only has no id)."""
        return cls(
            id=_of(data, "id", int),
            body=_of(data, "body", str),
            author_id=(data.get("author") or {}).get("id"),
            internal=bool(data.get("internal", data.get("confidential", False))),
            system=bool(data.get("system")),
            created_at=_time(data.get("created_at")),
        )


@dataclass(frozen=True)
class RemoteMilestone:
    """A milestone of a project or of a group above it. ``id`` is the one that issues carry."""

    id: int
    title: str
    state: str
    start_date: date | None
    due_date: date | None

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        return cls(
            id=_of(data, "id", int),
            title=_of(data, "title", str),
            state=_of(data, "state", str),
            start_date=_day(data.get("start_date")),
            due_date=_day(data.get("due_date")),
        )


def _of(data, name, type_):
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise BadShape(f"“{name}” is not what GitLab sends.")
    return value


def _names(labels):
    for label in labels:
        yield label if isinstance(label, str) else _of(label, "name", str)


def _time(text):
    try:
        return datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        raise BadShape(f"“{text}” is not a time.") from None


def _day(text):
    try:
        return date.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        raise BadShape(f"“{text}” is not a date.") from None


@dataclass(frozen=True)
class Person:
    """Somebody in GitLab. ``id`` is None for an account that is gone."""

    id: int | None
    username: str
    name: str

    @classmethod
    def read(cls, data):
        """From GitLab's JSON (None for nobody); raises BadShape."""
        if data is None:
            return cls(None, "", "")
        username = _of(data, "username", str)
        return cls(_of(data, "id", int), username, str(data.get("name") or username))


@dataclass(frozen=True)
class Change:
    """One line of an issue's resource history. ``what``: label name, state, or milestone's number; ``added``: or
    removed."""

    id: int
    by: Person
    at: datetime
    what: object
    added: bool

    @classmethod
    def of_label(cls, data):
        """From a label event; ``what`` is "" where the label was deleted since."""
        label = data.get("label")
        return cls._read(data, _of(label, "name", str) if label else "")

    @classmethod
    def of_milestone(cls, data):
        """From a milestone event."""
        milestone = data.get("milestone")
        return cls._read(data, _of(milestone, "id", int) if milestone else None)

    @classmethod
    def of_state(cls, data):
        """From a state event; ``what`` is "closed", "reopened" or another word of GitLab's."""
        return cls._read(data, _of(data, "state", str))

    @classmethod
    def _read(cls, data, what):
        at = _time(_of(data, "created_at", str))
        return cls(_of(data, "id", int), Person.read(data.get("user")), at, what, data.get("action") != "remove")


@dataclass(frozen=True)
class Words:
    """A comment with who wrote it and when it was last changed."""

    id: int
    by: Person
    body: str
    internal: bool
    system: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        created = _time(_of(data, "created_at", str))
        return cls(
            id=_of(data, "id", int),
            by=Person.read(data.get("author")),
            body=_of(data, "body", str),
            internal=bool(data.get("internal", data.get("confidential", False))),
            system=bool(data.get("system")),
            created_at=created,
            updated_at=_time(data.get("updated_at")) or created,
        )


@dataclass(frozen=True)
class Hook:
    """A webhook of a project. ``events``: names of what it is told of; ``disabled``: GitLab stopped calling."""

    id: int
    url: str
    events: frozenset
    verifies_certificate: bool
    signs: bool
    has_token: bool
    disabled: bool

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        if not isinstance(data, dict):
            raise BadShape("A hook is not what GitLab sends.")
        return cls(
            id=_of(data, "id", int),
            url=_of(data, "url", str),
            events=frozenset(name for name, value in data.items() if name.endswith("_events") and value is True),
            verifies_certificate=bool(data.get("enable_ssl_verification")),
            signs=bool(data.get("signing_token_present")),
            has_token=bool(data.get("token_present")),
            disabled=data.get("alert_status") in ("disabled", "temporarily_disabled")
            or bool(data.get("disabled_until")),
        )


@dataclass(frozen=True)
class CountedIssue(RemoteIssue):
    """An issue with how many comments it has, as lists tell it; None if they do not."""

    comments: int | None = None

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        count = data.get("user_notes_count")
        return replace(super().read(data), comments=count if isinstance(count, int) else None)


ISSUE_KINDS = ("issue", "work_item")


@dataclass(frozen=True)
class Hint:
    """``project_id`` and ``iid`` of an issue to look at; ``by``: who did it, by GitLab's number; ``marker``: what its
    description carries; ``milestone``: a milestone changed, and ``iid`` is None."""

    project_id: int | None = None
    iid: int | None = None
    by: int | None = None
    marker: str | None = None
    milestone: bool = False


def hint_of(body):
    """The hint in a webhook's body (a dict), or None if it concerns nothing the portal mirrors."""
    kind, about = body.get("object_kind"), _dict(body.get("object_attributes"))
    if kind == "milestone":
        return Hint(milestone=True)
    if kind == "note" and about.get("noteable_type") == "Issue":
        return _issue_hint(_dict(body.get("issue")), body)
    if kind in ISSUE_KINDS:
        return _issue_hint(about, body)
    return None


def _issue_hint(issue, body):
    project_id = _number(issue.get("project_id")) or _number(_dict(body.get("project")).get("id"))
    iid = _number(issue.get("iid"))
    if project_id is None or iid is None:
        return None
    description = issue.get("description")
    return Hint(
        project_id=project_id,
        iid=iid,
        by=_number(_dict(body.get("user")).get("id")),
        marker=marker_in(description) if isinstance(description, str) else None,
    )


def _dict(value):
    return value if isinstance(value, dict) else {}


def _number(value):
    """A number a database can hold, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None
