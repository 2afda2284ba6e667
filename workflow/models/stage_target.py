"""How long a request should stay in a state at most. Data, edited in the admin."""

from django.db import models

from workflow.states import State


class StageTarget(models.Model):
    """How many working days a request should stay in a state at most."""

    state = models.CharField(max_length=20, choices=State.choices, unique=True)
    working_days = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["state"]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.working_days} working days"
