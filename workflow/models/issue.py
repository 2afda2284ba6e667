"""The request and its finite state machine: transitions, no I/O, no people.

django-fsm checks sources and conditions when a transition is called, never a permission; so nothing but
``workflow.actions`` calls one, after ``permissions.refusal`` had its say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django_fsm import RETURN_VALUE, FSMField, can_proceed, transition

from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.gates import GateOutcome
from workflow.models.approval import Deciding
from workflow.models.event import REPLAN
from workflow.models.gate_path import Gated
from workflow.models.protected_refresh import ProtectedRefresh
from workflow.models.querysets import IssueQuerySet
from workflow.models.validation import Validating
from workflow.states import (
    COURT,
    ENDED,
    OPEN,
    REOPENS_TO_TRIAGE,
    WAITS_TO_RETURN,
    Outcome,
    Priority,
    State,
    first_state,
    rail_of,
)
from workflow.verbs import UnfinishedVerb, Verb, require_each

if TYPE_CHECKING:
    from supportops.accounts.models import User
    from workflow.catalogue.answers import AnswerRow
    from workflow.models.event import Event
    from workflow.models.milestone import Milestone
    from workflow.states import Court

_Conditioned = Any
"""An Issue; django-fsm types what a condition is given as any Model."""
EDITABLE = sorted(OPEN)
MATERIAL_EDITS = frozenset(
    {
        State.APPROVAL,
        State.DISCUSSION,
        State.TRIAGE,
        State.NEEDS_INFO,
        State.BACKLOG,
        State.DESIGN,
        State.PLANNING,
        State.SCHEDULED,
    }
)
"""Where what was approved may still change (and is asked about again); later a spin-off is the way."""
BLOCKABLE = [
    State.DESIGN,
    State.PLANNING,
    State.SCHEDULED,
    State.DEVELOPMENT,
    State.VALIDATION,
    State.IMPLEMENTATION,
]

PEOPLE = ("requester", "filed_by", "assignee", "implemented_by", "escalated_by")
"""The fields of a request that name somebody."""
URGENT_ROUTE = "fix"
"""The route for what is broken."""
WITHOUT_PRIORITY = max(Priority.values) + 1


def of_kind(*kinds: Kind) -> Callable[[_Conditioned], bool]:
    """A condition: the request is of one of these kinds."""

    def condition(issue: _Conditioned) -> bool:
        return issue.kind in kinds

    return condition


def _answered_not_worked_on(issue: _Conditioned) -> bool:
    return issue.state != State.TRIAGE or issue.kind in {Kind.QUESTION, Kind.HAND_OVER}


def _needs_no_validation(issue: _Conditioned) -> bool:
    return issue.state != State.DEVELOPMENT or (issue.kind == Kind.ADMINISTRATIVE and not issue.validation_required)


def _features_escalate_first(issue: _Conditioned) -> bool:
    return not (issue.state == State.TRIAGE and issue.kind == Kind.FEATURE)


def _not_being_put_into_production(issue: _Conditioned) -> bool:
    return not (issue.state == State.BLOCKED and issue.return_to == State.IMPLEMENTATION)


def _reopenable(issue: _Conditioned) -> bool:
    return issue.outcome in REOPENS_TO_TRIAGE or issue.outcome == Outcome.WITHDRAWN


class RankField(models.PositiveSmallIntegerField):
    """Written with the request, from its priority; stored because a queue of any length is read in this order."""

    def pre_save(self, model_instance: models.Model, add: bool) -> int:
        """The rank as it is now."""
        rank: int = getattr(model_instance, "urgency", None) or super().pre_save(model_instance, add)  # in a migration
        setattr(model_instance, self.attname, rank)
        return rank


class Issue(Deciding, Gated, Validating, ProtectedRefresh, models.Model):
    """A request. ``number`` is its identity everywhere (shown as SO-123); ``version`` counts edits and steps."""

    number = models.BigAutoField(primary_key=True)
    version = models.PositiveIntegerField(default=1)
    submission = models.UUIDField(
        unique=True, null=True, editable=False, help_text="The form it came by; a second press finds it."
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    route = models.ForeignKey(Route, models.PROTECT, related_name="issues")
    tracker = models.ForeignKey(Tracker, models.PROTECT, null=True, related_name="issues")
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    answers: models.JSONField[list[AnswerRow], list[AnswerRow]] = models.JSONField(
        default=list, help_text="Rows as asked: key, label, type, answer."
    )

    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="requests")
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who pressed the button, if not the requester.",
    )
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="assigned")
    implemented_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    escalated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    state = FSMField(max_length=20, choices=State.choices, default=State.TRIAGE, protected=True)
    state_since = models.DateTimeField()
    return_to = models.CharField(max_length=20, choices=State.choices, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)

    customer = models.CharField(max_length=40, blank=True, help_text="The division it is for (label family Customer).")
    system = models.CharField(max_length=40, blank=True, help_text="The system concerned, as in the label scheme.")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, null=True)
    rank = RankField(
        default=WITHOUT_PRIORITY, editable=False, help_text="Its place in queues: 1 comes first, 5 has no priority."
    )
    milestone = models.ForeignKey("workflow.Milestone", models.SET_NULL, null=True, related_name="issues")
    due_date = models.DateField(null=True)
    teams = models.CharField("other impacted teams", max_length=255, blank=True)

    restricted_to = models.ForeignKey(Group, models.PROTECT, null=True, related_name="+")
    gameplan = models.TextField(blank=True)
    validation_brief = models.TextField(blank=True, help_text="What to check, and where.")
    validation_asked = models.BooleanField(default=False)
    validation_mandatory = models.BooleanField(
        default=False, help_text="Continued from a proposal: the requester reviews it."
    )
    blocked_by = models.CharField(max_length=255, blank=True)
    unblock_when = models.TextField(blank=True)

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    moves: list[Event]
    """The steps that moved it, on requests read ``with_moves``."""

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name = "request"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="state_is_known"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="kind_is_known"),
            models.CheckConstraint(
                condition=(Q(state__in=sorted(WAITS_TO_RETURN)) & ~Q(return_to=""))
                | (~Q(state__in=sorted(WAITS_TO_RETURN)) & Q(return_to="")),
                name="return_to_is_set_exactly_while_waiting",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=sorted(ENDED)) & ~Q(outcome="")) | (~Q(state__in=sorted(ENDED)) & Q(outcome="")),
                name="an_outcome_exactly_when_ended",
            ),
            models.CheckConstraint(
                condition=Q(priority__isnull=True) | Q(priority__in=Priority.values), name="priority_is_known"
            ),
            models.CheckConstraint(
                condition=Q(priority__isnull=False, rank=F("priority"))
                | Q(priority__isnull=True, rank__in=[Priority.URGENT, WITHOUT_PRIORITY]),
                name="rank_follows_priority",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "rank", "state_since", "number"],
                condition=~Q(state__in=sorted(ENDED)),
                name="open_by_queue",
            ),
            models.Index(fields=["requester", "-number"], name="requests_of_a_person"),
            models.Index(
                fields=["requester", "state"], condition=~Q(state__in=sorted(ENDED)), name="open_by_requester"
            ),
            models.Index(
                fields=["assignee", "rank", "state_since", "number"],
                condition=~Q(state__in=sorted(ENDED)),
                name="open_by_assignee",
            ),
            models.Index(fields=["kind", "-number"], name="by_kind"),
            models.Index(fields=["state", "-number"], name="by_state"),
            models.Index(fields=["-updated_at", "-number"], name="by_newest_change"),
            # Everything a count asks about stands in the index, so that counting never reads a request itself.
            models.Index(
                fields=["state", "kind", "restricted_to", "requester", "escalated_by", "number"],
                condition=~Q(state__in=sorted(ENDED)),
                name="open_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        """The request's page."""
        return reverse("issue", args=[self.number])

    @property
    def reference(self) -> str:
        """The number as people write it."""
        return f"SO-{self.number}"

    @property
    def court(self) -> Court | None:
        """Whose turn it is, or None when it has ended."""
        return COURT.get(self.state)

    @property
    def urgency(self) -> int:
        """Its priority; without one, what is broken counts as urgent and the rest comes last (domain.md §4)."""
        if self.priority is not None:
            return self.priority
        return Priority.URGENT if self.kind == Kind.BUG and self.route.key == URGENT_ROUTE else WITHOUT_PRIORITY

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    @property
    def people_ids(self) -> frozenset[int]:
        """Ids of everybody it names."""
        return frozenset(filter(None, (getattr(self, f"{role}_id") for role in PEOPLE)))

    def know(self, people: Mapping[int, User]) -> None:
        """Take those it names from ``people`` (by id), so that nobody of them is read again."""
        for role in PEOPLE:
            setattr(self, role, people.get(getattr(self, f"{role}_id")))

    @property
    def validation_required(self) -> bool:
        """Whether development ends in validation whatever the kind."""
        return self.validation_asked or self.validation_mandatory

    @property
    def confidential(self) -> bool:
        """Whether GitLab must hide it: exactly when the portal does."""
        return self.restricted_to_id is not None

    @property
    def material_edits_allowed(self) -> bool:
        """Whether what was approved may change in this state."""
        return self.state in MATERIAL_EDITS

    @property
    def rail(self) -> tuple[State, ...]:
        """The states it passes on its way."""
        return rail_of(self.kind, approved=self.route.needs_approval, validated=self.validation_required)

    def can(self, verb: str) -> bool:
        """Whether the graph and the kind allow this step, whoever takes it."""
        return can_proceed(getattr(self, verb.replace("-", "_")), check_conditions=True)

    # The machine ----------------------------------------------------------------------------------------------------

    @transition(state, source=[State.APPROVAL, State.DISCUSSION], target=State.TRIAGE)
    def approve(self) -> None:
        """A manager said yes."""

    @transition(state, source=[State.APPROVAL, State.DISCUSSION], target=State.CLOSED)
    def decline(self) -> None:
        """A manager said no."""
        self.outcome = Outcome.DECLINED

    @transition(state, source=State.APPROVAL, target=State.TRIAGE)
    def waive_approval(self) -> None:
        """Ops go on without the approval."""

    @transition(state, source=EDITABLE, target=RETURN_VALUE(*sorted(OPEN)))
    def edit(self, *, material: bool = False) -> str:
        """The text changed; a material change of what was (to be) approved goes back to its approval."""
        if not material or not self.route.needs_approval:
            return self.state
        self.return_to = ""
        self.milestone = None
        return first_state(self.kind, approved=True)

    @transition(state, source=State.TRIAGE, target=RETURN_VALUE(State.TRIAGE, State.APPROVAL, State.DISCUSSION))
    def reclassify(self, *, route: Route) -> str:
        """It is of another kind: it starts anew there. What GitLab shows already stays there, also for a question."""
        self.route, self.kind, self.tracker = route, route.kind, route.tracker or self.tracker
        return first_state(route.kind, approved=route.needs_approval)

    @transition(
        state,
        source=[State.APPROVAL, State.DISCUSSION, State.TRIAGE, State.DESIGN, State.PLANNING, State.DEVELOPMENT],
        target=State.NEEDS_INFO,
    )
    def ask(self) -> None:
        """The requester must answer first."""
        self.return_to = self.state

    @transition(state, source=State.NEEDS_INFO, target=RETURN_VALUE(*sorted(OPEN)))
    def answer(self) -> str:
        """Answered; back to whoever asked."""
        return self._take_return()

    @transition(
        state,
        source=State.TRIAGE,
        target=RETURN_VALUE(State.DESIGN, State.DEVELOPMENT),
        conditions=[of_kind(Kind.BUG, Kind.FEATURE, Kind.ADMINISTRATIVE)],
    )
    def accept(self) -> State:
        """Ops take it."""
        return State.DEVELOPMENT if self.kind == Kind.ADMINISTRATIVE else State.DESIGN

    @transition(state, source=State.TRIAGE, target=State.ESCALATED, conditions=[of_kind(Kind.FEATURE)])
    def escalate(self) -> None:
        """Neither on the roadmap nor small: the lead unblocks it."""

    @transition(
        state,
        source=[State.TRIAGE, State.ESCALATED, State.DESIGN, State.PLANNING, State.SCHEDULED],
        target=State.BACKLOG,
        conditions=[_features_escalate_first],
    )
    def shelve(self) -> None:
        """It needs prioritisation. From escalated it comes back through triage, with a new gate.

        A scheduled one keeps its milestone: that is what it comes back to.
        """
        self.return_to = State.TRIAGE if self.state == State.ESCALATED else self.state

    @transition(state, source=State.BACKLOG, target=RETURN_VALUE(*sorted(OPEN)))
    def resume(self) -> str:
        """Back to where it came from."""
        return self._take_return()

    @transition(
        state,
        source=State.DESIGN,
        target=RETURN_VALUE(State.DEVELOPMENT, State.PLANNING, State.BACKLOG),
        conditions=[of_kind(Kind.BUG, Kind.FEATURE)],
    )
    def submit_gameplan(self, *, outcome: GateOutcome | None = None) -> State:
        """The gameplan is made. ``outcome``: the gameplan gate's, for a feature."""
        if self.kind == Kind.BUG:
            return State.DEVELOPMENT
        if outcome == GateOutcome.APPROVED:
            return State.PLANNING
        self.return_to = State.DESIGN
        return State.BACKLOG

    @transition(state, source=[State.PLANNING, State.SCHEDULED], target=State.SCHEDULED)
    def schedule(self, *, milestone: Milestone) -> None:
        """When it can be done is decided."""
        self.milestone = milestone

    @transition(state, source=State.SCHEDULED, target=State.DEVELOPMENT)
    def start(self) -> None:
        """The milestone's period has arrived, or ops begin earlier."""

    @transition(state, source=State.SCHEDULED, target=State.PLANNING)
    def replan(self) -> None:
        """Its milestone was closed or deleted."""
        self.milestone = None

    @transition(state, source=State.DEVELOPMENT, target=State.VALIDATION)
    def request_validation(self) -> None:
        """Ready to be looked at."""
        self.validation_asked = True

    @transition(state, source=State.VALIDATION, target=State.IMPLEMENTATION)
    def validate(self) -> None:
        """It does what was asked for."""

    @transition(state, source=State.VALIDATION, target=State.DEVELOPMENT)
    def send_back(self) -> None:
        """Something is not right."""

    @transition(
        state,
        source=[State.IMPLEMENTATION, State.DEVELOPMENT, State.TRIAGE],
        target=State.COMPLETED,
        conditions=[_answered_not_worked_on, _needs_no_validation],
    )
    def complete(self) -> None:
        """In production, or answered."""
        self.outcome = Outcome.COMPLETED

    @transition(
        state,
        source=State.TRIAGE,
        target=State.COMPLETED,
        conditions=[of_kind(Kind.PROPOSAL, Kind.QUESTION, Kind.HAND_OVER)],
    )
    def continue_in(self) -> None:
        """A new request carries it on."""
        self.outcome = Outcome.CONTINUED

    @transition(state, source=BLOCKABLE, target=State.BLOCKED)
    def block(self) -> None:
        """Something prevents movement."""
        self.return_to = self.state

    @transition(state, source=State.BLOCKED, target=RETURN_VALUE(*sorted(OPEN)))
    def unblock(self) -> str:
        """Nothing prevents it any more."""
        self.blocked_by = self.unblock_when = ""
        return self._take_return()

    @transition(state, source=sorted(OPEN - {State.IMPLEMENTATION}), target=State.CLOSED)
    def close(self, *, outcome: str) -> None:
        """Ended without being done."""
        self.outcome, self.return_to = outcome, ""

    @transition(
        state,
        source=sorted(OPEN - {State.IMPLEMENTATION}),
        target=State.CLOSED,
        conditions=[_not_being_put_into_production],
    )
    def withdraw(self) -> None:
        """The requester no longer wants it."""
        self.outcome, self.return_to = Outcome.WITHDRAWN, ""

    @transition(
        state,
        source=[State.COMPLETED, State.CLOSED],
        target=RETURN_VALUE(State.TRIAGE, State.APPROVAL, State.DISCUSSION),
        conditions=[_reopenable],
    )
    def reopen(self) -> State:
        """It goes on: to triage, or after a withdrawal to its kind's first state with a new round."""
        withdrawn = self.outcome == Outcome.WITHDRAWN
        self.outcome, self.return_to, self.milestone, self.implemented_by = "", "", None, None
        self.validation_asked = False
        return first_state(self.kind, approved=self.route.needs_approval) if withdrawn else State.TRIAGE

    def _take_return(self) -> str:
        place, self.return_to = self.return_to, ""
        return place


def _check_transitions() -> None:
    """Every verb has its transition here, and every transition its verb: but for what the calendar alone does."""
    here = "workflow/models/issue.py"
    moves = {move.name.replace("_", "-") for move in Issue._meta.get_field("state").get_all_transitions(Issue)}
    require_each(Verb, moves, "transition: a method of its name with @transition", here)
    if unknown := sorted(moves - {*Verb, REPLAN}):
        raise UnfinishedVerb(f"{here} has the transition “{unknown[0]}”, which has no row in Verb (workflow/verbs.py).")


_check_transitions()
