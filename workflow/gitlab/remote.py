"""GitLab's things as the portal knows them: plain, frozen, checked when they are read."""

from dataclasses import dataclass
from datetime import date, datetime


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
    """A project; ``path`` as it is now, whatever it was before. ``access_level``: the bot's, or None if not told."""

    id: int
    path: str
    web_url: str
    access_level: int | None

    @classmethod
    def read(cls, data):
        """From GitLab's JSON; raises BadShape."""
        levels = [level["access_level"] for level in (data.get("permissions") or {}).values() if level]
        return cls(
            id=_of(data, "id", int),
            path=_of(data, "path_with_namespace", str),
            web_url=_of(data, "web_url", str),
            access_level=max(levels, default=None),
        )


@dataclass(frozen=True)
class RemoteIssue:
    """An issue as GitLab holds it. ``iid`` counts within the project, ``id`` within the server."""

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
