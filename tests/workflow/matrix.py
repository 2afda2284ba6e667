"""Who may do what, where: the allowed cells as data (domain.md §1 and §3). Whatever is not listed here must be refused.

Columns are *places* (a state, for features also how far its gate is answered, for ended requests how they ended),
rows verbs;
a cell names the roles. ``everybody`` stands for all of ROLES. Restricted requests keep only INSIDERS of each cell.
"""

from workflow.catalogue.kinds import Kind
from workflow.verbs import Act, Verb

ROLES = ("requester", "approver", "manager", "delegate", "ops", "implementer", "lead", "member", "admin", "stranger")
INSIDERS = {"requester", "approver", "delegate", "member"}
EVERYBODY = set(ROLES)
OPS = {"ops", "implementer", "lead", "member"}
LEAD = {"lead"}
REQUESTER = {"requester"}
APPROVER = {"approver"}
VALIDATORS = {"requester", "delegate"}

BUG, FEATURE, ADMINISTRATIVE = Kind.BUG, Kind.FEATURE, Kind.ADMINISTRATIVE
PROPOSAL, QUESTION, HAND_OVER = Kind.PROPOSAL, Kind.QUESTION, Kind.HAND_OVER
APPROVED_KIND = "administrative with approval"
WORKED = {BUG, FEATURE, ADMINISTRATIVE, APPROVED_KIND}
PLACES = {
    BUG: [
        "triage",
        "needs_info",
        "backlog",
        "design",
        "development",
        "validation",
        "implementation",
        "blocked",
        "completed",
        "closed",
    ],
    FEATURE: [
        "triage",
        "triage gate approved",
        "triage gate escalate",
        "needs_info",
        "escalated",
        "backlog",
        "design",
        "design gate approved",
        "design gate backlog",
        "planning",
        "scheduled",
        "development",
        "validation",
        "implementation",
        "blocked",
        "completed",
        "closed",
    ],
    ADMINISTRATIVE: [
        "triage",
        "needs_info",
        "development",
        "validation",
        "implementation",
        "blocked",
        "completed",
        "closed",
    ],
    APPROVED_KIND: ["approval", "needs_info from approval", "closed declined", "closed withdrawn"],
    PROPOSAL: ["discussion", "triage", "needs_info", "completed", "closed discuss-first"],
    QUESTION: ["triage", "needs_info", "completed", "closed"],
    HAND_OVER: ["triage", "needs_info", "completed", "closed duplicate"],
}
"""Every place each kind is put into."""
ENDED = ("completed", "closed")


def is_open(place):
    """Whether the place is one of an open request."""
    return not place.startswith(ENDED)


def allowed(kind, place, verb):
    """The roles that may, on an unrestricted request."""
    base = place.split(" ")[0]
    worked = kind in WORKED
    open_ = is_open(place)
    deciding = base in {"approval", "discussion"}
    gated = kind == FEATURE
    cells = {
        Verb.APPROVE: (deciding, APPROVER),
        Verb.DECLINE: (deciding, APPROVER),
        Verb.WAIVE_APPROVAL: (base == "approval", OPS),
        Verb.EDIT: (open_, OPS | REQUESTER),
        Verb.RECLASSIFY: (base == "triage", OPS),
        Verb.ASK: (base in {"triage", "design", "planning", "development"} or deciding, APPROVER if deciding else OPS),
        Verb.ANSWER: (base == "needs_info", REQUESTER),
        Verb.ACCEPT: (worked and (place == "triage gate approved" if gated else base == "triage"), OPS),
        Verb.ESCALATE: (place == "triage gate escalate", OPS),
        Verb.SHELVE: (
            (base == "triage" and not gated) or base in {"design", "planning", "scheduled", "escalated"},
            LEAD if base == "escalated" else OPS,
        ),
        Verb.RESUME: (base == "backlog", OPS),
        Verb.SUBMIT_GAMEPLAN: (
            (kind == BUG and base == "design") or place in {"design gate approved", "design gate backlog"},
            OPS,
        ),
        Verb.SCHEDULE: (base in {"planning", "scheduled"}, OPS),
        Verb.START: (base == "scheduled", OPS),
        Verb.REQUEST_VALIDATION: (base == "development", OPS),
        Verb.VALIDATE: (base == "validation", VALIDATORS),
        Verb.SEND_BACK: (base == "validation", VALIDATORS),
        Verb.COMPLETE: (
            base == "implementation"
            or (kind == ADMINISTRATIVE and base == "development")
            or (kind in {QUESTION, HAND_OVER} and base == "triage"),
            OPS,
        ),
        Verb.CONTINUE_IN: (kind in {PROPOSAL, QUESTION, HAND_OVER} and base == "triage", OPS),
        Verb.BLOCK: (
            base in {"design", "planning", "scheduled", "development", "validation", "implementation"},
            OPS,
        ),
        Verb.UNBLOCK: (base == "blocked", OPS),
        Verb.CLOSE: (open_ and base != "implementation", LEAD if deciding or base == "escalated" else OPS),
        Verb.WITHDRAW: (open_ and base != "implementation", REQUESTER),
        Verb.REOPEN: (
            (base == "completed" and kind != PROPOSAL) or place in {"closed", "closed withdrawn"},
            OPS | (REQUESTER if place != "closed" else set()),
        ),
        Act.ASSIGN: (open_, OPS),
        Act.PRIORITY: (open_, OPS),
        Act.COMMENT: (True, EVERYBODY),
        Act.ATTACH: (True, OPS | REQUESTER),
        Act.WATCH: (True, EVERYBODY),
        Act.DELEGATE: (open_ and worked, REQUESTER),
        Act.DUE_DATE: (open_, OPS | REQUESTER),
        Act.MOVE: (open_ and kind not in {QUESTION, HAND_OVER}, OPS),
        Act.SPIN_OFF: (open_, OPS),
        Act.GATE: (gated and base in {"triage", "design"}, OPS),
        Act.NAME_APPROVER: (deciding, LEAD),
        Act.CHECK: (base == "validation", VALIDATORS),
        Act.REVIEW: (base == "blocked", OPS),
    }
    applies, roles = cells[verb]
    return roles if applies else set()
