"""GitLab's things as the portal knows them: plain, frozen, and checked by their types as they are read (msgspec).

What GitLab tells about an issue's past, and its hooks, is read the same way. Keys nobody asked for are left alone, and
null is the same as nothing said.

What a webhook's body hints at is read by hand: which issue, by whom, or a milestone. Pure, and trusting nothing; there
a wrong value is left out and the rest still counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Self

from msgspec import Meta, Struct, ValidationError, convert, field

from workflow.gitlab.escaping import marker_in

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""What GitLab counts its things by, and a database can hold."""
Time = Annotated[datetime, Meta(tz=True)]


class BadShape(ValueError):
    """A reply is JSON, but not what GitLab sends."""


class Remote(Struct, frozen=True, kw_only=True):
    """What is read from GitLab. ``flat`` says where the portal's shape is not GitLab's."""

    @classmethod
    def read(cls, data: Any) -> Self:
        """From GitLab's JSON; raises BadShape."""
        try:
            return convert({name: value for name, value in cls.flat(data).items() if value is not None}, cls)
        except (ValidationError, AttributeError, KeyError, TypeError) as error:
            raise BadShape(f"this is not what GitLab sends: {error}") from error

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """GitLab's JSON, with what is nested or said differently under the portal's names; ``read`` checks it."""
        said: dict[str, Any] = data
        return said


class RemoteUser(Remote, frozen=True):
    """A person in GitLab."""

    id: Number
    username: str


class RemoteToken(Remote, frozen=True, kw_only=True):
    """The token the portal speaks with."""

    scopes: tuple[str, ...]
    expires_at: date | None = None


REPORTER = 20
"""The least role in which the bot can do its work, internal comments included (GitLab's access levels)."""


class RemoteProject(Remote, frozen=True, kw_only=True):
    """A project; ``path`` as it is now, whatever it was before. ``access_level``: the bot's, or None if not told.
    ``archived``: it is read-only."""

    id: Number
    path: str = field(name="path_with_namespace")
    web_url: str
    access_level: int | None = None
    archived: bool = False

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With the highest of the levels the bot has by itself and by a group."""
        levels = [level["access_level"] for level in (data.get("permissions") or {}).values() if level]
        return {**data, "access_level": max(levels, default=None)}

    @property
    def role_too_low(self) -> bool:
        """Whether the bot is known to be less than a Reporter here."""
        return self.access_level is not None and self.access_level < REPORTER


class RemoteIssue(Remote, frozen=True, kw_only=True):
    """An issue as GitLab holds it. ``iid`` counts within the project, ``id`` within the server.

    ``more``: every other plain value that GitLab sent, by its name there, unchecked.
    """

    id: Number
    iid: Number
    project_id: Number
    title: str
    description: str = ""
    state: str
    labels: frozenset[str]
    assignee_ids: tuple[Number, ...]
    milestone_id: Number | None = None
    due_date: str | None = None
    confidential: bool
    web_url: str
    moved_to_id: Number | None = None
    author_id: Number | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With numbers for people and milestone; a label is told by its name, or with its details."""
        labels, ours = convert(data["labels"], list[str | _Named]), set(cls.__struct_fields__)
        return {
            **data,
            "labels": [label if isinstance(label, str) else label.name for label in labels],
            "assignee_ids": [person["id"] for person in data.get("assignees") or ()],
            "milestone_id": data["milestone"]["id"] if data.get("milestone") else None,
            "author_id": data["author"]["id"] if data.get("author") else None,
            "more": {
                name: value
                for name, value in data.items()
                if name not in ours and (value is None or isinstance(value, (str, int, float)))
            },
        }


class _Named(Struct):
    name: str


class CountedIssue(RemoteIssue, frozen=True, kw_only=True):
    """An issue with how many comments it has, as lists tell it; None if they do not."""

    comments: int | None = field(name="user_notes_count", default=None)


