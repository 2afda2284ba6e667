"""The REST API: importing this package registers every route."""

from workflow.gitlab_sandbox.api import (  # noqa: F401
    boards,
    control,
    discussions,
    events,
    groups,
    hooks,
    instance,
    issues,
    labels,
    links,
    members,
    milestones,
    notes,
    projects,
    templates,
    todos,
    uploads,
    users,
)
