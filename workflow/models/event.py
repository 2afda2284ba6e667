"""What happened: append-only history. The database refuses to change or delete a row (see the triggers' migration)."""

from django.conf import settings
from django.db import models

from workflow.states import Act, Source, State, Verb

SUBMIT = "submit"
REPLAN = "replan"
UNDONE = "undone"
NOT_TAKEN = "not-taken"
CONFLICT = "conflict"
RAISED = "raised"
_LABELS = {
    SUBMIT: "Submit",
    REPLAN: "Back to planning",
    UNDONE: "Undone",
    NOT_TAKEN: "Not taken",
    CONFLICT: "Changed on both sides",
    RAISED: "Raised to the lead",
}
"""What happens besides verbs and acts. UNDONE, NOT_TAKEN and CONFLICT answer what somebody did in GitLab: changed what
is not theirs to change there; asked for a step they may not take; changed what somebody changed in the portal too.
RAISED: it was sent back from validation so often that the lead should look at it."""


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
        for vocabulary in (Verb, Act):
            if self.verb in vocabulary:
                return str(vocabulary(self.verb).label)
        return _LABELS.get(self.verb, self.verb.replace("-", " ").capitalize())