class RemoteNote(Remote, frozen=True, kw_only=True):
    """A comment in GitLab. What is left of one that was quick actions only has no id: a BadShape."""

    id: Number
    body: str
    author_id: Number | None = None
    internal: bool = False
    system: bool = False
    created_at: Time | None = None

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With the author's number; what is internal was once called confidential."""
        author_id = data["author"]["id"] if data.get("author") else None
        return {**data, "author_id": author_id, "internal": data.get("internal", data.get("confidential"))}


class RemoteMilestone(Remote, frozen=True, kw_only=True):
    """A milestone of a project or of a group above it. ``id`` is the one that issues carry."""

    id: Number
    title: str
    state: str
    start_date: date | None = None
    due_date: date | None = None


class Person(Remote, frozen=True):
    """Somebody in GitLab. ``id`` is None for an account that is gone."""

    id: Number | None
    username: str
    name: str

    @classmethod
    def read(cls, data: Any) -> Self:
        """From GitLab's JSON (None for nobody); raises BadShape."""
        return cls(None, "", "") if data is None else super().read(data)

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """Who has no name goes by the user name."""
        return {**data, "name": data.get("name") or data.get("username")}


class Change(Remote, frozen=True, kw_only=True):
    """One line of an issue's resource history. ``added``: or removed; ``what``: as the kinds below say."""

    id: Number
    by: Person
    at: Time
    what: Any
    added: bool

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With who did it."""
        by = Person.read(data.get("user"))
        return {**data, "by": by, "at": data["created_at"], "added": data.get("action") != "remove"}


class LabelChange(Change, frozen=True, kw_only=True):
    """``what``: the label's name, "" if it was deleted since."""

    what: str

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With the label's name."""
        return {**super().flat(data), "what": data["label"]["name"] if data.get("label") else ""}


class MilestoneChange(Change, frozen=True, kw_only=True):
    """``what``: the milestone's number, None if it was deleted since."""

    what: Number | None = None

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With the milestone's number."""
        return {**super().flat(data), "what": data["milestone"]["id"] if data.get("milestone") else None}


class StateChange(Change, frozen=True, kw_only=True):
    """``what``: "closed", "reopened" or another word of GitLab's."""

    what: str = field(name="state")


class Words(Remote, frozen=True, kw_only=True):
    """A comment with who wrote it and when it was last changed."""

    id: Number
    by: Person
    body: str
    internal: bool = False
    system: bool = False
    created_at: Time
    updated_at: Time

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With who wrote it; what is internal was once called confidential."""
        return {
            **data,
            "by": Person.read(data.get("author")),
            "internal": data.get("internal", data.get("confidential")),
            "updated_at": data.get("updated_at") or data.get("created_at"),
        }


class Hook(Remote, frozen=True, kw_only=True):
    """A webhook of a project. ``events``: names of what it is told of; ``disabled``: GitLab stopped calling."""

    id: Number
    url: str
    events: frozenset[str]
    disabled: bool

    @classmethod
    def flat(cls, data: Any) -> dict[str, Any]:
        """With the events that are switched on, and whether it is off by either of two signs."""
        off = data.get("alert_status") in ("disabled", "temporarily_disabled") or bool(data.get("disabled_until"))
        events = [name for name, value in data.items() if name.endswith("_events") and value is True]
        return {**data, "events": events, "disabled": off}


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


def hint_of(body: Mapping[str, Any]) -> Hint | None:
    """The hint in a webhook's body, or None if it concerns nothing the portal mirrors."""
    kind, about = body.get("object_kind"), _dict(body.get("object_attributes"))
    if kind == "milestone":
        return Hint(milestone=True)
    if kind == "note" and about.get("noteable_type") == "Issue":
        return _issue_hint(_dict(body.get("issue")), body)
    if kind in ISSUE_KINDS:
        return _issue_hint(about, body)
    return None


def _issue_hint(issue: Mapping[str, Any], body: Mapping[str, Any]) -> Hint | None:
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


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    """A number a database can hold, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None
