"""Load data: as many requests as a large company files in years, for measuring how pages read at that size.

Written past the door, in bulk, yet so that every constraint of the database holds, and with what pages read: histories,
approvals, comments, notices, GitLab links in step. Nothing is late, sent back again or in need of a person.
"""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import JSONField, Max, Model

from supportops.accounts.models import Division, User
from supportops.accounts.roles import Role
from workflow.catalogue.kinds import ApprovalRule, Kind
from workflow.catalogue.models import Route
from workflow.catalogue.restriction import confidential_group
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.connection import Connection
from workflow.models import (
    ApprovalRound,
    Comment,
    Decision,
    Delegation,
    Event,
    Issue,
    ValidationRound,
    Watch,
)
from workflow.models.approval import Asked
from workflow.models.event import SUBMIT
from workflow.notifications.models import Notice
from workflow.states import ENDED, WAITS_TO_RETURN, Outcome, Priority, State, rail_of
from workflow.verbs import Verb

YEARS = timedelta(days=3 * 365)
OPEN_SHARE, RESTRICTED_SHARE, UNREAD_SHARE = 0.4, 0.01, 0.1
LONGEST_TALK, LONG_TALK = 2_000, 50
"""Comments on the first request and on the second; others have a few."""
OPS, LEADS, REPORTS_EACH = 25, 3, 10
NO_PROJECT = 10**15
"""No GitLab has so many projects: what is taken for load data's project is nobody's."""
PORTION = 20_000
"""So many rows of a table are written at once."""
SYSTEMS = ("Zendesk", "Salesforce", "Calendly", "GitLab.com", "Mailgun", "Slack")
_VOCABULARY = (
    "ticket form trigger macro view queue agent customer priority webhook automation field brand sandbox report "
    "export Calendly event invite calendar Zendesk Salesforce account sync contact organisation escalation SLA "
    "timer stops wrong missing slow broken change rename remove add restore access group role permission email "
    "template reply footer signature spam rule filter tag label merge close reopen duplicate weekly monthly region "
    "holiday coverage pager rotation dashboard chart number column sort link article guide portal request approval "
    "deadline quarter migration script nightly job error message attachment upload limit quota license renewal plan "
    "tier bug fix "
)
WORDS = _VOCABULARY.split()
_ASIDE: dict[State, Verb] = {
    State.NEEDS_INFO: Verb.ASK,
    State.ESCALATED: Verb.ESCALATE,
    State.BACKLOG: Verb.SHELVE,
    State.BLOCKED: Verb.BLOCK,
    State.CLOSED: Verb.CLOSE,
}
"""The states besides, and the verb that leads there from the line."""
_NOT_CLOSED = frozenset({State.APPROVAL, State.DISCUSSION, State.IMPLEMENTATION})
"""What waits for a decision is declined, and what goes into production is not closed."""
_ONWARD: dict[State, Verb] = {
    State.APPROVAL: Verb.APPROVE,
    State.DISCUSSION: Verb.APPROVE,
    State.TRIAGE: Verb.ACCEPT,
    State.DESIGN: Verb.SUBMIT_GAMEPLAN,
    State.PLANNING: Verb.SCHEDULE,
    State.SCHEDULED: Verb.START,
    State.DEVELOPMENT: Verb.REQUEST_VALIDATION,
    State.VALIDATION: Verb.VALIDATE,
    State.IMPLEMENTATION: Verb.COMPLETE,
}
"""The verb that leads on along the line."""
Said = Callable[[str], object]


def load(requests: int, people: int, *, say: Said, seed: int = 1) -> None:
    """Write ``people`` people and ``requests`` requests with all that hangs on them; ``say`` is told how far it is.

    They are new ones, after whatever is there; its catalogue is seeded. The same seed gives the same data. The exchange
    with GitLab is paused, which knows none of their issues.
    """
    chance = random.Random(seed)  # noqa: S311 (nothing secret)
    with transaction.atomic():
        Connection.load().pause("Load data")
        crowd = Crowd(people, chance)
        say(f"{people:,} people")
        rows = Rows()
        for number in range(1, requests + 1):
            for row in _request(number, requests, crowd, chance, rows):
                rows.add(row)
            if number % 100_000 == 0:
                say(f"{number:,} requests")
        rows.finish()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(f"{requests:,} requests, {sum(rows.written.values()):,} rows in all")


