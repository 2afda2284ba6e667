"""The administration of what happens to requests: rules are edited, requests and their history are only read."""

from workflow.admin import approval, history, issue

__all__ = ["approval", "history", "issue"]
