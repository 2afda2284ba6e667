"""The questions of the shipped entries, as data (domain.md §2). Each tuple is one form, in its order."""

from dataclasses import dataclass

REQUESTER, APPROVER = "requester", "approver"
SHORT, LONG, CHOICE, CHOICES = "short", "long", "choice", "choices"
CONFIRM, DATE, URL, PEOPLE = "confirm", "date", "url", "people"


@dataclass(frozen=True)
class QuestionSpec:
    """One row of a form; the fields of ``Question``."""

    key: str
    label: str
    type: str
    help: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    asked_of: str = REQUESTER
    feeds: str = ""


SYSTEM = QuestionSpec(
    "system",
    "Where is it?",
    CHOICE,
    choices=("Zendesk", "Calendly", "Zapier", "Salesforce", "Something else"),
    feeds="system",
)
PLACE = QuestionSpec(
    "place",
    "The exact place",
    SHORT,
    required=False,
    help="For example the name of the form, view, trigger or event, or Zendesk Global or US Federal.",
)
LINKS = QuestionSpec("link", "A link that shows it", URL, required=False, help="A ticket, a page, a recording.")

PORTAL_CHANGE = (
    QuestionSpec("ticket", "Zendesk ticket", SHORT, help="Its number or its address."),
    QuestionSpec(
        "instance",
        "Which Zendesk",
        CHOICE,
        choices=("Zendesk Global", "Zendesk US Federal"),
        help="US Federal: give the number only, no customer data.",
    ),
    QuestionSpec("organisation", "The customer's organisation", SHORT, help="As it is called in Zendesk."),
    QuestionSpec("wish", "What the customer asks for", LONG, help="For example a contact to add, or tickets to share."),
    QuestionSpec("handed_over", "I changed the ticket's form to Support Ops and did not reply on it", CONFIRM),
)

QUESTION = (
    QuestionSpec("tried", "What you looked at or tried already", LONG, required=False),
    QuestionSpec("link", "A link to what it is about", URL, required=False),
)

CALENDLY = (
    QuestionSpec(
        "change",
        "What should change",
        CHOICE,
        choices=("Add me to an event", "Take me off an event", "Change the schedule an event uses", "Something else"),
    ),
    QuestionSpec(
        "events",
        "Which team events",
        LONG,
        help="One per line, by their names in Calendly. Team events have “Support” in their name.",
    ),
    QuestionSpec(
        "schedule",
        "The schedule to use",
        LONG,
        required=False,
        help="Days, hours and time zone, or the name of a schedule that you keep in Calendly.",
    ),
    QuestionSpec("calendar_link", "Your Calendly link", URL, help="For example https://calendly.com/your-name."),
    QuestionSpec("from_when", "From when", DATE, required=False, help="Empty: as soon as possible."),
    QuestionSpec("events_right", "The list of events is right", CONFIRM, asked_of=APPROVER),
    QuestionSpec(
        "coverage",
        "What the change means for coverage",
        CHOICE,
        asked_of=APPROVER,
        choices=("Coverage stays as it is", "Coverage grows", "Coverage shrinks, and that is accounted for"),
    ),
    QuestionSpec(
        "coverage_note", "What Support Operations should know about it", LONG, asked_of=APPROVER, required=False
    ),
)

PROPOSAL = (
    QuestionSpec("problem", "The problem", LONG, help="What is wrong or missing today, and for whom."),
    QuestionSpec("proposal", "The proposal", LONG, help="What should change, and what would be different then."),
    QuestionSpec("success", "How we would know that it worked", LONG, help="Something to measure or to observe."),
    QuestionSpec("dri", "Who is responsible for it", SHORT, help="The directly responsible individual; often you."),
    QuestionSpec(
        "due_date",
        "The discussion ends on",
        DATE,
        feeds="due_date",
        help="On this day the manager decides. At most 90 days from now; two weeks are usual.",
    ),
    QuestionSpec(
        "teams",
        "Other people and teams it touches",
        PEOPLE,
        required=False,
        feeds="teams",
        help="Besides yours, separated by commas: divisions such as Finance, also with a region (Support EMEA), "
        "groups, or people. They (of a division its managers) hear when the discussion opens and how it is decided.",
    ),
)

