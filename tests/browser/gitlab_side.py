"""What GitLab must show of a request after each step (domain.md §3, scheme "2025")."""

import time

from tests.browser.person import PATIENCE, within

STAGE = {
    "discussion": None,
    "approval": None,
    "triage": "Stage::Triage",
    "escalated": "Stage::Triage",
    "backlog": "Stage::Backlogged",
    "design": "Stage::Design",
    "planning": "Stage::Planning",
    "scheduled": "Stage::Planning",
    "development": "Stage::Development",
    "validation": "Stage::Validation",
    "implementation": "Stage::Validation",
    "blocked": "Stage::Blocked",
    "completed": "Stage::Completed",
    "closed": None,
}
TRACKER = {
    "bug": "gitlab-com/gl-security/corp/cust-support-ops/issue-tracker",
    "feature": "gitlab-com/gl-security/corp/cust-support-ops/issue-tracker",
    "calendly": "gitlab-com/support/support-ops/other-software/calendly",
    "propose-change": "gitlab-com/support/support-team-meta",
}


WAITS = []
"""How many seconds GitLab took to agree, step by step."""


class Mirrored:
    """The GitLab issue of one request, found by its title."""

    def __init__(self, portal, key, title):
        self.portal, self.title = portal, title
        self.project = TRACKER[key].replace("/", "%2F")

    def issues(self):
        """Every issue of the tracker with the title; there must never be two."""
        return [
            issue
            for issue in self.portal.gitlab(f"/projects/{self.project}/issues", per_page=100)
            if issue["title"] == self.title
        ]

    def agrees(self, state, *, seconds=PATIENCE, **fields):
        """Assert that GitLab comes to have exactly one issue, at the stage of ``state``, with these fields.

        ``seconds`` is when to give up, not the promise (five): a busy machine must not turn a test red. How long it
        really took stands in ``var/gitlab-agreed.txt`` afterwards.
        """
        wanted = {"stage": STAGE[state], "state": "closed" if state in ("completed", "closed") else "opened", **fields}
        seen = {}

        def agreed():
            seen.clear()
            seen.update(self._seen(wanted))
            return seen == wanted

        began = time.monotonic()
        assert within(seconds, agreed), f"GitLab shows {seen}, wanted {wanted}"
        WAITS.append(time.monotonic() - began)

    def _seen(self, wanted):
        found = self.issues()
        if len(found) != 1:
            return {"issues": len(found)}
        issue = found[0]
        stages = [label for label in issue["labels"] if label.startswith("Stage::")]
        seen = {"stage": stages[0] if len(stages) == 1 else (stages or None), "state": issue["state"]}
        for name in wanted.keys() - seen.keys():
            value = issue[name]
            seen[name] = value["title"] if name == "milestone" and value else value
        if "labels" in seen:
            seen["labels"] = wanted["labels"] if set(wanted["labels"]) <= set(seen["labels"]) else seen["labels"]
        return seen
