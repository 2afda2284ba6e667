"""A small, truthful GitLab over HTTP, for a first run and for tests. It imports nothing else of the portal.

It keeps to what the portal asks (workflow/gitlab), what a person does on its pages, and python-gitlab's own functional
tests for issues, notes, labels, milestones, links, hooks, uploads, members and users. A module per noun holds its
rules, its JSON and its addresses. One more field of an issue takes two files: a column in `schema.sql` and a row in
`issue_fields.py`. Tests that need it to misbehave give `SandboxServer` another application (tests/gitlab_faults).
"""

from workflow.gitlab_sandbox.server import SandboxServer

__all__ = ["SandboxServer"]
