"""The shipped catalogue, as data: trackers, groups and the eleven entries (domain.md §2).

``seed_catalogue`` writes it into the database once; from then on ops edit it in the admin. Where a fact comes from the
handbook it is its page "Working with Support Ops"; the fields are those that the team's pages say it asks for.
"""

import re
from dataclasses import dataclass

from supportops.accounts.roles import Role
from workflow.catalogue import shipped_questions as asked
from workflow.catalogue.kinds import ApprovalRule, Kind
from workflow.catalogue.shipped_questions import QuestionSpec

SLACK_CHANNEL = "https://gitlab.slack.com/archives/C018ZGZAMPD"
US_FEDERAL = "us-federal"
CONFIDENTIAL = "confidential"
GROUPS = (Role.OPS, Role.LEAD, Role.MANAGER, US_FEDERAL, CONFIDENTIAL)


@dataclass(frozen=True)
class TrackerSpec:
    """A GitLab project that receives requests."""

    path: str
    name: str
    confidential_only: bool = False


CALENDLY = TrackerSpec("gitlab-com/support/support-ops/other-software/calendly", "Calendly")
TEAM_META = TrackerSpec("gitlab-com/support/support-team-meta", "Support team meta")
PROJECT = TrackerSpec("gitlab-com/support/support-ops/support-ops-project", "Support Ops project")
MACROS = TrackerSpec("gitlab-com/support/support-ops/zendesk-global/macros", "Zendesk Global macros")
FEDERAL = TrackerSpec("gitlab-com/support/support-ops/zendesk-us-federal", "Zendesk US Federal", confidential_only=True)
TEAM = TrackerSpec("gitlab-com/support/team", "Support Team page")
ISSUES = TrackerSpec("gitlab-com/gl-security/corp/cust-support-ops/issue-tracker", "Customer Support Operations")
TRACKERS = (CALENDLY, TEAM_META, PROJECT, MACROS, FEDERAL, TEAM, ISSUES)


@dataclass(frozen=True)
class EntrySpec:
    """One entry with its route. Empty texts mean what the fields of Entry and Route say they mean."""

    key: str
    name: str
    summary: str
    guidance: str
    icon: str
    kind: Kind
    tracker: TrackerSpec | None
    questions: tuple[QuestionSpec, ...]
    keywords: str = ""
    template: str = ""
    approval: ApprovalRule = ApprovalRule.NONE
    waivable: bool = False
    voids: tuple[str, ...] = ()
    restricted_to: str = ""
    default_labels: tuple[str, ...] = ()
    title_pattern: str = ""
    description_label: str = ""
    system: str = ""
    elsewhere_label: str = ""
    elsewhere_url: str = ""
    after_filing: str = ""


def _prose(text: str) -> str:
    """``text`` without the line ends that only keep the code narrow; the Markdown that people write keeps its own."""
    return re.sub(r"\n +", " ", text)


_MACRO_GUIDANCE = """\
- A macro change normally needs a manager's review. You choose the manager here; the review may also happen later, in
  the merge request, and then Support Operations waive this approval and say why.
- The title is a path: each `::` makes a folder in Zendesk, for example `Accounts::Access::Reset two-factor`.
- What changes tags, assignment or wording is quick. A macro that needs new fields or triggers is a change to agree
  first: [propose it](/new/propose-change/).
"""
_MACRO_VOIDS = (
    "change",
    "macro_title",
    "previous_title",
    "comment_type",
    "comment",
    "actions",
    "restriction",
    "description",
)

