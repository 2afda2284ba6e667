"""The figures of the reports as they were counted last: counting them anew would read every open request."""

from django.db import models


class CountedReport(models.Model):
    """One for each set of groups whose restricted requests its readers see.

    ``restricting``: the groups that restricted anything when it was counted. Whoever is in ``groups`` of them, and in
    no other of them, is shown this one.
    """

    audience = models.CharField(max_length=255, unique=True, help_text="The ids of the groups, in order.")
    groups: models.JSONField[list[int], list[int]] = models.JSONField()
    restricting: models.JSONField[list[int], list[int]] = models.JSONField()
    figures = models.JSONField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Reports for groups {self.audience or 'none'}, counted {self.counted_at:%Y-%m-%d %H:%M}"
