"""How the door says no. Nothing was changed when one of these is raised."""

from collections.abc import Mapping

from workflow.models import Issue


class Refused(Exception):
    """The person may not do this now; ``str(error)`` is the sentence to show."""


class Stale(Exception):
    """The request changed since the person looked at it."""

    def __init__(self, issue: Issue, given_version: int | None = None) -> None:
        super().__init__(f"{issue.reference} was changed while you looked at it.")
        self.issue, self.given_version = issue, given_version


class Incomplete(Exception):
    """Something that must be given is missing or wrong: ``problems`` is {field: sentence}."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems
