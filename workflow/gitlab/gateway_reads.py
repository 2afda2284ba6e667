"""The rest of what the portal asks GitLab, to learn what people did there: history, comments, polls, files, hooks."""

from datetime import UTC
from urllib.parse import quote

from django.conf import settings

from workflow.gitlab.errors import Permanent, Retryable
from workflow.gitlab.gateway import Gateway
from workflow.gitlab.remote_history import Change, CountedIssue, Hook, Person, Words
from workflow.gitlab.transport import TooLarge

PAGE = 100


class _Reader:
    """Gives a classmethod of a type the look of a type that reads."""

    def __init__(self, read):
        self.read = read


def open_reader(**listeners):
    """A reading gateway as the settings say; ``listeners`` as for ``open_gateway``."""
    return ReadingGateway(
        settings.GITLAB_URL, settings.GITLAB_TOKEN, timeout=settings.GITLAB_TIMEOUT_SECONDS, **listeners
    )


class ReadingGateway(Gateway):
    """A gateway that knows the past too. Raises what a Gateway raises."""

    def comments(self, project_id, iid):
        """All comments of an issue, oldest first, system notes included, all pages."""
        path = f"/projects/{project_id}/issues/{iid}/notes"
        return self._list(Words, path, order_by="created_at", sort="asc")

    def comment(self, project_id, iid, note_id):
        """One comment; Gone if it is not there."""
        return self._read(Words, "get", f"/projects/{project_id}/issues/{iid}/notes/{note_id}")

    def label_changes(self, project_id, iid):
        """Who put which label on or took it off, oldest first."""
        return self._changes(project_id, iid, "label", Change.of_label)

    def state_changes(self, project_id, iid):
        """Who closed or reopened it, oldest first."""
        return self._changes(project_id, iid, "state", Change.of_state)

    def milestone_changes(self, project_id, iid):
        """Who planned it for which milestone, oldest first."""
        return self._changes(project_id, iid, "milestone", Change.of_milestone)

    def _changes(self, project_id, iid, kind, read):
        path = f"/projects/{project_id}/issues/{iid}/resource_{kind}_events"
        return sorted(self._list(_Reader(read), path), key=lambda change: change.id)

    def person(self, user_id):
        """The user with this number."""
        return self._read(Person, "get", f"/users/{user_id}")

    def updated_issues(self, project_id, since):
        """Issues changed since then (GitLab's clock), oldest change first, page by page.

        Each page begins at the time the last one ended with, never at an offset: an issue that changes while the list
        is read moves to its end, and by offsets another one would slip through the gap.
        """
        seen, page = set(), 1
        while True:
            rows = self._updated_page(project_id, since, page)
            fresh = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in rows)
            yield from fresh
            if len(rows) < PAGE:
                return
            last = rows[-1].updated_at
            since, page = (last, 1) if fresh and last and last > since else (since, page + 1)

    def _updated_page(self, project_id, since, page):
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

    def issues(self, project_id, iids):
        """The issues with these numbers in the project; those that are not there are left out."""
        path = f"/projects/{project_id}/issues"
        return self._list(CountedIssue, path, scope="all", **{"iids[]": list(iids)}) if iids else []

    def shows_weights(self, project_id):
        """Whether issues of the project have a weight, which only paid plans have; None if there is no issue to tell
        by."""
        found = self._json("get", f"/projects/{project_id}/issues", query={"scope": "all", "per_page": 1})
        if not isinstance(found, list):
            raise Retryable("GitLab answered something that is not a list.")
        return "weight" in found[0] if found else None

    def download(self, project_id, secret, name, *, largest):
        """A file people uploaded, as bytes; Permanent if it has more than ``largest`` of them."""
        path = f"/projects/{project_id}/uploads/{quote(secret, safe='')}/{quote(name, safe='')}"
        try:
            content = self._call("get", path).content
        except Retryable as error:
            if isinstance(error.__cause__, TooLarge):
                raise Permanent("The file is too large.") from error
            raise
        if len(content) > largest:
            raise Permanent("The file is too large.")
        return content

    def hooks(self, project_id):
        """The webhooks of a project. Needs the Maintainer role."""
        return self._list(Hook, f"/projects/{project_id}/hooks")

    def create_hook(self, project_id, fields):
        """Add a webhook, from GitLab's own field names."""
        return self._read(Hook, "post", f"/projects/{project_id}/hooks", data=fields)

    def update_hook(self, project_id, hook_id, fields):
        """Change a webhook."""
        return self._read(Hook, "put", f"/projects/{project_id}/hooks/{hook_id}", data=fields)

    def test_hook(self, project_id, hook_id):
        """Let GitLab call the webhook once, which switches a disabled one on again."""
        self._call("post", f"/projects/{project_id}/hooks/{hook_id}/test/issues_events")
