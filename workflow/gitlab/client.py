"""The only place that talks to GitLab: times out, raises our errors, returns our types, saves nothing.

Every call goes through python-gitlab's ``http_request`` with its own retrying switched off: its retries repeat POSTs,
and its way with a 429 is to sleep (reliability.md §0.2). Projects are named by number, which outlives renames.

The rest of what the portal asks GitLab, to learn what people did there: history, comments, polls, files, hooks.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import gitlab
import requests
from django.conf import settings

from workflow.crashpoints import crashpoint
from workflow.gitlab.errors import (
    Conflict,
    Forbidden,
    GitLabError,
    Gone,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
    Unknown,
)
from workflow.gitlab.schemas import (
    BadShape,
    Change,
    CountedIssue,
    Hook,
    LabelChange,
    MilestoneChange,
    Person,
    Remote,
    RemoteIssue,
    RemoteMilestone,
    RemoteNote,
    RemoteProject,
    RemoteToken,
    RemoteUser,
    StateChange,
    Words,
)
from workflow.gitlab.transport import TooLarge, kept_session, nothing

DEFAULT_WAIT = 60
"""Seconds after a 429 that does not say how long (gitlab.md §5)."""
LONGEST_WAIT = 3600
MOST_SKEW = timedelta(days=1)
"""How far GitLab's clock may be from ours and still be one; a zone set wrong makes hours (row 47), no more."""
_LONGEST_WORDS = 500
_OF_PROJECT = re.compile(r"/projects/([^/?]+)")
_MOVED_PROJECT = re.compile(r"/projects/(\d+)(?:[/?]|$)")
_Thing = TypeVar("_Thing", bound=Remote)
_Changed = TypeVar("_Changed", bound=Change)


def open_gateway(**listeners: Any) -> "Gateway":
    """A gateway as the settings say; ``listeners`` as a Gateway's."""
    return Gateway(settings.GITLAB_URL, settings.GITLAB_TOKEN, timeout=settings.GITLAB_TIMEOUT_SECONDS, **listeners)


