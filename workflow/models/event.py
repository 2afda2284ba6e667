"""What happened: append-only history. The database refuses to change or delete a row (see the triggers' migration)."""

from collections.abc import Mapping

from django.conf import settings
from django.db import models

from workflow.states import Source, State
from workflow.verbs import Told, row_of

SUBMIT = "submit"
REPLAN = "replan"
UNDONE = "undone"
NOT_TAKEN = "not-taken"
CONFLICT = "conflict"
RAISED = "raised"
OTHERS: Mapping[str, Told] = {
    SUBMIT: Told(label="Submit", done="filed this request", icon="plus", note=None),
    REPLAN: Told(label="Back to planning", done="took this out of its milestone", icon="list-checks", note=None),
    UNDONE: Told(
        label="Undone",
        done="changed this in GitLab, which was undone",
        icon="corner-up-left",
        note="{who} changed this here, and it was undone:",
    ),
    NOT_TAKEN: Told(
        label="Not taken",
        done="asked in GitLab for a step that was not taken",
        icon="circle-x",
        note="{who} asked for a step that was not taken:",
    ),
    CONFLICT: Told(
        label="Changed on both sides",
        done="changed in GitLab what was changed here too",
        icon="git-branch",
        note="{who} changed here what somebody changed in the portal at the same time:",
    ),
    RAISED: Told(label="Raised to the lead", done="raised this to the lead", icon="chevrons-up", note=None),
}
"""What happens besides verbs and acts. UNDONE, NOT_TAKEN and CONFLICT answer what somebody did in GitLab: changed what
is not theirs to change there; asked for a step they may not take; changed what somebody changed in the portal too.
RAISED: it was sent back from validation so often that the lead should look at it."""


def told_of(verb: str) -> Told | None:
    """How an event of this name is told, be it a verb, an act or one of the others; None for one that is no more."""
    return row_of(verb) or OTHERS.get(verb)


class Event(models.Model):
    """One thing that happened to a request: who (on whose behalf), what, from, to, when, where from, the text given."""

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="events")
    verb = models.CharField(max_length=30)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.PORTAL)
    from_state = models.CharField(max_length=20, choices=State.choices, blank=True)
    to_state = models.CharField(max_length=20, choices=State.choices)
    text = models.TextField(blank=True, help_text="The words given with the step.")
    data = models.JSONField(
        default=dict, help_text="What else was given or changed: {field: [old, new]} or {name: value}."
    )
    version = models.PositiveIntegerField(help_text="The request's version after this.")
    at = models.DateTimeField(db_index=False)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["issue", "at"], name="event_story")]

    def __str__(self) -> str:
        return f"{self.issue_id} {self.verb} {self.at:%Y-%m-%d %H:%M}"

    @property
    def changed_state(self) -> bool:
        """Whether this moved the request."""
        return self.from_state != self.to_state

    @property
    def label(self) -> str:
        """The verb as people read it."""
        told = told_of(self.verb)
        return told.label if told else self.verb.replace("-", " ").capitalize()
