"""The mirror in the administration: the connection and the label schemes are edited, what goes out and comes in is
read."""

from workflow.gitlab.admin import connection, inbound, issue, outgoing

__all__ = ["connection", "inbound", "issue", "outgoing"]