class Crowd:
    """The people, and the routes they file by."""

    def __init__(self, number: int, chance: random.Random) -> None:
        groups = {role: Group.objects.get_or_create(name=role)[0] for role in Role}
        self.hidden = confidential_group()
        managers, first = max(1, number // REPORTS_EACH), User.objects.count()
        made = User.objects.bulk_create(
            User(
                username=f"load{first + at}",
                first_name=chance.choice(WORDS).capitalize(),
                last_name=f"Number {first + at}",
                password="!",  # nobody signs in with one
                division=chance.choice(Division.values),
                gitlab_username=f"load{first + at}",
            )
            for at in range(number)
        )
        self.managers, self.ops = made[:managers], made[managers : managers + OPS] or made[:1]
        self.leads = made[managers + OPS : managers + OPS + LEADS] or made[:1]
        self.everybody = made
        for one in made[managers:]:
            one.reports_to = chance.choice(self.managers)
        User.objects.bulk_update(made, ["reports_to"], batch_size=1_000)
        joins = User.groups.through
        belong = [(Role.MANAGER, self.managers), (Role.OPS, self.ops), (Role.LEAD, self.leads)]
        joins.objects.bulk_create(
            joins(user_id=one.pk, group_id=groups[role].pk) for role, those in belong for one in those
        )
        joins.objects.bulk_create(joins(user_id=one.pk, group_id=self.hidden.pk) for one in self.ops[:3])
        self.routes = list(Route.objects.select_related("tracker").order_by("pk"))


class Rows:
    """Rows on their way into the database, table by table in portions. ``written``: how many of each model so far."""

    def __init__(self) -> None:
        self._waiting: dict[type[Model], list[tuple[Any, ...]]] = defaultdict(list)
        self._makes: dict[type[Model], Callable[[Model], tuple[Any, ...]]] = {}
        self.written: dict[type[Model], int] = defaultdict(int)
        self._last: dict[type[Model], int] = {}

    def key(self, model: type[Model]) -> int:
        """The next primary key of the model."""
        if model not in self._last:
            self._last[model] = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
        self._last[model] += 1
        return self._last[model]

    def add(self, row: Model) -> None:
        """One more row, with its primary key."""
        model = type(row)
        if model not in self._makes:
            self._makes[model] = _values_of(model)
        self._waiting[model].append(self._makes[model](row))
        if len(self._waiting[model]) >= PORTION:
            self._flush()

    def finish(self) -> None:
        """Everything is written, and who files next gets the next number."""
        self._flush()
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(self.written)):
                cursor.execute(statement)

    def _flush(self) -> None:
        for model, rows in self._waiting.items():
            _write(model, rows)
            self.written[model] += len(rows)
            rows.clear()