FIX = (
    QuestionSpec(
        "broken", "What is broken", LONG, help="What you did, what happened, and the words of any error message."
    ),
    SYSTEM,
    PLACE,
    QuestionSpec("since", "Since when", SHORT, help="As exactly as you know, with the time zone."),
    QuestionSpec(
        "affected",
        "Who is affected",
        CHOICE,
        choices=("Only me", "My team", "Several teams", "Everybody in Support", "Customers"),
    ),
    QuestionSpec(
        "urgency",
        "How much it hinders",
        CHOICE,
        choices=("Work has stopped", "Work goes on with great effort", "A workaround exists", "It is a nuisance"),
    ),
    QuestionSpec("tried", "What you tried already", LONG, required=False),
    QuestionSpec("reachable", "How and when to reach you", SHORT, help="For example Slack, until 17:00 UTC."),
)

MACRO = (
    QuestionSpec("change", "What to do", CHOICE, choices=("Create a macro", "Edit a macro", "Deactivate a macro")),
    QuestionSpec(
        "macro_title",
        "Title of the macro",
        SHORT,
        help="As Category::Subcategory::Name; each :: makes a folder in Zendesk.",
    ),
    QuestionSpec("previous_title", "Its title until now", SHORT, required=False, help="Only when it gets a new title."),
    QuestionSpec(
        "comment_type",
        "Comment it adds to the ticket",
        CHOICE,
        choices=("None", "Public reply", "Private note"),
    ),
    QuestionSpec(
        "comment", "Text of the comment", LONG, required=False, help="The whole text, with placeholders as they are."
    ),
    QuestionSpec(
        "actions",
        "What else it does",
        LONG,
        required=False,
        help="One per line, for example: set status to pending; add tag x.",
    ),
    QuestionSpec("restriction", "Who may use it", SHORT, required=False, help="Groups; empty means every agent."),
    QuestionSpec("reason", "Why", LONG, help="What agents do today, and what becomes better."),
)

TEAM_PAGE = (
    QuestionSpec("whose", "Whose entry", SHORT, help="The name as it stands, or should stand, on the page."),
    QuestionSpec("change", "What to do", CHOICE, choices=("Add an entry", "Change an entry", "Remove an entry")),
    QuestionSpec(
        "parts",
        "Which parts",
        CHOICES,
        required=False,
        choices=(
            "Name or pronouns",
            "Title",
            "Manager",
            "Region",
            "Working hours",
            "Focuses",
            "Languages",
            "Knowledge areas",
            "Zendesk groups or alias",
            "Calendly link",
            "Something else",
        ),
    ),
    QuestionSpec(
        "values",
        "The new values",
        LONG,
        required=False,
        help="Part and value, one per line; focuses add up to 100 %. Nothing for a removal.",
    ),
    QuestionSpec("from_when", "From when", DATE, required=False, help="Empty: as soon as possible."),
)

BUG = (
    QuestionSpec("happens", "What happens", LONG),
    QuestionSpec("expected", "What you expected instead", LONG),
    QuestionSpec("steps", "Steps to reproduce", LONG, help="One per line, from a known start; how often it happens."),
    SYSTEM,
    PLACE,
    QuestionSpec(
        "severity",
        "How bad it is",
        CHOICE,
        choices=(
            "Critical: customers or all of Support are stopped",
            "Major: work is hindered, no way around",
            "Moderate: there is a way around",
            "Minor: a nuisance",
        ),
    ),
    QuestionSpec("impact", "Who is affected, and how", LONG),
    QuestionSpec("error", "Error text", LONG, required=False, help="Word for word. Pictures can be attached below."),
    QuestionSpec("since", "Since when", SHORT, required=False),
    LINKS,
)

FEATURE = (
    QuestionSpec("need", "The business need", LONG, help="What you cannot do today, for whom, and what it costs."),
    QuestionSpec("outcome", "The expected outcome", LONG, help="What should be possible then, not how."),
    SYSTEM,
    QuestionSpec("agreed", "Where it was agreed", SHORT, help="Who of Support Operations agreed, or a link."),
    QuestionSpec(
        "stakeholders",
        "Stakeholders",
        PEOPLE,
        required=False,
        feeds="teams",
        help="Who else should have a say: people, divisions such as Finance, or groups, separated by commas. They are "
        "told that you asked, and how it ends.",
    ),
    QuestionSpec(
        "urgency",
        "How urgent it is",
        CHOICE,
        choices=("A date must be met", "This quarter", "This year", "Whenever it fits"),
    ),
    QuestionSpec("needed_by", "The date to be met", DATE, required=False, help="Say below why then."),
    QuestionSpec("success", "How success is measured", LONG),
)

OTHER = (
    QuestionSpec("why", "What it is for", LONG, required=False, help="Helps to find another way if need be."),
    QuestionSpec("needed_by", "Needed by", DATE, required=False),
    LINKS,
)
