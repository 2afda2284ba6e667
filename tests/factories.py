"""People and requests for tests: valid ones, made by walking the real steps."""

from datetime import date
from functools import cache
from itertools import count

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from supportops.accounts.models import User
from workflow.actions import answer_gate, open_issue, take_step
from workflow.catalogue import answers
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.catalogue.restriction import confidential_group
from workflow.models import Issue, Milestone
from workflow.states import Outcome, State
from workflow.verbs import Verb

_counter = count(1)
ROUTE_OF_KIND = {
    Kind.BUG: "bug",
    Kind.FEATURE: "feature",
    Kind.ADMINISTRATIVE: "team-page",
    Kind.PROPOSAL: "propose-change",
    Kind.QUESTION: "question",
    Kind.HAND_OVER: "portal-change",
}


def person(username=None, *, groups=(), reports_to=None, **fields):
    """A person who may sign in, in the named groups, with the password ``portal``."""
    made = _unsaved(username or f"person{next(_counter)}", reports_to=reports_to, **fields)
    made.save()
    for name in groups:
        made.groups.add(Group.objects.get_or_create(name=name)[0])
    return made


def _unsaved(username, **fields):
    made = User(username=username, first_name=username.capitalize(), **fields)
    made.password = _hashed("portal")
    return made


@cache
def _hashed(password):
    return make_password(password)


class Cast:
    """The people of domain.md §1, one of each, and a stranger to every restricted request."""

    GROUPS = {
        "manager": ["managers"],
        "standin": ["managers"],
        "ops": ["ops"],
        "other_ops": ["ops"],
        "federal": ["ops", "us-federal"],
        "lead": ["lead"],
    }

    def __init__(self):
        """In few statements: most tests begin with them."""
        self.manager = person("manager", gitlab_username="manager")
        team = {"reports_to": self.manager, "division": "Support"}
        self.standin = _unsaved("standin", gitlab_username="standin")
        self.requester = _unsaved("requester", gitlab_username="requester", **team)
        self.colleague = _unsaved("colleague", gitlab_username="colleague", **team)
        self.ops = _unsaved("ops", division="Security", gitlab_username="ops")
        self.other_ops = _unsaved("other_ops", division="Security")
        self.federal = _unsaved("federal", division="Security", gitlab_username="federal")
        self.lead = _unsaved("lead", division="Security", gitlab_username="lead")
        self.admin = _unsaved("admin", is_staff=True, is_superuser=True, gitlab_username="admin")
        User.objects.bulk_create([one for one in self if one is not self.manager])
        groups = {name: pk for pk, name in Group.objects.values_list("pk", "name")}
        for name in {name for names in self.GROUPS.values() for name in names} - groups.keys():
            groups[name] = Group.objects.create(name=name).pk
        joins = [(getattr(self, who).pk, groups[name]) for who, names in self.GROUPS.items() for name in names]
        User.groups.through.objects.bulk_create(
            User.groups.through(user_id=who, group_id=group) for who, group in joins
        )

    def __iter__(self):
        return iter(vars(self).values())


def answers_for(route_key, asked_of="requester"):
    """Rows that answer every required question of an entry."""
    rows = []
    for key, field in answers.form_fields(route_key, asked_of, {}).items():
        choices = [value for value, _ in getattr(field, "choices", []) if value]
        rows.append(
            {
                "key": key,
                "label": str(field.label),
                "type": "short",
                "answer": choices[0] if choices else f"Answer to {key}",
            }
        )
    return rows


def milestone_for(tracker, *, start=None, due=None, title=None):
    """An active milestone of a tracker."""
    number = next(_counter)
    return Milestone.objects.create(
        tracker=tracker,
        gitlab_id=900_000 + number,
        title=title or f"Deployment {number}",
        start_date=start,
        due_date=due,
    )


def file_request(cast, kind=Kind.BUG, *, requester=None, route=None, **fields):
    """A request as just filed, at its kind's first state."""
    route = Route.objects.get(key=route or ROUTE_OF_KIND[kind])
    fields.setdefault("title", f"{route.key} number {next(_counter)}")
    return open_issue(
        by=requester or cast.requester,
        route=route,
        description=fields.pop("description", "It should work."),
        answers=fields.pop("answers", answers_for(route.key)),
        **fields,
    )


def step(issue, verb, by, **given):
    """Take a step and return the request."""
    return take_step(issue.pk, verb, by=by, given=given)


def accept(issue, cast, by=None):
    """Through triage, gate and all, to the first state of work."""
    by = by or cast.ops
    if issue.kind == Kind.FEATURE and Issue.objects.get(pk=issue.pk).gate_outcome is None:
        answer_gate(issue.pk, by=by, question="roadmap", answer=True)
    return step(
        issue,
        Verb.ACCEPT,
        by,
        kind=issue.kind,
        customer="Support",
        system="Zendesk",
        priority=2,
        confirmed_valid=True,
    )


def pass_gameplan_gate(issue, by, *, approved=True):
    """Answer the gameplan gate so that it leads to planning, or to the backlog."""
    answer_gate(issue.pk, by=by, question="possible", answer=approved)
    if approved:
        answer_gate(issue.pk, by=by, question="feasible", answer=True)
        answer_gate(issue.pk, by=by, question="effort", answer=False)


