"""Everything GitLab holds when all is over, read once, as its administrator."""

from dataclasses import dataclass, field

from workflow.gitlab.escaping import marker_in, noted
from workflow.gitlab_sandbox.seed import BOT


@dataclass
class There:
    """One GitLab issue with its comments and its history."""

    issue: dict
    notes: list = field(default_factory=list)
    label_events: list = field(default_factory=list)

    @property
    def place(self):
        """Project and number."""
        return self.issue["project_id"], self.issue["iid"]

    @property
    def marker(self):
        """The request's mark in the description, or None."""
        return marker_in(self.issue["description"] or "")

    @property
    def by_the_bot(self):
        """Whether the portal made it."""
        return self.issue["author"]["username"] == BOT

    @property
    def words(self):
        """Comments people wrote there: [(body, internal)]."""
        return [note for note in self.notes if not note["system"] and self.mark_of(note) is None]

    @property
    def mirrored(self):
        """Rows of the portal that its comments there carry the mark of, as often as they do."""
        marks = [self.mark_of(note) for note in self.notes if not note["system"]]
        return [mark for mark in marks if mark is not None]

    def titles(self):
        """The titles the bot gave it after its first one, in order."""
        return self._changed("changed title from **", "** to **")

    def _changed(self, begins, between):
        said = [note for note in self.notes if note["system"] and note["author"]["username"] == BOT]
        bodies = [note["body"] for note in sorted(said, key=lambda note: note["id"])]
        return [body.split(between)[1].removesuffix("**") for body in bodies if body.startswith(begins)]

    @staticmethod
    def mark_of(note):
        """The row a comment of the bot mirrors, or None."""
        return noted(note["body"]) if note["author"]["username"] == BOT else None


class World:
    """All issues; ``gitlab`` is an InGitLab."""

    def __init__(self, gitlab):
        self.issues = [There(issue) for issue in gitlab.every("/issues?scope=all")]
        for there in self.issues:
            place = f"/projects/{there.issue['project_id']}/issues/{there.issue['iid']}"
            there.notes = gitlab.every(f"{place}/notes?sort=asc")
            there.label_events = gitlab.every(f"{place}/resource_label_events")
        self._placed = {there.place: there for there in self.issues}

    def at(self, mirror):
        """The issue of a mirror, or None."""
        return self._placed.get((mirror.project_id, mirror.iid))

    def marked(self, marker):
        """Issues that carry the mark and were not moved on."""
        return [there for there in self.issues if there.marker == marker and there.issue["moved_to_id"] is None]
