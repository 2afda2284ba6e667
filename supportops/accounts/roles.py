"""Roles, read in one place: from group membership."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models

if TYPE_CHECKING:
    from supportops.accounts.models import User


class Role(models.TextChoices):
    """What a person is here. The value is the name of the Django group that grants it."""

    OPS = "ops", "Support Operations"
    LEAD = "lead", "Lead of Support Operations"
    MANAGER = "managers", "Manager"


def roles_of(person: User | AnonymousUser | None) -> frozenset[Role]:
    """The person's roles as a frozenset of Role. A lead is ops besides. Nobody inactive has any.

    Read once per person object: a request handles one user object, so a change of groups counts from the next
    request on.
    """
    if person is None or isinstance(person, AnonymousUser) or not person.is_active or person.pk is None:
        return frozenset()
    return frozenset(role for role in Role if role.value in person.group_names) | (
        {Role.OPS} if Role.LEAD.value in person.group_names else frozenset()
    )


def is_ops(person: User | AnonymousUser | None) -> bool:
    """Whether the person belongs to Support Operations (leads included)."""
    return Role.OPS in roles_of(person)


def is_lead(person: User | AnonymousUser | None) -> bool:
    """Whether the person has the lead verbs."""
    return Role.LEAD in roles_of(person)
