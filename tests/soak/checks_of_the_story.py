"""I5 to I8 of reliability.md §2: that what happened was allowed, and is kept, and nothing is stuck or laid open."""

from collections import Counter, defaultdict

from tests.soak.ledger import CANARY
from tests.soak.watch import FIELDS, fingerprint
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.models import ApprovalRound, Attachment, Decision, Event, Issue
from workflow.notifications.models import Message

OPEN = {
    "discussion", "approval", "triage", "needs_info", "escalated", "backlog", "design", "planning", "scheduled",
    "development", "validation", "implementation", "blocked",
}  # fmt: skip
FIRST = {"discussion", "approval", "triage"}
ASKED_FROM = FIRST | {"design", "planning", "development"}
BLOCKED_FROM = {"design", "planning", "scheduled", "development", "validation", "implementation"}
WAYS = {
    "submit": ({""}, FIRST),
    "approve": ({"discussion", "approval"}, {"triage"}),
    "decline": ({"discussion", "approval"}, {"closed"}),
    "waive-approval": ({"approval"}, {"triage"}),
    "reclassify": ({"triage"}, FIRST),
    "ask": (ASKED_FROM, {"needs_info"}),
    "answer": ({"needs_info"}, ASKED_FROM),
    "accept": ({"triage"}, {"design", "development"}),
    "escalate": ({"triage"}, {"escalated"}),
    "shelve": ({"triage", "escalated", "design", "planning", "scheduled"}, {"backlog"}),
    "resume": ({"backlog"}, {"triage", "design", "planning", "scheduled"}),
    "submit-gameplan": ({"design"}, {"development", "planning", "backlog"}),
    "schedule": ({"planning", "scheduled"}, {"scheduled"}),
    "start": ({"scheduled"}, {"development"}),
    "replan": ({"scheduled"}, {"planning"}),
    "request-validation": ({"development"}, {"validation"}),
    "validate": ({"validation"}, {"implementation"}),
    "send-back": ({"validation"}, {"development"}),
    "complete": ({"implementation", "development", "triage"}, {"completed"}),
    "continue-in": ({"triage"}, {"completed"}),
    "block": (BLOCKED_FROM, {"blocked"}),
    "unblock": ({"blocked"}, BLOCKED_FROM),
    "close": (OPEN - {"implementation"}, {"closed"}),
    "withdraw": (OPEN - {"implementation"}, {"closed"}),
    "reopen": ({"completed", "closed"}, FIRST),
}
"""domain.md §3, written down a second time: from where to where each step leads. All else stays where it is."""
GIVES_BACK = {"needs_info", "backlog", "blocked"}
EDIT_ASKS_AGAIN = {"approval", "discussion"}


def allowed(event):
    """Whether the life of a request knows this step."""
    if event.verb == "edit" and event.to_state in EDIT_ASKS_AGAIN:
        return event.from_state in OPEN - BLOCKED_FROM | {"design", "planning", "scheduled"}
    if event.verb in WAYS:
        sources, targets = WAYS[event.verb]
        whole = event.from_state in sources and event.to_state in targets
        part_of_a_round = event.verb in ("approve", "decline") and event.from_state == event.to_state
        return whole or (part_of_a_round and event.from_state in EDIT_ASKS_AGAIN)
    return event.from_state == event.to_state


def lives_are_paths(ledger, world, watch):
    """I5: every life is a path, every round was decided once, and by nobody for themselves."""
    found, lives = [], defaultdict(list)
    for event in Event.objects.order_by("pk").select_related("issue"):
        lives[event.issue_id].append(event)
    for number, state in Issue.objects.values_list("pk", "state"):
        found += _path(number, state, lives[number])
    return [*found, *_decisions(lives)]


def _path(number, state, events):
    if not events or events[0].verb != "submit":
        yield f"SO-{number} does not begin with its submission."
        return
    at, came_from = "", {}
    for event in events:
        if event.from_state != at:
            yield f"SO-{number}: “{event.verb}” ({event.pk}) begins at {event.from_state}, but it was at {at}."
        if not allowed(event):
            yield f"SO-{number}: “{event.verb}” ({event.pk}) led from {event.from_state} to {event.to_state}."
        back = came_from.get(event.from_state)
        if event.verb in ("answer", "unblock") and back and event.to_state != back:
            yield f"SO-{number}: “{event.verb}” ({event.pk}) led to {event.to_state}, it had come from {back}."
        if event.to_state in GIVES_BACK and event.from_state != event.to_state:
            came_from[event.to_state] = event.from_state
        at = event.to_state
    if at != state:
        yield f"SO-{number} is at {state}, its history ends at {at}."


def _decisions(lives):
    for decision in Decision.objects.filter(decided_by__isnull=False).select_related("round__issue"):
        if decision.decided_by_id == decision.round.issue.requester_id:
            yield f"SO-{decision.round.issue_id}: its requester decided round {decision.round.number}."
    decided = Counter()
    for round_ in ApprovalRound.objects.prefetch_related("decisions"):
        yes = sum(seat.verdict == "approved" for seat in round_.decisions.all())
        no = sum(seat.verdict == "declined" for seat in round_.decisions.all())
        right = {
            "approved": no == 0 and yes == round_.needed,
            "voided": no == 0 and yes <= round_.needed,  # by an edit, before it was decided or afterwards
            "declined": no == 1,
        }
        if not right.get(round_.outcome, no == 0 and yes < round_.needed):
            yield f"SO-{round_.issue_id}: round {round_.number} ended as “{round_.outcome}” with {yes} yes and {no} no."
        decided[round_.issue_id, "approve"] += yes >= round_.needed
        decided[round_.issue_id, "decline"] += no > 0
    for number, events in lives.items():
        for verb in ("approve", "decline"):
            steps = [event for event in events if event.verb == verb and event.from_state != event.to_state]
            if len(steps) != decided[number, verb]:
                yield f"SO-{number}: {len(steps)} steps “{verb}” and {decided[number, verb]} rounds decided so."
            if any(event.actor_id == event.issue.requester_id for event in steps):
                yield f"SO-{number}: its requester took the step “{verb}”."