ENTRIES = (
    EntrySpec(
        key="portal-change",
        name="A customer asks for support portal changes",
        summary="A customer's ticket asks for a change to their support portal and sits on a Support form.",
        guidance=_prose("""\
Do this in Zendesk, by hand:

1. Change the ticket's **form to Support Ops**. It reaches Support Operations that way.
2. **Do not reply on the ticket.** A reply takes the SLA clock off it.
3. **Never change the user's access or the organisation** yourself. Such changes follow their own rules, which Support
   Operations apply.

Recording the ticket here tells Support Operations that it is on its way, and lets you see what became of it.
"""),
        icon="life-buoy",
        kind=Kind.HAND_OVER,
        tracker=None,
        questions=asked.PORTAL_CHANGE,
        keywords="zendesk ticket customer organisation contact access user misfiled",
        title_pattern="Zendesk ticket {ticket}",
        system="Zendesk",
        after_filing="Now by hand, if you have not yet: change the ticket's form to Support Ops in Zendesk, do not "
        "reply on it, and leave the user's access and the organisation as they are.",
    ),
    EntrySpec(
        key="question",
        name="Ask a general question",
        summary="Something you want to know about the tools and workflows that Support Operations look after.",
        guidance=_prose("""\
- The quickest answer is in Slack, in **#support_operations**.
- Ask here when the answer may take longer, or when others should be able to find it.
- When the answer turns out to need work, Support Operations make a request of the right kind out of it. You need not
  write it again.
"""),
        icon="circle-question-mark",
        kind=Kind.QUESTION,
        tracker=None,
        questions=asked.QUESTION,
        keywords="help how ask slack support_operations",
        description_label="Your question",
        elsewhere_label="Ask in #support_operations on Slack",
        elsewhere_url=SLACK_CHANNEL,
        after_filing="Support Operations answer here. If it is urgent, ask in #support_operations on Slack as well.",
    ),
    EntrySpec(
        key="calendly",
        name="Change my Calendly",
        summary="Be added to or taken off a team event, or change the schedule it uses for you.",
        guidance=_prose("""\
- Only **team events** are changed here. Your personal Calendly settings are your own; nobody else can change them.
- Your manager approves first, and does the manager's part of this form then: whether the events are right, and what
  the change means for coverage.
"""),
        icon="calendar-days",
        kind=Kind.ADMINISTRATIVE,
        tracker=CALENDLY,
        questions=asked.CALENDLY,
        keywords="calendar event schedule meeting booking availability",
        approval=ApprovalRule.REPORTS_TO,
        voids=("events", "change", "schedule", "from_when", "description"),
        title_pattern="Calendly: {change}",
        system="Calendly",
    ),
    EntrySpec(
        key="propose-change",
        name="Propose a change",
        summary="A change that is not agreed yet: discussed first, decided by a manager, then taken on.",
        guidance=_prose("""\
- The proposal is discussed until its **due date**; then the manager you choose decides, in words.
- Name every **other team** it touches, so that they join the discussion.
- Anyone in the discussion may ask Support Operations to help.
- **Do not open it in Support Operations' own trackers.** Work there that was not discussed and approved is closed.
- Once it is approved, Support Operations ask what is unclear and carry it on in a new request. Stay available to test
  and review it.
"""),
        icon="messages-square",
        kind=Kind.PROPOSAL,
        tracker=TEAM_META,
        questions=asked.PROPOSAL,
        keywords="request for comments rfc idea improvement discussion stm new modify",
        approval=ApprovalRule.CHOSEN,
        voids=("title", "problem", "proposal", "success", "teams", "description"),
    ),
    EntrySpec(
        key="fix",
        name="Get something fixed",
        summary="Something in our tools worked and no longer does. Repaired as soon as possible, no approval.",
        guidance=_prose("""\
- For **broken things only**. To make something better or different, [propose a change](/new/propose-change/).
- No discussion and no approval is needed, because this is urgent.
- **Stay available**: Support Operations will want to ask you and to show you the repair.
"""),
        icon="hammer",
        kind=Kind.BUG,
        tracker=PROJECT,
        questions=asked.FIX,
        voids=("broken",),
        keywords="broken down outage urgent error repair not working failing",
    ),
    EntrySpec(
        key="macros-global",
        name="Change macros in Zendesk Global",
        summary="Create, edit or deactivate a macro in Zendesk Global.",
        guidance=_prose(_MACRO_GUIDANCE),
        icon="layers",
        kind=Kind.ADMINISTRATIVE,
        tracker=MACROS,
        questions=asked.MACRO,
        keywords="macro canned reply template wording zendesk global",
        approval=ApprovalRule.CHOSEN,
        waivable=True,
        voids=_MACRO_VOIDS,
        title_pattern="{change}: {macro_title}",
        system="Zendesk",
    ),
    EntrySpec(
        key="macros-us-federal",
        name="Change macros in Zendesk US Federal",
        summary="Create, edit or deactivate a macro in Zendesk US Federal. Only the people involved see the request.",
        guidance=_prose(
            "- Only you, your approver and the US Federal group see this, here and in GitLab.\n" + _MACRO_GUIDANCE
        ),
        icon="landmark",
        kind=Kind.ADMINISTRATIVE,
        tracker=FEDERAL,
        questions=asked.MACRO,
        keywords="macro canned reply template wording zendesk us federal government",
        template="Macros",
        approval=ApprovalRule.CHOSEN,
        waivable=True,
        voids=_MACRO_VOIDS,
        restricted_to=US_FEDERAL,
        title_pattern="{change}: {macro_title}",
        system="Zendesk",
    ),
    EntrySpec(
        key="team-page",
        name="Change the Support Team page",
        summary="Add, change or remove an entry on the Support Team page.",
        guidance=_prose("""\
- Write the values exactly as they should appear.
- For somebody else's entry, tell them first.
"""),
        icon="users",
        kind=Kind.ADMINISTRATIVE,
        tracker=TEAM,
        questions=asked.TEAM_PAGE,
        keywords="team page profile working hours focus title region yaml manager",
        title_pattern="Team page: {change} for {whose}",
    ),
    EntrySpec(
        key="bug",
        name="Report a bug",
        summary="Something behaves differently from what it should, and you can say how to see it.",
        guidance=_prose("""\
- The **steps to reproduce** matter most: without them nobody can find it.
- If your work stops because of it, use [Get something fixed](/new/fix/) instead.
- When it is repaired, you are asked to check it before it goes into production.
"""),
        icon="bug",
        kind=Kind.BUG,
        tracker=ISSUES,
        questions=asked.BUG,
        template="Bug",
        voids=("happens", "expected"),
        keywords="broken error wrong defect unexpected fault",
    ),
    EntrySpec(
        key="feature",
        name="Ask for something new or modified",
        summary="A change that is already agreed with Support Operations: new, or different from today.",
        guidance=_prose("""\
- For what is **already agreed with Support Operations**. Otherwise [propose a change](/new/propose-change/) first.
- Support Operations look whether it belongs to the roadmap, or is small; else their lead decides how to go on.
- Before it goes into production you are asked to validate it.
"""),
        icon="sparkles",
        kind=Kind.FEATURE,
        tracker=ISSUES,
        questions=asked.FEATURE,
        template="Feature",
        voids=("need", "outcome", "description"),
        keywords="new modify enhancement improvement change request automation trigger field form view",
    ),
    EntrySpec(
        key="other",
        name="Everything else",
        summary="What fits none of the others.",
        guidance="- Support Operations find the right place for it, and may move it or split it up.\n",
        icon="inbox",
        kind=Kind.ADMINISTRATIVE,
        tracker=PROJECT,
        questions=asked.OTHER,
        keywords="other anything else misc access export data report",
        description_label="What do you need?",
    ),
)
"""In the order of the start page."""
