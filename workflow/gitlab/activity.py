"""What people did to a GitLab issue: who changed what when, and what they wrote with it. Pure but for ``read``."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self, TypeVar

from workflow.gitlab.client import ReadingGateway
from workflow.gitlab.schemas import Change, LabelChange, MilestoneChange, Person, StateChange, Words

WORDS_WITHIN = timedelta(minutes=2)
"""How far a comment may be from the change it explains (domain.md §6)."""
_Changed = TypeVar("_Changed", bound=Change)


@dataclass(frozen=True)
class History:
    """Everything GitLab tells, oldest first. ``bot``: the portal's own number there."""

    bot: int
    labels: tuple[LabelChange, ...] = ()
    states: tuple[StateChange, ...] = ()
    milestones: tuple[MilestoneChange, ...] = ()
    words: tuple[Words, ...] = ()

    @classmethod
    def read(cls, gateway: ReadingGateway, bot: int, project_id: int, iid: int) -> Self:
        """Four lists of an issue."""
        return cls(
            bot=bot,
            labels=tuple(gateway.label_changes(project_id, iid)),
            states=tuple(gateway.state_changes(project_id, iid)),
            milestones=tuple(gateway.milestone_changes(project_id, iid)),
            words=tuple(gateway.comments(project_id, iid)),
        )

    def by_people(self, changes: Iterable[_Changed], after: int = 0) -> list[_Changed]:
        """The changes other than the portal's own that came after the one with this number."""
        return [change for change in changes if change.id > after and change.by.id not in (None, self.bot)]

    def who(self, beginnings: tuple[str, ...]) -> tuple[Person | None, datetime | None]:
        """(who did something last, when), by the system notes that begin so; (None, None) if GitLab does not say."""
        found = [
            note
            for note in self.words
            if note.system and note.by.id != self.bot and note.body.lower().startswith(beginnings)
        ]
        return (found[-1].by, found[-1].created_at) if found else (None, None)

    def who_labelled(self, names: Collection[str]) -> tuple[Person | None, datetime | None]:
        """(who last put on or took off one of these labels, when); (None, None) if nobody but the portal did."""
        found = [change for change in self.by_people(self.labels) if change.what in names]
        return (found[-1].by, found[-1].at) if found else (None, None)

    def latest_labels(self) -> list[str]:
        """Names of labels in the order they were last put on."""
        return [change.what for change in self.labels if change.added]

    def words_with(self, by: Person, at: datetime) -> str:
        """What this person wrote for everybody within two minutes of the change, the nearest first; "" if nothing."""
        near = [
            note
            for note in self.words
            if not note.system
            and not note.internal
            and note.by.id == by.id
            and abs(note.created_at - at) <= WORDS_WITHIN
        ]
        return min(near, key=lambda note: abs(note.created_at - at)).body.strip() if near else ""
