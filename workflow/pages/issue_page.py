"""The request page."""

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from workflow.catalogue import answers
from workflow.catalogue.kinds import Kind
from workflow.forms import form_for
from workflow.forms.steps import ApproveForm
from workflow.models import ApprovalRound, Decision, Issue, IssueLink
from workflow.pages.action_card import Buttons, buttons_for, card_of, court_words
from workflow.pages.facts import clock_from, facts_of
from workflow.pages.form_context import answer_facts, asked_text_of, blocked_facts, next_of, path_of, review_facts
from workflow.pages.issue_query import Reading, read
from workflow.pages.panels import panels_of
from workflow.pages.rows import Targets
from workflow.pages.timeline import court_of, entries_of, file_row, rail_steps
from workflow.pages.validation_rounds import raised_words, validations_of
from workflow.permissions import refusal
from workflow.states import Outcome, State
from workflow.verbs import Act, Verb

if TYPE_CHECKING:
    from workflow.pages.issue_query import IssueRead

FEW_QUESTIONS = 3
"""Up to so many questions an approver answers right on the request page."""


@require_safe
@never_cache
def issue_page(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """Everything about one request, and what this person can do."""
    found = read(request, number)
    context = _to_read(found, request.user)
    return render(request, "workflow/issue.html", context | _to_do(found, request.user, context["rounds"]))


def _to_do(found: Reading, person: User, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """What the person can do here, and what they must have seen before they decide anew."""
    issue, buttons = found.issue, buttons_for(person, found.issue)
    return {
        "changed": rounds[0]["difference"] if buttons.offers(Verb.APPROVE) and rounds else [],
        "card": card_of(person, issue, buttons),
        "quick": _quick_decision(person, issue, buttons),
        "quick_next": _next_either_way(issue, person),
        "attach_url": None if refusal(person, Act.ATTACH, issue) else reverse("attach", args=[issue.pk]),
        "comment_form": form_for(Act.COMMENT, issue, person),
        "watching": person in found.watchers,
        "proposal_url": _proposal_url(issue, person),
        "draft_url": _draft_url(found, person),
        "by_hand": answers.by_hand(issue.route.key) if issue.kind == Kind.HAND_OVER and issue.is_open else "",
    }


def _to_read(found: Reading, person: User) -> dict[str, Any]:
    """What the page tells."""
    issue, panels = found.issue, panels_of(found.issue)
    return {
        "issue": issue,
        "header": _header(issue) | {"since": clock_from(found, timezone.now()).since or issue.state_since},
        "rail": rail_steps(found),
        "answers": answer_facts(issue.answers),
        "rounds": _rounds(found),
        "paths": [path_of(path, answers) for path, answers in found.paths],
        "blocked": [*blocked_facts(issue), *review_facts(found)],
        "validations": validations_of(found),
        "raised": raised_words(found),
        "attachments": [file_row(found, file) for file in found.files if _of_the_request(file)],
        "links": [_link(issue, link) for link in found.links],
        "entries": entries_of(found),
        "earlier_url": f"?upto={found.earlier['number']}#story" if found.earlier else "",
        "newest_url": f"{issue.get_absolute_url()}#story" if found.upto else "",
        "facts": facts_of(found, person, panels),
        "watchers": found.watchers,
        "panels": [panel.template for panel in panels],
        **{name: value for panel in panels for name, value in panel.context.items()},
    }


def _of_the_request(file: dict[str, Any]) -> bool:
    """Whether the file was given with the request itself, not with a comment or with what was found in a validation."""
    return file["facts"]["comment"] is None and file["facts"]["check"] is None


def _header(issue: "IssueRead") -> dict[str, Any]:
    court = court_of(issue.state)
    group = issue.restricted_to
    return {
        "state_label": issue.get_outcome_display() if issue.state == State.CLOSED else issue.get_state_display(),
        "state_court": court,
        "court": court if issue.is_open else "",
        "court_label": court_words(issue),
        "restricted": f"Restricted to {group.name} and the people involved" if group else "",
        "over_target": _over_target(issue),
    }


def _proposal_url(issue: Issue, person: User) -> str:
    """Where the requester of something to be discussed first finds a proposal that is filled in already, or empty."""
    offered = issue.outcome == Outcome.DISCUSS_FIRST and issue.requester_id == person.pk
    return reverse("new", args=["propose-change"]) + f"?from={issue.pk}" if offered else ""


def _draft_url(found: Reading, person: User) -> str:
    """Where the requester of a question that is carried on finds the form whose answers are still wanted, or empty."""
    issue = found.issue
    if issue.outcome != Outcome.CONTINUED or issue.requester_id != person.pk:
        return ""
    if any(link.type == IssueLink.Type.CONTINUED_IN and link.source_id == issue.pk for link in found.links):
        return ""
    continued = [row["facts"] for row in found.story if row["did"] == Verb.CONTINUE_IN]
    drafts = [facts["draft"] for facts in continued if "draft" in facts]
    return drafts[-1] if drafts else ""


def _over_target(issue: "IssueRead") -> bool:
    """Whether it stays in its state longer than the stage should take."""
    if issue.target_days is None:
        return False
    return Targets({issue.state: issue.target_days}).working_days(issue, timezone.now()) > issue.target_days


def _quick_decision(person: User, issue: Issue, buttons: Buttons) -> ApproveForm | None:
    """The form to decide right here, if the person is the approver and few questions are asked; else None."""
    if not (buttons.offers(Verb.APPROVE) and issue.open_round):
        return None
    form = form_for(Verb.APPROVE, issue, person)
    if len(form.question_names) > FEW_QUESTIONS:
        return None
    words = form.fields["text"]
    proposal = issue.kind == Kind.PROPOSAL
    words.label = "Your decision in words" if proposal else "Note, or your reason if you decline"
    words.widget.attrs["rows"] = 3
    return form


def _next_either_way(issue: Issue, person: User) -> str:
    return " ".join(f"{verb.label}: {next_of(verb, issue, person)}" for verb in (Verb.APPROVE, Verb.DECLINE))


def _rounds(found: Reading) -> list[dict[str, Any]]:
    """The rounds of approval, the newest first, each with who decided what and the text that was asked about."""
    issue = found.issue
    rounds: dict[int, tuple[ApprovalRound, list[Decision]]] = {}
    for seat in found.seats:
        rounds.setdefault(seat.round_id, (seat.round, []))[1].append(seat)
    earlier, shown = None, []
    for round_, seats in rounds.values():
        carried = round_.issue_id != issue.pk
        shown.append(
            {
                "round": round_,
                "outcome": ApprovalRound.Outcome.CARRIED_OVER.label if carried else round_.get_outcome_display(),
                "carried_from": round_.issue_id if carried else None,
                "terms": round_.terms(seats),
                "seats": [_seat(seat, issue) for seat in seats],
                **asked_text_of(round_.asked, earlier),
            }
        )
        earlier = round_.asked
    return shown[::-1]


def _seat(seat: Decision, issue: Issue) -> dict[str, Any]:
    for_another = seat.verdict and seat.decided_by_id != seat.approver_id
    return {
        "decision": seat,
        "answers": answer_facts(seat.answers),
        "for_another": for_another,
        "in_turn": seat in issue.seats_in_turn,
    }


def _link(issue: Issue, link: IssueLink) -> dict[str, Any]:
    outward = link.source_id == issue.pk
    return {
        "words": link.get_type_display() if outward else IssueLink.OTHER_WAY[IssueLink.Type(link.type)],
        "issue": link.target if outward else link.source,
        "court": court_of((link.target if outward else link.source).state),
    }
