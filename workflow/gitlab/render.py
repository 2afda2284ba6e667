"""A request as its GitLab issue should be. Pure: everything it needs is handed in or already read.

Words of people stand in quotations (``text.safe_text``), words of the portal around them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Prefetch, Q

from workflow.gitlab.escaping import safe_line, safe_text, safe_title
from workflow.models import ApprovalRound, Attachment, Decision, Issue, IssueLink
from workflow.states import ENDED, State

LONGEST_BLOCK = 200_000
"""Characters; GitLab takes a million, but a list of issues carries every description."""


@dataclass(frozen=True)
class Surroundings:
    """What the description tells besides the request's own fields.

    ``files``: (attachment, its Markdown in GitLab or ""); ``approvals``: rounds with their decisions; ``links``:
    (words, other request's number); ``unmapped``: the assignee's name where GitLab does not know them.
    """

    files: tuple[tuple[Attachment, str], ...] = ()
    approvals: tuple[ApprovalRound, ...] = ()
    links: tuple[tuple[str, int], ...] = ()
    unmapped: str = ""


def title_of(issue: Issue) -> str:
    """The GitLab issue's title."""
    return safe_title(issue.title)


def portal_address(number: int) -> str:
    """Where the request is, for people who read GitLab."""
    return f"{settings.PORTAL_URL.rstrip('/')}/issues/{number}/"


def block_of(issue: Issue, around: Surroundings) -> str:
    """The managed block of the description, without its marks."""
    parts = [
        _facts(issue, around),
        safe_text(issue.description),
        *(_answer(row) for row in issue.answers),
        _section("Gameplan", safe_text(issue.gameplan)),
        _section("What to validate", safe_text(issue.validation_brief)),
        _section("Blocked", _blocked(issue)),
        _section("Attachments", _files(around.files)),
    ]
    text = "\n\n".join(part for part in parts if part)
    if len(text) <= LONGEST_BLOCK:
        return text
    return (
        text[:LONGEST_BLOCK]
        + f"\n>\n> …\n\nShortened; the whole text is in [{issue.reference}]({portal_address(issue.pk)})."
    )


def _facts(issue: Issue, around: Surroundings) -> str:
    here = f"**[{issue.reference}]({portal_address(issue.pk)})**"
    lines = [f"{here} in the Support Operations portal · {issue.get_kind_display()}"]
    lines.append(f"Requested by **{safe_line(issue.requester.name)}**")
    if issue.teams:
        lines.append(f"People and teams it touches: {safe_line(issue.teams)}")
    lines += [_approval(round_) for round_ in around.approvals]
    if issue.state == State.NEEDS_INFO:
        lines.append("Waits for the requester's answer")
    if issue.state in ENDED and issue.outcome:
        lines.append(f"Ended: {issue.get_outcome_display()}")
    if around.unmapped:
        lines.append(f"Assigned to **{safe_line(around.unmapped)}**, who has no account here")
    lines += [f"{words} [SO-{number}]({portal_address(number)})" for words, number in around.links]
    return "  \n".join(line for line in lines if line)


def _approval(round_: ApprovalRound) -> str:
    decided = [seat.decided_by for seat in round_.decisions.all() if seat.verdict and seat.decided_by]
    names = " and ".join(safe_line(person.name) for person in decided)
    if round_.outcome == ApprovalRound.Outcome.APPROVED:
        return f"Approved by **{names}**"
    if round_.outcome == ApprovalRound.Outcome.CARRIED_OVER and round_.carried_from:
        return _approval(round_.carried_from) + ", carried over"
    if round_.outcome == ApprovalRound.Outcome.WAIVED:
        return "Approval waived"
    if round_.ended_at is None:
        asked = " and ".join(safe_line(seat.approver.name) for seat in round_.decisions.all() if seat.approver)
        return f"Approval asked of **{asked}**" if asked else "Approval needed; nobody can give it yet"
    return ""


def _answer(row: Mapping[str, Any]) -> str:
    words = _words(row.get("answer"))
    return _section(safe_line(str(row.get("label") or row.get("key") or "")), safe_text(words)) if words else ""


def _words(answer: object) -> str:
    if answer is None or answer == "":
        return ""
    if isinstance(answer, bool):
        return "Yes" if answer else "No"
    if isinstance(answer, list):
        return "\n".join(f"- {_words(one)}" for one in answer)
    return str(answer)


def _blocked(issue: Issue) -> str:
    if issue.state != State.BLOCKED:
        return ""
    return "\n\n".join(
        part
        for part in (f"By {safe_line(issue.blocked_by)}." if issue.blocked_by else "", safe_text(issue.unblock_when))
        if part
    )


def _files(files: Iterable[tuple[Attachment, str]]) -> str:
    return "\n".join(f"- {markdown or _unsent(attachment)}" for attachment, markdown in files)


def _unsent(attachment: Attachment) -> str:
    return f"{safe_line(attachment.name)} (in the portal)"


def _section(heading: str, text: str) -> str:
    return f"### {heading}\n\n{text}" if text else ""


class Beside(Protocol):
    """What there is to read of a request's surroundings."""

    @property
    def files(self) -> bool: ...
    @property
    def rounds(self) -> bool: ...
    @property
    def links(self) -> bool: ...


def surroundings_of(issue: Issue, *, unmapped: str = "", beside: Beside | None = None) -> Surroundings:
    """Read what ``block_of`` tells besides the request itself. Titles of linked requests stay in the portal.

    ``beside``: what there is, where that is known; nothing else is asked for.
    """
    attachments = issue.attachments.filter(comment__isnull=True, internal=False).select_related("mirror")
    decisions = Decision.objects.select_related("approver", "decided_by")
    rounds = issue.rounds.select_related("carried_from").prefetch_related(
        Prefetch("decisions", decisions), Prefetch("carried_from__decisions", decisions)
    )
    here = Q(source=issue) & _shown("target", issue) | Q(target=issue) & _shown("source", issue)
    both = list(IssueLink.objects.filter(here).order_by("pk")) if beside is None or beside.links else []
    links = [
        *((link.get_type_display(), link.target_id) for link in both if link.source_id == issue.pk),
        *(
            (IssueLink.OTHER_WAY[IssueLink.Type(link.type)], link.source_id)
            for link in both
            if link.target_id == issue.pk
        ),
    ]
    return Surroundings(
        files=tuple((file, file.mirror.markdown if hasattr(file, "mirror") else "") for file in attachments)
        if beside is None or beside.files
        else (),
        approvals=tuple(rounds) if beside is None or beside.rounds else (),
        links=tuple(links),
        unmapped=unmapped,
    )


def _shown(other: str, issue: Issue) -> Q:
    """Which links may be told to everybody who reads this request: not those to a restricted one they may not see."""
    return Q(**{f"{other}__restricted_to": None}) | Q(**{f"{other}__restricted_to": issue.restricted_to_id})