def _values_of(model: type[Model]) -> Callable[[Model], tuple[Any, ...]]:
    """A function from a row to what its columns hold, as the database's driver takes it."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    documents = [place for place, field in enumerate(fields) if isinstance(field, JSONField)]
    as_text = connection.vendor == "sqlite"

    def values(row: Model) -> tuple[Any, ...]:
        found = [getattr(row, name) for name in names]
        for place in documents:
            found[place] = json.dumps(found[place])
        if as_text:
            found = [str(one.replace(tzinfo=None)) if isinstance(one, datetime) else one for one in found]
        return tuple(found)

    return values


def _write(model: type[Model], rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in model._meta.concrete_fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


# One request ---------------------------------------------------------------------------------------------------------


def _request(number: int, of: int, crowd: Crowd, chance: random.Random, rows: Rows) -> Iterator[Model]:
    """The request and all that hangs on it, in the order in which they may be written."""
    route = crowd.routes[chance.randrange(len(crowd.routes))]
    kind = Kind(route.kind)
    approved = route.approval_rule != ApprovalRule.NONE and kind != Kind.PROPOSAL
    line = rail_of(kind, approved=approved)
    way = _way(line, chance, open_=number <= 2 or chance.random() < OPEN_SHARE)
    created = datetime.now(UTC) - YEARS * (1 - number / (of + 1)) - timedelta(hours=1)
    left = datetime.now(UTC) - created
    moments = sorted(created + left * (chance.random() ** 3) for _ in way)
    requester = crowd.everybody[chance.randrange(len(crowd.everybody))]
    worker, approver = chance.choice(crowd.ops), _approver_of(requester, crowd, chance)
    state = way[-1][1] if way else line[0]
    issue = Issue(
        number=rows.key(Issue),
        version=len(way) + 1,
        kind=kind,
        route=route,
        tracker=route.tracker,
        title=_words(chance, 7).capitalize(),
        description=_words(chance, 40).capitalize(),
        answers=[{"key": "what", "label": "What is needed?", "type": "short", "answer": _words(chance, 10)}],
        requester=requester,
        assignee=worker if state not in (State.APPROVAL, State.DISCUSSION, State.TRIAGE) else None,
        escalated_by=worker if state == State.ESCALATED else None,
        state=state,
        state_since=moments[-1] if way else created,
        return_to=way[-1][0] if state in WAITS_TO_RETURN else "",
        outcome=_outcome(state, kind, chance),
        system=chance.choice(SYSTEMS),
        customer=requester.division,
        priority=chance.choice(Priority.values) if len(way) > 1 else None,
        restricted_to=crowd.hidden if chance.random() < RESTRICTED_SHARE else None,
        created_at=created,
        updated_at=moments[-1] if way else created,
    )
    issue.rank = issue.urgency
    yield issue
    yield from _history(issue, way, moments, worker, approver, chance, rows)
    yield from _approval(issue, way, approver, rows)
    yield from _validation(issue, way, moments, worker, rows, chance)
    yield from _talk(issue, worker, chance, rows)
    if route.tracker is not None:
        yield _link(issue)


def _way(line: tuple[State, ...], chance: random.Random, *, open_: bool) -> list[tuple[State, State, str]]:
    """The steps to where it stands: (from, to, verb)."""
    last = len(line) - 1
    steps = chance.randrange(last) if open_ else last
    way: list[tuple[State, State, str]] = [
        (before, after, Verb.COMPLETE if after == State.COMPLETED else _ONWARD[before])
        for before, after in zip(line[:steps], line[1 : steps + 1], strict=True)
    ]
    here = line[steps]
    if open_ and here == State.TRIAGE and chance.random() < 0.4:
        aside = chance.choice((State.NEEDS_INFO, State.ESCALATED))
        way.append((here, aside, _ASIDE[aside]))
    elif open_ and here in (State.DESIGN, State.PLANNING) and chance.random() < 0.4:
        aside = chance.choice((State.BACKLOG, State.BLOCKED))
        way.append((here, aside, _ASIDE[aside]))
    elif not open_ and chance.random() < 0.2:
        cut = chance.choice([place for place, state in enumerate(line[:-1]) if state not in _NOT_CLOSED])
        way = [*way[:cut], (line[cut], State.CLOSED, _ASIDE[State.CLOSED])]
    return way


def _approver_of(requester: User, crowd: Crowd, chance: random.Random) -> User:
    if requester.reports_to is not None:
        return requester.reports_to
    others = [one for one in (crowd.managers[0], crowd.leads[0]) if one.pk != requester.pk]
    return chance.choice(others)


def _outcome(state: State, kind: Kind, chance: random.Random) -> str:
    if state not in ENDED:
        return ""
    if state == State.CLOSED:
        return chance.choice((Outcome.WITHDRAWN, Outcome.INVALID, Outcome.DUPLICATE, Outcome.WONT_DO))
    return Outcome.CONTINUED if kind == Kind.PROPOSAL else Outcome.COMPLETED


def _history(
    issue: Issue,
    way: list[tuple[State, State, str]],
    moments: list[datetime],
    worker: User,
    approver: User,
    chance: random.Random,
    rows: Rows,
) -> Iterator[Model]:
    """What happened, and who was told of it."""
    first = way[0][0] if way else State(issue.state)
    steps = [(first, first, SUBMIT, issue.created_at)] + [(*step, at) for step, at in zip(way, moments, strict=True)]
    for version, (before, after, verb, at) in enumerate(steps, start=1):
        actor = issue.requester if verb == SUBMIT else approver if verb == Verb.APPROVE else worker
        event = Event(
            pk=rows.key(Event),
            issue=issue,
            verb=verb,
            actor=actor,
            from_state="" if verb == SUBMIT else before,
            to_state=after,
            version=version,
            at=at,
        )
        yield event
        if verb != SUBMIT and chance.random() < 0.6:
            yield Notice(
                pk=rows.key(Notice),
                person=issue.requester,
                issue=issue,
                event=event,
                reason=Notice.Reason.NEEDS_YOU
                if after in (State.VALIDATION, State.NEEDS_INFO)
                else Notice.Reason.FILED,
                created_at=at,
                routed_at=at,
                read_at=None if chance.random() < UNREAD_SHARE else at,
            )
    if chance.random() < 0.5:
        yield Watch(pk=rows.key(Watch), issue=issue, person=worker)


def _approval(issue: Issue, way: list[tuple[State, State, str]], approver: User, rows: Rows) -> Iterator[Model]:
    """Its round, where it was ever to be approved: running while it waits, else decided."""
    waits = issue.state in (State.APPROVAL, State.DISCUSSION)
    if not waits and not any(before in (State.APPROVAL, State.DISCUSSION) for before, _, _ in way):
        return
    asked = ApprovalRound(
        pk=rows.key(ApprovalRound),
        issue=issue,
        number=1,
        asked=Asked(title=issue.title, description=issue.description, answers=issue.answers),
        opened_at=issue.created_at,
        ended_at=None if waits else issue.state_since,
        outcome="" if waits else ApprovalRound.Outcome.APPROVED,
    )
    yield asked
    yield Decision(
        pk=rows.key(Decision),
        round=asked,
        issue_requester=issue.requester,
        approver=approver,
        verdict="" if waits else Decision.Verdict.APPROVED,
        decided_by=None if waits else approver,
        decided_at=None if waits else issue.state_since,
    )


def _validation(
    issue: Issue,
    way: list[tuple[State, State, str]],
    moments: list[datetime],
    worker: User,
    rows: Rows,
    chance: random.Random,
) -> Iterator[Model]:
    """Its round of validation, running while it waits for one, and now and then a delegate."""
    for (_, after, _), at in zip(way, moments, strict=True):
        if after != State.VALIDATION:
            continue
        runs = issue.state == State.VALIDATION
        yield ValidationRound(
            pk=rows.key(ValidationRound),
            issue=issue,
            number=1,
            asked_by=worker,
            opened_at=at,
            ended_at=None if runs else issue.state_since,
            outcome="" if runs else ValidationRound.Outcome.VALIDATED,
        )
        if runs and issue.requester.reports_to is not None and chance.random() < 0.1:
            yield Delegation(
                pk=rows.key(Delegation),
                issue=issue,
                person=issue.requester.reports_to,
                by=issue.requester,
                created_at=at,
            )


def _talk(issue: Issue, worker: User, chance: random.Random, rows: Rows) -> Iterator[Model]:
    """Comments, each with its note in GitLab."""
    number = {1: LONGEST_TALK, 2: LONG_TALK}.get(issue.pk, chance.choice((0, 0, 1, 1, 2, 3)))
    for at in range(number):
        comment = Comment(
            pk=rows.key(Comment),
            issue=issue,
            author=issue.requester if at % 2 else worker,
            body=_words(chance, 25).capitalize(),
            internal=chance.random() < 0.1,
            created_at=issue.created_at + (issue.state_since - issue.created_at) * (at + 1) / (number + 1),
        )
        yield comment
        if issue.tracker_id is not None:
            yield OutgoingNote(pk=rows.key(OutgoingNote), issue=issue, comment=comment, note_id=comment.pk)


def _link(issue: Issue) -> GitLabLink:
    return GitLabLink(
        issue=issue,
        wanted_version=issue.version,
        pushed_version=issue.version,
        status=GitLabLink.Status.IN_STEP,
        marker=f"load-{issue.number}",
        project_id=NO_PROJECT + (issue.tracker_id or 0),
        iid=issue.number,
        gitlab_id=issue.number,
        web_url=f"https://gitlab.example.com/load/-/issues/{issue.number}",
        last_synced={"title": issue.title, "state": issue.state},
        pushed_at=issue.updated_at,
    )


def _words(chance: random.Random, number: int) -> str:
    return " ".join(chance.choices(WORDS, k=number))
