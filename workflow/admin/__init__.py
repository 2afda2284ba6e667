"""The administration of what happens to requests: rules are edited, requests and their story are only read."""

from workflow.admin import approval, approval_policy, issue, milestone, mirror, route, story, telling, tracker

__all__ = ["approval", "approval_policy", "issue", "milestone", "mirror", "route", "story", "telling", "tracker"]
