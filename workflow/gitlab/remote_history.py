"""What GitLab tells about an issue's past, and its hooks: plain, frozen, checked when read."""

from dataclasses import dataclass, replace
from datetime import datetime

from workflow.gitlab.remote import BadShape, RemoteIssue, _of, _time


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