# I6 -------------------------------------------------------------------------------------------------------------------


def the_restricted_stays_hidden(ledger, world, watch, *, readable=()):
    """I6: words of restricted requests stand nowhere public, in no log and in no open GitLab issue.

    ``readable``: (where, text) of whatever people and machines outside may read.
    """
    found = [f"“{CANARY}” stands in {where}." for where, text in readable if CANARY in text.lower()]
    for there in world.issues:
        said = [there.issue["title"], there.issue["description"] or "", *(note["body"] for note in there.notes)]
        if not there.issue["confidential"] and any(CANARY in text.lower() for text in said):
            found.append(f"“{CANARY}” stands in the open GitLab issue {there.place}.")
    told = WebhookDelivery.objects.exclude(event__icontains="confidential").filter(body__icontains=CANARY)
    found += [f"“{CANARY}” came in an open webhook ({row.event}, {row.pk})." for row in told]
    kept = WebhookDelivery.objects.filter(due_at=None, body__icontains=CANARY)
    found += [f"“{CANARY}” is kept in the understood webhook {row.pk}." for row in kept]
    open_now = Issue.objects.filter(restricted_to=None, pk__in=ledger.numbers(hidden=True)).order_by("pk")
    return found + [f"{issue.reference} was filed as restricted and is open." for issue in open_now]


# I7 -------------------------------------------------------------------------------------------------------------------


def nothing_is_stuck(ledger, world, watch):
    """I7: nothing waits any more; what waits for a person says why."""
    found = [] if not Connection.load().paused else ["The connection is paused."]
    for row in _outbox():
        if row.due_at is not None and not _waits_with_its_mirror(row):
            found.append(f"{_name(row)} is still due: {row.last_error or 'no error'}.")
        elif row.parked and not row.last_error:
            found.append(f"{_name(row)} waits for a person and does not say why.")
    for row in GitLabLink.objects.all():
        settled = row.status == "in-step" and row.pushed_version == row.wanted_version
        if not settled and row.status not in GitLabLink.NEEDS_A_PERSON:
            found.append(f"{_name(row)} is {row.status} at {row.pushed_version} of {row.wanted_version}, and not due.")
    looks, deliveries = PendingPull.objects.exclude(due_at=None), WebhookDelivery.objects.exclude(due_at=None)
    found += [f"SO-{look.pk} still has to be looked at: {look.last_error}" for look in looks]
    found += [f"Webhook {delivery.pk} was not understood." for delivery in deliveries]
    waiting = [*Message.objects.to_send(), *Message.objects.interrupted()]  # digests and quiet hours have their time
    return found + [f"Message {row.pk} to {row.person} was not sent: {row.last_error}" for row in waiting]


def dead():
    """What waits for a person, with its reason: allowed, and told."""
    stuck = PendingPull.objects.filter(due_at=None).exclude(last_error="")
    rows = [*(row for row in _outbox() if row.parked), *stuck]
    return [f"{_name(row)}: {row.last_error}" for row in rows]


def _waits_with_its_mirror(row):
    """Whether it hangs on a GitLab issue about which a person must decide first; that one says why."""
    number = {
        OutgoingNote: lambda: row.issue_id,
        OutgoingUpload: lambda: row.attachment.issue_id,
        OutgoingLink: lambda: row.link.source_id,
    }.get(type(row))
    return number is not None and GitLabLink.objects.filter(pk=number(), status__in=GitLabLink.NEEDS_A_PERSON).exists()


def _outbox():
    return [
        row
        for model in (GitLabLink, OutgoingNote, OutgoingUpload, OutgoingLink)
        for row in model.objects.order_by("pk")
    ]


def _name(row):
    return f"{type(row)._meta.verbose_name.capitalize()} {row.pk}"


# I8 -------------------------------------------------------------------------------------------------------------------


def the_audit_is_whole(ledger, world, watch):
    """I8: whatever was written in the history is there unchanged, and so is every step that was acknowledged."""
    there = {row["pk"]: fingerprint(row) for row in Event.objects.values("pk", *FIELDS)}
    found = [f"Event {pk} is gone." for pk in sorted(watch.events.keys() - there.keys())]
    changed = [pk for pk, print_ in watch.events.items() if there.get(pk, print_) != print_]
    found += [f"Event {pk} was changed." for pk in sorted(changed)]
    kept = Counter(Event.objects.values_list("issue_id", "verb", "actor__username"))
    taken = Counter((one.number, one.verb, one.by) for one in ledger.taken if one.verb in STEPS_KEPT)
    for (number, verb, by), times in taken.items():
        if kept[number, verb, by] < times:
            is_kept = kept[number, verb, by]
            found.append(f"SO-{number}: “{verb}” by {by} was acknowledged {times} times, is kept {is_kept} times.")
    files = Counter(Attachment.objects.values_list("issue_id", "name"))
    found += [f"SO-{number}: the file {name} is gone." for number, name in ledger.files if not files[number, name]]
    return found


STEPS_KEPT = frozenset(WAYS) - {"submit", "replan"} | {"edit"}
