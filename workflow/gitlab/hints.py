"""What a webhook's body hints at: which issue, by whom, or a milestone. Pure, and trusting nothing."""

from dataclasses import dataclass

from workflow.gitlab.markers import marker_in

ISSUE_KINDS = ("issue", "work_item")


@dataclass(frozen=True)
class Hint:
    """``project_id`` and ``iid`` of an issue to look at; ``by``: who did it, by GitLab's number; ``marker``: what its
    description carries; ``milestone``: a milestone changed, and ``iid`` is None."""

    project_id: int | None = None
    iid: int | None = None
    by: int | None = None
    marker: str | None = None
    milestone: bool = False


def hint_of(body):
    """The hint in a webhook's body (a dict), or None if it concerns nothing the portal mirrors."""
    kind, about = body.get("object_kind"), _dict(body.get("object_attributes"))
    if kind == "milestone":
        return Hint(milestone=True)
    if kind == "note" and about.get("noteable_type") == "Issue":
        return _issue_hint(_dict(body.get("issue")), body)
    if kind in ISSUE_KINDS:
        return _issue_hint(about, body)
    return None


def _issue_hint(issue, body):
    project_id = _number(issue.get("project_id")) or _number(_dict(body.get("project")).get("id"))
    iid = _number(issue.get("iid"))
    if project_id is None or iid is None:
        return None
    description = issue.get("description")
    return Hint(
        project_id=project_id,
        iid=iid,
        by=_number(_dict(body.get("user")).get("id")),
        marker=marker_in(description) if isinstance(description, str) else None,
    )


def _dict(value):
    return value if isinstance(value, dict) else {}


def _number(value):
    """A number a database can hold, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None
