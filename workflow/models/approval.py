"""Approvals are rounds: who must decide, what they saw, what they said. A decision is immutable.

Who may decide about a request now: what ``permissions.refusal`` asks about its running round.

``querysets._seats_of`` is the SQL side of this; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Collection, KeysView
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from supportops.accounts.absence import Links, decider_for
from supportops.accounts.models import User
from supportops.accounts.working_days import calendar_of

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from workflow.catalogue.answers import AnswerRow


class Asked(TypedDict):
    """What a request says that a round is asked about."""

    title: str
    description: str
    answers: list[AnswerRow]


class ApprovalRound(models.Model):
    """One round of asking. ``asked`` keeps the text as it stood, so that a later round can show the difference."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WAIVED = "waived", "Waived"
        VOIDED = "voided", "Voided by an edit"
        ENDED = "ended", "Ended with the request"
        CARRIED_OVER = "carried-over", "Carried over"

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    asked: models.JSONField[Asked, Asked] = models.JSONField(
        help_text="Title, description and answers as they stood when the round opened."
    )
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    needed = models.PositiveSmallIntegerField(default=1, help_text="How many of its seats must approve.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "number"], name="rounds_are_numbered"),
            models.UniqueConstraint(fields=["issue"], condition=Q(ended_at__isnull=True), name="one_open_round"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="an_ended_round_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"Round {self.number} of {self.issue_id}"

    def terms(self, seats: Collection[Decision]) -> str:
        """In words how many of these seats must approve; empty for a round of one."""
        if len(seats) < 2:
            return ""
        if len({seat.order for seat in seats}) > 1:
            return "All must approve, one after the other."
        if self.needed == len(seats):
            return "All must approve."
        return f"{self.needed} of {len(seats)} must approve." if self.needed > 1 else "Any one of them may approve."


class Decision(models.Model):
    """A seat in a round: who is asked, in which order, and, once given, their decision.

    ``approver`` is empty while nobody is eligible; a lead then names one.
    """

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    round = models.ForeignKey(ApprovalRound, models.PROTECT, related_name="decisions")
    issue_requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="decisions_asked")
    order = models.PositiveSmallIntegerField(default=1, help_text="Seats of the lowest order that waits are in turn.")
    asked_at = models.DateTimeField(
        null=True, help_text="Since when its holder could decide; empty: the round's opening."
    )
    follows_manager = models.BooleanField(null=True, help_text="It belongs to whoever the requester reports to.")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    answers: models.JSONField[list[AnswerRow], list[AnswerRow]] = models.JSONField(
        default=list, help_text="The approver's part of the form: rows as asked, with answers."
    )

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, verdict="", decided_by__isnull=True)
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(verdict="")),
                name="a_decision_is_whole",
            ),
            models.CheckConstraint(
                condition=(Q(approver__isnull=True) | ~Q(approver=F("issue_requester")))
                & (Q(decided_by__isnull=True) | ~Q(decided_by=F("issue_requester"))),
                name="nobody_approves_their_own_request",
            ),
            models.UniqueConstraint(fields=["round", "approver"], name="one_seat_per_approver"),
            models.UniqueConstraint(
                fields=["round", "decided_by"], condition=Q(decided_by__isnull=False), name="one_decision_per_person"
            ),
        ]
        indexes = [
            models.Index(fields=["approver"], condition=Q(decided_at__isnull=True), name="decisions_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.approver or 'nobody yet'}: {self.verdict or 'asked'}"


READ_ONCE = ("open_round", "seats", "absence_links", "deciding", "stand_ins", "late_seats")


class Deciding:
    """Mixed into Issue. Each answer is read once per object; ``forget_people`` drops them."""

    if TYPE_CHECKING:
        requester_id: int
        state_since: datetime
        rounds: RelatedManager[ApprovalRound]

    @cached_property
    def open_round(self) -> ApprovalRound | None:
        """The running round of approval, or None."""
        return self.rounds.filter(ended_at__isnull=True).first()

    @cached_property
    def seats(self) -> list[Decision]:
        """All seats of the running round, in order; those of nobody and those that were filled in included."""
        if self.open_round is None:
            return []
        return list(self.open_round.decisions.select_related("approver"))

    @property
    def seats_in_turn(self) -> list[Decision]:
        """The seats that wait for a decision now: with an order, only the first that is not filled in."""
        waiting = [seat for seat in self.seats if seat.decided_at is None]
        return [seat for seat in waiting if seat.order == min(one.order for one in waiting)]

    @property
    def approvers(self) -> list[User]:
        """Who is asked to decide now; empty when nobody is, or nobody is eligible."""
        return [seat.approver for seat in self.seats_in_turn if seat.approver and seat.approver.is_active]

    @cached_property
    def absence_links(self) -> Links:
        """Who is away now, and who stands in for them; see ``accounts.absence``."""
        return User.objects.absence_links() if self.seats else {}

    @cached_property
    def stand_ins(self) -> dict[int, User]:
        """{id of an approver who is away: the person who decides for them now}.

        Never the requester, never somebody who has left, never one who has a seat of their own in the round.
        """
        away = [approver.pk for approver in self.approvers if approver.pk in self.absence_links]
        ends = {pk: decider_for(pk, self.absence_links) for pk in away}
        seated = {seat.approver_id for seat in self.seats}
        wanted = {end for end in ends.values() if end and end not in seated and end != self.requester_id}
        people = {person.pk: person for person in User.objects.active().filter(pk__in=wanted)} if wanted else {}
        return {pk: people[end] for pk, end in ends.items() if end and end in people}

    @cached_property
    def deciding(self) -> dict[int, Decision]:
        """{id of a person who may decide now: the seat they decide}. One person fills in one seat of a round."""
        found = {}
        for seat in self.seats_in_turn:
            if seat.approver and seat.approver.is_active:
                found[seat.approver.pk] = seat
            if seat.approver and (stand_in := self.stand_ins.get(seat.approver.pk)):
                found.setdefault(stand_in.pk, seat)
        return {pk: seat for pk, seat in found.items() if pk not in self.decided_ids and pk != self.requester_id}

    @property
    def approver_ids(self) -> KeysView[int]:
        """Ids of everybody who may decide now: the current approvers, and who stands in for them."""
        return self.deciding.keys()

    @property
    def decided_ids(self) -> set[int]:
        """Ids of who has decided in the running round already."""
        return {seat.decided_by_id for seat in self.seats if seat.decided_by_id}

    @cached_property
    def late_seats(self) -> list[Decision]:
        """The held seats in turn that have waited for so many of their holder's working days that the holder's manager
        may step in."""
        if not self.seats_in_turn:
            return []
        now, days = timezone.now(), settings.TELL_MANAGER_AFTER_WORKING_DAYS
        return [
            seat
            for seat in self.seats_in_turn
            if seat.approver and self.asked_since(seat) <= calendar_of(seat.approver).working_days_before(now, days)
        ]

    def asked_since(self, seat: Decision) -> datetime:
        """Since when the seat's holder could decide: a question to the requester stops the time."""
        opened = self.open_round.opened_at if self.open_round else self.state_since
        return max(seat.asked_at or opened, self.state_since)

    @property
    def overseer_ids(self) -> set[int]:
        """Ids of the managers of approvers who are late; never the requester."""
        managers = {seat.approver.reports_to_id for seat in self.late_seats if seat.approver}
        return {pk for pk in managers if pk and pk != self.requester_id}

    @cached_property
    def active_lead_exists(self) -> bool:
        """Whether there is a lead to decide what leads decide."""
        return User.objects.leads().exists()

    @cached_property
    def lead_besides_requester_exists(self) -> bool:
        """Whether there is a lead to name an approver: the requester never does."""
        return User.objects.leads().exclude(pk=self.requester_id).exists()

    def behalf_of(self, person: User | None) -> User | None:
        """For whom this person would decide now, or None when it is for themselves."""
        seat = self.deciding.get(person.pk) if person else None
        return seat.approver if seat and person and seat.approver_id != person.pk else None

    def forget_people(self) -> None:
        """Drop what was read about rounds, delegates and gates; the next question reads it anew."""
        for name in (*READ_ONCE, "delegates", "gate_path"):
            self.__dict__.pop(name, None)
