"""The kinds of request, and how each is approved: the vocabulary of what can be asked (domain.md §2)."""

from django.db.models import TextChoices


class Kind(TextChoices):
    """What sort of request it is; decides the way through."""

    BUG = "bug", "Bug"
    FEATURE = "feature", "Feature"
    ADMINISTRATIVE = "administrative", "Administrative"
    PROPOSAL = "proposal", "Proposal"
    QUESTION = "question", "Question"
    HAND_OVER = "hand-over", "Hand-over"


WORKED_ON = frozenset({Kind.BUG, Kind.FEATURE, Kind.ADMINISTRATIVE})


"""Kinds with a tracker and development; the others are answered, or carried on in one of these."""


class ApprovalRule(TextChoices):
    """Who approves requests of a route."""

    NONE = "none", "Nobody needs to approve"
    REPORTS_TO = "reports_to", "The requester's manager"
    CHOSEN = "chosen", "A manager chosen by the requester"
