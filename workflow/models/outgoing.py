"""What every row has that a worker takes on to bring something out of the portal: when it is due, and who holds it.

A crashed worker needs no reset job: its lease lapses. A lease's token says how many holders in a row died with the row
in their hands: whoever ends as it should gives the row back without a token, so a token found on a lapsed lease is a
dead holder's. The count needs no column, is written with the claim itself, and survives whatever killed the holder.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

POISON = 3
"""So many deaths in a row, and the row itself is taken for the cause (reliability.md §2, row 10)."""


def new_token(deaths: int = 0) -> uuid.UUID:
    """A token nobody else has, after so many deaths: a UUID of the free version 8 whose first byte counts them."""
    token = bytearray(uuid.uuid4().bytes)
    token[0], token[6] = deaths, 0x80 | token[6] & 0x0F
    return uuid.UUID(bytes=bytes(token))


def deaths_with(token: uuid.UUID) -> int:
    """How many holders are dead once the holder of this token is dead too."""
    return 1 + (token.bytes[0] if token.version == 8 else 0)


def lease_time() -> timedelta:
    """How long a claimed row is its holder's: longer than all one push may take (a task's hard limit is 60 s)."""
    return timedelta(seconds=settings.GITLAB_LEASE_SECONDS)


class OutgoingQuerySet(models.QuerySet):
    """Rows with work left."""

    def due(self, now: datetime | None = None) -> Self:
        """Rows whose time has come and that nobody holds, oldest first."""
        now = now or timezone.now()
        return self.filter(due_at__lte=now).exclude(leased_until__gt=now).order_by("due_at", "pk")

    def in_turn(self, whose: str) -> Self:
        """With ``turn``: the how-many-eth row it is, by what is longest due, of what the field ``whose`` names."""
        turn = Window(RowNumber(), partition_by=[F(whose)], order_by=[F("due_at").asc(), F("pk").asc()])
        return self.annotate(turn=turn)


class Outgoing(models.Model):
    """What every row of the outbox has: when it is due, who holds it, how often it was tried, what went wrong."""

    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty: nothing to do.")
    leased_until = models.DateTimeField(null=True, editable=False)
    lease = models.UUIDField(null=True, editable=False)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    parked = models.BooleanField(default=False, help_text="Waits for a person: retrying would not help.")

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        abstract = True

    def held(self) -> QuerySet[Self]:
        """This row, if its lease is still this object's: the only way a holder may write it."""
        return type(self).objects.filter(pk=self.pk, lease=self.lease)

    def release(self, **changes: Any) -> bool:
        """End the lease and write ``changes``; False, and nothing written, if somebody else holds it by now."""
        return bool(self.held().update(leased_until=None, lease=None, **changes))

    def wake(self) -> None:
        """Make the row due now, by hand or because something changed."""
        type(self).objects.filter(pk=self.pk).update(due_at=timezone.now(), attempts=0, parked=False, last_error="")