class Gateway:
    """GitLab over HTTP. ``timeout``: seconds for a whole call, connecting included.

    ``meter``: called with the kind of each call before it is made; may raise. ``heard``: called after it with whether
    GitLab answered: a refusal is an answer, its failure (5xx, a proxy's page) and silence are none.

    Raises Retryable, RateLimited, Unknown (a creation that may have happened), Permanent, Gone, Conflict, Forbidden and
    Misconfigured. A 401, 403 or 404 that is not GitLab's own JSON says nothing about GitLab: Retryable.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = 20.0,
        meter: Callable[[str], object] | None = None,
        heard: Callable[[bool], object] | None = None,
    ) -> None:
        self._session = kept_session(url, timeout)
        self._client = gitlab.Gitlab(
            url,
            private_token=token,
            timeout=timeout,
            retry_transient_errors=False,
            keep_base_url=True,
            session=self._session,
        )
        self._meter, self._heard = meter or (lambda kind: None), heard or (lambda answered: None)
        self.now: datetime | None = None
        """GitLab's clock at its last answer, or None before the first."""

    # Who and where ------------------------------------------------------------------------------------------------

    def version(self) -> Any:
        """GitLab's version: the cheapest thing to ask."""
        return self._json("get", "/version")

    def me(self) -> RemoteUser:
        """The user the token belongs to."""
        return self._read(RemoteUser, "get", "/user")

    def token(self) -> RemoteToken:
        """What the token may do, and until when."""
        return self._read(RemoteToken, "get", "/personal_access_tokens/self")

    def user(self, username: str) -> RemoteUser | None:
        """The user of this name, or None."""
        found = self._list(RemoteUser, "/users", username=username)
        return next((user for user in found if user.username.lower() == username.lower()), None)

    def project(self, where: int | str) -> RemoteProject:
        """The project with this number, or at this path; one that was renamed is found under its old path too."""
        try:
            return self._read(RemoteProject, "get", f"/projects/{quote(str(where), safe='')}")
        except Misconfigured:
            moved = _MOVED_PROJECT.search(self._session.headers_received.get("Location", ""))
            if moved is None or not isinstance(where, str):
                raise
            return self._read(RemoteProject, "get", f"/projects/{moved[1]}")

    # Issues ---------------------------------------------------------------------------------------------------------

    def issue(self, project_id: int, iid: int) -> RemoteIssue:
        """One issue. Gone if it, or the project, is not there for the token."""
        return self._read(RemoteIssue, "get", f"/projects/{project_id}/issues/{iid}")

    def create_issue(self, project_id: int, fields: dict[str, Any]) -> RemoteIssue:
        """Create an issue from GitLab's own field names. Unknown: it may have been created nevertheless."""
        self._session.on_sent = partial(crashpoint, "http_sent")
        path = f"/projects/{project_id}/issues"
        try:
            return self._read(RemoteIssue, "post", path, data=fields, creates=True, kind="creations")
        finally:
            self._session.on_sent = nothing

    def update_issue(self, project_id: int, iid: int, changes: dict[str, Any]) -> RemoteIssue:
        """Change an issue; returns it as it is then, which may differ from what was asked for."""
        return self._read(RemoteIssue, "put", f"/projects/{project_id}/issues/{iid}", data=changes)

    def move_issue(self, project_id: int, iid: int, to_project_id: int) -> RemoteIssue:
        """Move an issue; returns the new one. Unknown: it may have moved nevertheless."""
        path = f"/projects/{project_id}/issues/{iid}/move"
        return self._read(RemoteIssue, "post", path, data={"to_project_id": to_project_id}, creates=True)

    def issues_by(self, project_id: int, author_id: int, **since: datetime) -> list[RemoteIssue]:
        """All issues of this author in the project, all pages; a page that fails raises, so nothing is nothing there.

        ``since``: created_after or updated_after, a datetime of GitLab's clock.
        """
        filters: dict[str, Any] = {"author_id": author_id, "scope": "all", "order_by": "created_at", "sort": "asc"}
        filters |= {name: time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, time in since.items()}
        return self._list(RemoteIssue, f"/projects/{project_id}/issues", per_page=50, **filters)

    def issues_marked(self, project_id: int, marker: str) -> list[RemoteIssue]:
        """Issues of the project whose description holds this word. Costs one of few searches: not for every day."""
        filters = {"search": marker, "in": "description", "scope": "all"}
        return self._list(RemoteIssue, f"/projects/{project_id}/issues", per_page=50, kind="search", **filters)

    # What hangs on an issue -----------------------------------------------------------------------------------------

    def notes(self, project_id: int, iid: int) -> list[RemoteNote]:
        """All comments of an issue, newest first, system notes included."""
        return self._list(RemoteNote, f"/projects/{project_id}/issues/{iid}/notes", order_by="created_at", sort="desc")

    def create_note(self, project_id: int, iid: int, body: str, *, internal: bool = False) -> RemoteNote:
        """Add a comment. Unknown: it may be there nevertheless."""
        data = {"body": body, "internal": True} if internal else {"body": body}
        path = f"/projects/{project_id}/issues/{iid}/notes"
        return self._read(RemoteNote, "post", path, data=data, creates=True, kind="notes")

    def update_note(self, project_id: int, iid: int, note_id: int, body: str) -> RemoteNote:
        """Change a comment's text."""
        return self._read(
            RemoteNote, "put", f"/projects/{project_id}/issues/{iid}/notes/{note_id}", data={"body": body}
        )

    def delete_note(self, project_id: int, iid: int, note_id: int) -> None:
        """Delete a comment; Gone if it is not there any more."""
        self._call("delete", f"/projects/{project_id}/issues/{iid}/notes/{note_id}")

    def upload(self, project_id: int, name: str, content: bytes) -> str:
        """Upload a file; returns the Markdown that shows it."""
        reply = self._json("post", f"/projects/{project_id}/uploads", files={"file": (name, content)}, creates=True)
        if not isinstance(reply, dict) or not isinstance(reply.get("markdown"), str):
            raise Retryable("GitLab took the file but did not say where it is.")
        return str(reply["markdown"])

    def link(self, project_id: int, iid: int, to_project_id: int, to_iid: int) -> None:
        """Relate two issues. Conflict if they are related already."""
        data = {"target_project_id": str(to_project_id), "target_issue_iid": str(to_iid), "link_type": "relates_to"}
        self._json("post", f"/projects/{project_id}/issues/{iid}/links", data=data)

    # What a project offers ------------------------------------------------------------------------------------------

    def milestones(self, project_id: int) -> list[RemoteMilestone]:
        """All milestones an issue of the project may carry, those of the groups above included."""
        return self._list(RemoteMilestone, f"/projects/{project_id}/milestones", include_ancestors=True)

    def labels(self, project_id: int) -> set[str]:
        """Names of all labels an issue of the project may carry, those of the groups above included."""
        path = f"/projects/{project_id}/labels"
        return {label["name"] for label in self._pages(path, include_ancestor_groups=True) if isinstance(label, dict)}

    def create_label(self, project_id: int, name: str, color: str, description: str = "") -> None:
        """Create a label. Conflict if there is one of that name."""
        data = {"name": name, "color": color, "description": description}
        self._json("post", f"/projects/{project_id}/labels", data=data)

    # How ------------------------------------------------------------------------------------------------------------

    def _read(self, type_: type[_Thing], verb: str, path: str, **how: Any) -> _Thing:
        data = self._json(verb, path, **how)
        return self._shaped(type_, data, creates=how.get("creates", False))

    def _shaped(self, type_: type[_Thing], data: Any, *, creates: bool = False) -> _Thing:
        try:
            return type_.read(data)
        except BadShape as error:
            raise (Unknown if creates else Retryable)(f"GitLab answered something unexpected: {error}") from error

    def _list(self, type_: type[_Thing], path: str, **filters: Any) -> list[_Thing]:
        return [self._shaped(type_, row) for row in self._pages(path, **filters)]

    def _pages(self, path: str, *, per_page: int = 100, kind: str = "requests", **filters: Any) -> list[Any]:
        page: int | None = 1
        rows: list[Any] = []
        while page:
            found = self._json("get", path, query={**filters, "per_page": per_page, "page": page}, kind=kind)
            if not isinstance(found, list):
                raise Retryable("GitLab answered something that is not a list.")
            rows += found
            page = self._next_page(page)
        return rows

    def _next_page(self, page: int) -> int | None:
        """The number of the next page; beyond 10,000 rows GitLab says so only in Link."""
        headers = self._session.headers_received
        if following := headers.get("X-Next-Page", "").strip():
            return int(following) if following.isdecimal() else None
        return page + 1 if 'rel="next"' in headers.get("Link", "") else None

    def _json(self, verb: str, path: str, *, creates: bool = False, **how: Any) -> Any:
        response = self._call(verb, path, creates=creates, **how)
        try:
            return response.json()
        except ValueError as error:
            self._heard(False)
            raise (Unknown if creates else Retryable)("GitLab answered something that is not JSON.") from error

    def _call(
        self,
        verb: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        files: dict[str, Any] | None = None,
        creates: bool = False,
        kind: str = "requests",
    ) -> requests.Response:
        self._meter(kind)
        try:
            response = self._client.http_request(
                verb,
                path,
                query_data=query,
                post_data=data,
                files=files,
                obey_rate_limit=False,
                retry_transient_errors=False,
                max_retries=0,
            )
        except gitlab.GitlabHttpError as error:
            refusal = self._refusal(error, creates, kind)
            refusal.project = _project_in(path)
            raise refusal from error
        except gitlab.GitlabAuthenticationError as error:
            if not _is_gitlabs(error):
                raise self._somebody_elses(error, creates) from error
            self._heard(True)
            raise Misconfigured(
                f"GitLab does not know the token (401: {_words(error)}). Set a new GITLAB_TOKEN."
            ) from error
        except gitlab.GitlabError as error:
            self._heard(True)
            raise Misconfigured(f"GitLab sent us elsewhere ({_words(error)}). Check GITLAB_URL.") from error
        except requests.exceptions.InvalidURL as error:
            raise Misconfigured(f"GITLAB_URL is no address: {error}") from error
        except requests.RequestException as error:
            done = creates and self._session.touched
            if not isinstance(error, TooLarge):
                self._heard(False)
            raise (Unknown if done else Retryable)(f"GitLab could not be reached: {_network_words(error)}") from error
        finally:
            self._look_at_the_clock()
        if "html" not in response.headers.get("Content-Type", ""):
            self._heard(True)
        return response

    def _refusal(self, error: gitlab.GitlabHttpError, creates: bool, kind: str) -> GitLabError:
        code, words = error.response_code, _words(error)
        if code in {403, 404} and not _is_gitlabs(error):
            return self._somebody_elses(error, creates)
        self._heard((code or 500) < 500 and code != 408)
        if code == 429:
            wait = self._wait()
            seconds = DEFAULT_WAIT if wait is None else wait
            return RateLimited("GitLab asks for fewer calls (429).", seconds, kind=self._exhausted(kind))
        if code == 403:
            return Forbidden(f"GitLab does not let the bot do this (403: {words}).")
        if code == 404:
            return Gone(f"GitLab has no such thing, or the bot may not see it (404: {words}).")
        if code and 300 <= code < 400:
            return Misconfigured(
                f"GitLab answered with a redirect ({code}). Check GITLAB_URL: scheme and host must be final."
            )
        if code == 409 and "lock" in words.lower():
            return Retryable("GitLab is busy with this issue (409).")
        if code == 409:
            return Conflict(f"GitLab says it is there already (409: {words}).")
        if code in {408, 425} or (code or 500) >= 500:
            return (Unknown if creates else Retryable)(f"GitLab failed ({code}).", self._wait())
        return Permanent(f"GitLab refused ({code}: {words}).")

    def _somebody_elses(self, error: gitlab.GitlabError, creates: bool) -> Retryable:
        """A refusal that is not GitLab's own, but of something in front of it: GitLab was not reached."""
        self._heard(False)
        words = f"Something in front of GitLab answered instead of it ({error.response_code}: {_words(error)})."
        return (Unknown if creates else Retryable)(words)

    def _exhausted(self, kind: str) -> str:
        """Which limit said no: the one for all calls tells so in its headers, those of single kinds do not."""
        spent = self._session.headers_received.get("RateLimit-Remaining", "").strip() == "0"
        return "requests" if spent else kind

    def _wait(self) -> float | None:
        """Seconds that Retry-After asks for, as a number or a date by GitLab's own clock; at most an hour. None if it
        asks for none."""
        text = self._session.headers_received.get("Retry-After", "").strip()
        if text.isdecimal():
            return min(int(text), LONGEST_WAIT)
        try:
            until = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        self._look_at_the_clock()
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (until - (self.now or datetime.now(UTC))).total_seconds()
        return min(max(seconds, 1), LONGEST_WAIT)

    def _look_at_the_clock(self) -> None:
        """Remember GitLab's clock; one that is days away from ours is no clock to wait by."""
        try:
            told = parsedate_to_datetime(self._session.headers_received.get("Date", ""))
        except (TypeError, ValueError):
            return
        told = told if told.tzinfo else told.replace(tzinfo=UTC)
        if abs(told - datetime.now(UTC)) <= MOST_SKEW:
            self.now = told


