"""Leases of periodic work: one worker at a time, whoever asks."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Lease(models.Model):
    """Periodic work that only one worker does at a time, however many beats there are."""

    name = models.CharField(max_length=40, primary_key=True)
    leased_until = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    @contextmanager
    def hold(cls, name: str, seconds: float = 60) -> Iterator[bool]:
        """Yield whether this worker holds the work ``name``; a crashed holder's lease lapses after ``seconds``."""
        now, token = timezone.now(), uuid.uuid4()
        cls.objects.get_or_create(name=name)
        free = cls.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), name=name)
        held = bool(free.update(leased_until=now + timedelta(seconds=seconds), token=token))
        try:
            yield held
        finally:
            cls.objects.filter(name=name, token=token).update(leased_until=None, token=None)
