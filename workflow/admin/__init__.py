"""The administration of what happens to requests: rules are edited, requests and their story are only read."""

from workflow.admin import (
    approval,
    approval_policy,
    inbound,
    issue,
    milestone,
    mirror,
    route,
    story,
    telling,
    tracker,
    validation,
)

__all__ = [
    "approval",
    "approval_policy",
    "inbound",
    "issue",
    "milestone",
    "mirror",
    "route",
    "story",
    "telling",
    "tracker",
    "validation",
]