def _is_gitlabs(error: gitlab.GitlabError) -> bool:
    """Whether a refusal is GitLab's own: its API refuses in JSON, with a message or an error."""
    try:
        said = json.loads(error.response_body or b"")
    except ValueError:
        return False
    return isinstance(said, dict) and bool(said.keys() & {"message", "error"})


def _project_in(path: str) -> int | str | None:
    """Number or path of the project an address is about, or None."""
    found = _OF_PROJECT.match(path)
    where = found and unquote(found[1])
    return int(where) if where and where.isdecimal() else where


def _words(error: gitlab.GitlabError) -> str:
    """What GitLab said, short enough to show. Pages of HTML say nothing."""
    words = error.error_message
    if isinstance(words, bytes):
        words = words.decode("utf-8", "replace")
    words = " ".join(str(words).split())
    return "an HTML page" if words.lower().startswith(("<!doctype", "<html")) else words[:_LONGEST_WORDS]


def _network_words(error: requests.RequestException) -> str:
    """The kind of failure, without addresses or tokens."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "the connection failed"
    return type(error).__name__


PAGE = 100


def open_reader(**listeners: Any) -> "ReadingGateway":
    """A reading gateway as the settings say; ``listeners`` as for ``open_gateway``."""
    return ReadingGateway(
        settings.GITLAB_URL, settings.GITLAB_TOKEN, timeout=settings.GITLAB_TIMEOUT_SECONDS, **listeners
    )


class ReadingGateway(Gateway):
    """A gateway that knows the past too. Raises what a Gateway raises."""

    def comments(self, project_id: int, iid: int) -> list[Words]:
        """All comments of an issue, oldest first, system notes included, all pages."""
        path = f"/projects/{project_id}/issues/{iid}/notes"
        return self._list(Words, path, order_by="created_at", sort="asc")

    def comment(self, project_id: int, iid: int, note_id: int) -> Words:
        """One comment; Gone if it is not there."""
        return self._read(Words, "get", f"/projects/{project_id}/issues/{iid}/notes/{note_id}")

    def label_changes(self, project_id: int, iid: int) -> list[LabelChange]:
        """Who put which label on or took it off, oldest first."""
        return self._changes(project_id, iid, "label", LabelChange)

    def state_changes(self, project_id: int, iid: int) -> list[StateChange]:
        """Who closed or reopened it, oldest first."""
        return self._changes(project_id, iid, "state", StateChange)

    def milestone_changes(self, project_id: int, iid: int) -> list[MilestoneChange]:
        """Who planned it for which milestone, oldest first."""
        return self._changes(project_id, iid, "milestone", MilestoneChange)

    def _changes(self, project_id: int, iid: int, kind: str, type_: type[_Changed]) -> list[_Changed]:
        path = f"/projects/{project_id}/issues/{iid}/resource_{kind}_events"
        return sorted(self._list(type_, path), key=lambda change: change.id)

    def person(self, user_id: int) -> Person:
        """The user with this number."""
        return self._read(Person, "get", f"/users/{user_id}")

    def updated_issues(self, project_id: int, since: datetime) -> Iterator[CountedIssue]:
        """Issues changed since then (GitLab's clock), oldest change first, page by page.

        Each page begins at the time the last one ended with, never at an offset: an issue that changes while the list
        is read moves to its end, and by offsets another one would slip through the gap.
        """
        seen: set[int] = set()
        page = 1
        while True:
            rows = self._updated_page(project_id, since, page)
            fresh = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in rows)
            yield from fresh
            if len(rows) < PAGE:
                return
            last = rows[-1].updated_at
            since, page = (last, 1) if fresh and last and last > since else (since, page + 1)

    def _updated_page(self, project_id: int, since: datetime, page: int) -> list[CountedIssue]:
        filters = {
            "updated_after": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "order_by": "updated_at",
            "sort": "asc",
            "scope": "all",
            "per_page": PAGE,
            "page": page,
        }
        rows = self._json("get", f"/projects/{project_id}/issues", query=filters)
        if not isinstance(rows, list):
            raise Retryable("GitLab answered something that is not a list.")
        return [self._shaped(CountedIssue, row) for row in rows]

    def issues(self, project_id: int, iids: Iterable[int]) -> list[CountedIssue]:
        """The issues with these numbers in the project; those that are not there are left out."""
        path = f"/projects/{project_id}/issues"
        return self._list(CountedIssue, path, scope="all", **{"iids[]": list(iids)}) if iids else []

    def shows_weights(self, project_id: int) -> bool | None:
        """Whether issues of the project have a weight, which only paid plans have; None if there is no issue to tell
        by."""
        found = self._json("get", f"/projects/{project_id}/issues", query={"scope": "all", "per_page": 1})
        if not isinstance(found, list):
            raise Retryable("GitLab answered something that is not a list.")
        return "weight" in found[0] if found else None

    def download(self, project_id: int, secret: str, name: str, *, largest: int) -> bytes:
        """A file people uploaded, as bytes; Permanent if it has more than ``largest`` of them."""
        path = f"/projects/{project_id}/uploads/{quote(secret, safe='')}/{quote(name, safe='')}"
        try:
            response = self._call("get", path)
        except Retryable as error:
            if isinstance(error.__cause__, TooLarge):
                raise Permanent("The file is too large.") from error
            raise
        if "html" in response.headers.get("Content-Type", ""):  # GitLab never sends a file as a page
            self._heard(False)
            raise Retryable("GitLab sent a page instead of the file.")
        if len(response.content) > largest:
            raise Permanent("The file is too large.")
        return response.content

    def hooks(self, project_id: int) -> list[Hook]:
        """The webhooks of a project. Needs the Maintainer role."""
        return self._list(Hook, f"/projects/{project_id}/hooks")

    def create_hook(self, project_id: int, fields: dict[str, Any]) -> Hook:
        """Add a webhook, from GitLab's own field names."""
        return self._read(Hook, "post", f"/projects/{project_id}/hooks", data=fields)

    def update_hook(self, project_id: int, hook_id: int, fields: dict[str, Any]) -> Hook:
        """Change a webhook."""
        return self._read(Hook, "put", f"/projects/{project_id}/hooks/{hook_id}", data=fields)

    def test_hook(self, project_id: int, hook_id: int) -> None:
        """Let GitLab call the webhook once, which switches a disabled one on again."""
        self._call("post", f"/projects/{project_id}/hooks/{hook_id}/test/issues_events")
