"""What tests ask of a sandbox GitLab: to misbehave, to tell what it was asked, to show what it holds."""

import re

import requests

from tests.gitlab_faults import FaultyApplication
from workflow.gitlab.escaping import marker_in
from workflow.gitlab_sandbox import SandboxServer

ADMIN = "admin-token-of-the-tests"


class GitLab:
    """A sandbox with its administrator."""

    def __init__(self, place, **options):
        self._server = SandboxServer(place, ADMIN, application=FaultyApplication, **options)

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *error):
        self._server.close()

    @property
    def url(self):
        """Where it answers."""
        return self._server.url

    @property
    def bot_token(self):
        """The portal's token there."""
        return self._server.bot_token

    @property
    def bot_id(self):
        """The portal's user there."""
        return self.api("GET", "/users?username=support-bot")[0]["id"]

    def api(self, method, path, /, *, sudo=None, **sent):
        """Ask it as the administrator, or as the person named; returns the JSON."""
        headers = {"PRIVATE-TOKEN": ADMIN} | ({"Sudo": sudo} if sudo else {})
        reply = requests.request(method, f"{self.url}/api/v4{path}", headers=headers, json=sent or None, timeout=30)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def _own(self, method, path, sent=None):
        headers = {"PRIVATE-TOKEN": ADMIN}
        reply = requests.request(method, f"{self.url}/sandbox/{path}", headers=headers, json=sent, timeout=30)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def fail(self, name, method="POST", path="", **how):
        """Misbehave at the next request that matches (``times`` more)."""
        return self._own("POST", "faults", {"name": name, "match": {"method": method, "path": path}, **how})

    def heal(self):
        """Behave again."""
        self._own("DELETE", "faults")

    def limit(self, **limits):
        """Calls per minute: api, issue_create, note_create, search."""
        self._own("PUT", "limits", limits)

    def calls(self, method=None):
        """[(method, path below the API)] of what the portal asked since ``forget``."""
        entries = self._own("GET", "log")["entries"]
        asked = [
            (entry["method"], re.sub(r"\?.*", "", entry["path"]).removeprefix("/api/v4"))
            for entry in entries
            if entry["username"] != "root"
        ]
        return [call for call in asked if method in (None, call[0])]

    def sent(self, method, ending):
        """Names of the parameters the last such request carried."""
        entries = [
            e for e in self._own("GET", "log")["entries"] if e["method"] == method and e["path"].endswith(ending)
        ]
        return set(entries[-1]["sent"])

    def forget(self):
        """Empty the log."""
        self._own("DELETE", "log")

    def notified(self):
        """[(person, handle)] of who was told because of a mention."""
        return [
            (row["username"], row["handle"])
            for row in self._own("GET", "notifications")
            if row["reason"] == "mentioned"
        ]

    def issue(self, mirror):
        """The GitLab issue of a mirror."""
        return self.api("GET", f"/projects/{mirror.project_id}/issues/{mirror.iid}")

    def notes(self, mirror, *, system=False):
        """Its comments, oldest first."""
        notes = self.api("GET", f"/projects/{mirror.project_id}/issues/{mirror.iid}/notes?sort=asc&per_page=100")
        return [note for note in notes if note["system"] == system]

    def with_marker(self, mirror):
        """Every issue anywhere that carries the mirror's marker."""
        issues = self.api("GET", "/issues?scope=all&per_page=100")
        return [issue for issue in issues if marker_in(issue["description"] or "") == mirror.marker]