def request_at(state, kind=Kind.BUG, *, cast, by=None, **fields):
    """A request of this kind that walked its real way to ``state``. ValueError if the kind never gets there."""
    by = by or cast.ops
    issue = file_request(cast, kind, **fields)
    for stop in _way(state, kind, issue):
        issue = _WALK[stop](issue, cast, by)
    if issue.state != state:
        raise ValueError(f"A {kind} request does not reach {state}; it stands at {issue.state}.")
    return Issue.objects.get(pk=issue.pk)


def _way(state, kind, issue):
    """The stops between filing and ``state``."""
    decided = ["approve"] if issue.state in {State.APPROVAL, State.DISCUSSION} else []
    if state in {State.APPROVAL, State.DISCUSSION}:
        return []
    if state == State.TRIAGE:
        return decided
    if state in {State.NEEDS_INFO, State.ESCALATED, State.CLOSED}:
        return [*decided, state]
    if state == State.COMPLETED and kind in {Kind.QUESTION, Kind.HAND_OVER}:
        return ["answered"]
    if state == State.COMPLETED and kind == Kind.PROPOSAL:
        return [*decided, "continued"]
    line = {
        Kind.BUG: ["accept", "gameplan", "validation", "implementation", State.COMPLETED],
        Kind.FEATURE: ["accept", "gameplan", "schedule", "start", "validation", "implementation", State.COMPLETED],
        Kind.ADMINISTRATIVE: ["accept", "validation", "implementation", State.COMPLETED],
    }.get(kind, [])
    ends = {
        State.DESIGN: "accept",
        State.PLANNING: "gameplan",
        State.SCHEDULED: "schedule",
        State.VALIDATION: "validation",
        State.DEVELOPMENT: {Kind.BUG: "gameplan", Kind.FEATURE: "start"}.get(kind, "accept"),
        State.IMPLEMENTATION: "implementation",
        State.COMPLETED: State.COMPLETED,
    }
    if state in {State.BACKLOG, State.BLOCKED}:
        return [*decided, "accept", *(["gameplan"] if kind == Kind.BUG and state == State.BLOCKED else []), state]
    if state not in ends or ends[state] not in line:
        raise ValueError(f"A {kind} request does not reach {state}.")
    return [*decided, *line[: line.index(ends[state]) + 1]]


def _approve(issue, cast, by):
    approver = Issue.objects.get(pk=issue.pk).approvers[0]
    return step(issue, Verb.APPROVE, approver, text="Agreed.", answers=answers_for(issue.route.key, "approver"))


def _gameplan(issue, cast, by):
    if issue.kind == Kind.FEATURE:
        pass_gameplan_gate(issue, by)
    return step(issue, Verb.SUBMIT_GAMEPLAN, by, text="First this, then that.")


def _escalate(issue, cast, by):
    answer_gate(issue.pk, by=by, question="roadmap", answer=False)
    answer_gate(issue.pk, by=by, question="small", answer=False)
    return step(issue, Verb.ESCALATE, by, text="A decision about the roadmap.")


def _validation(issue, cast, by):
    return step(issue, Verb.REQUEST_VALIDATION, by, text="Look at the sandbox.")


def _continued(issue, cast, by):
    return step(issue, Verb.CONTINUE_IN, by, route=Route.objects.get(key="feature"), answers=answers_for("feature"))


def _shelve(issue, cast, by):
    return step(issue, Verb.SHELVE, by, text="Later.")


_WALK = {
    "approve": _approve,
    "accept": accept,
    "gameplan": _gameplan,
    "schedule": lambda issue, cast, by: step(
        issue, Verb.SCHEDULE, by, milestone=milestone_for(issue.tracker, start=date(2999, 1, 1))
    ),
    "start": lambda issue, cast, by: step(issue, Verb.START, by, text="It is small after all."),
    "validation": _validation,
    "implementation": lambda issue, cast, by: step(issue, Verb.VALIDATE, issue.requester),
    "answered": lambda issue, cast, by: step(issue, Verb.COMPLETE, by, text="Here is the answer."),
    "continued": _continued,
    State.NEEDS_INFO: lambda issue, cast, by: step(issue, Verb.ASK, by, text="Which one?"),
    State.ESCALATED: _escalate,
    State.BACKLOG: _shelve,
    State.BLOCKED: lambda issue, cast, by: step(
        issue, Verb.BLOCK, by, text="The vendor is down.", blocked_by="Vendor", unblock_when="They are up."
    ),
    State.CLOSED: lambda issue, cast, by: step(issue, Verb.CLOSE, by, text="No.", outcome=Outcome.INVALID),
    State.COMPLETED: lambda issue, cast, by: step(issue, Verb.COMPLETE, by, text="Merged."),
}


def restrict(issue):
    """Mark a request confidential, as if it had been filed so."""
    Issue.objects.filter(pk=issue.pk).update(restricted_to=confidential_group())
    return Issue.objects.get(pk=issue.pk)


def without_savepoints(captured):
    """The statements a CaptureQueriesContext caught, but for those that the test's own transaction makes of others."""
    return [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
