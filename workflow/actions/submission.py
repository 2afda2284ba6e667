"""A request begins: filed by a person, continued from another, or spun off."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions import approvals
from workflow.actions.attachments import keep
from workflow.actions.discussion import check_end
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.history import record
from workflow.actions.locking import again_after_a_clash
from workflow.actions.signals import issues_linked, tracker_given
from workflow.catalogue.answers import AnswerRow
from workflow.catalogue.kinds import ApprovalRule
from workflow.catalogue.models import Route
from workflow.catalogue.restriction import confidential_group
from workflow.crashpoints import crashpoint
from workflow.models import Attachment, Issue, IssueLink, Watch
from workflow.models.event import SUBMIT
from workflow.states import Source, State, first_state


@again_after_a_clash
def open_issue(
    *,
    by: User,
    route: Route,
    title: str,
    description: str = "",
    answers: Iterable[AnswerRow] = (),
    requester: User | None = None,
    approver: User | None = None,
    approver_reason: str = "",
    due_date: date | None = None,
    teams: str = "",
    system: str = "",
    customer: str = "",
    confidential: bool = False,
    attachments: Iterable[Attachment] = (),
    submission: UUID | None = None,
    continues: Issue | None = None,
    source: Source = Source.PORTAL,
) -> Issue:
    """File a request and return it; the same ``submission`` (a UUID) again returns the one that is there.

    ``requester``: who asks, ``by`` unless somebody else's draft is filed for them. ``approver``: the manager chosen, on
    routes where one is chosen; ``approver_reason``: why not the requester's own. ``attachments``: stored files that
    belong to no request yet. ``continues``: the question this carries on. Raises Incomplete or Refused.
    """
    requester = requester or by
    if submission and (earlier := Issue.objects.filter(submission=submission).first()):
        return earlier
    _check(route, requester, title, approver)
    try:
        with transaction.atomic():
            new = create(
                by=by,
                route=route,
                requester=requester,
                title=title,
                description=description,
                answers=list(answers),
                approver=approver,
                due_date=due_date,
                teams=teams,
                system=system,
                customer=customer or requester.division,
                attachments=attachments,
                submission=submission,
                source=source,
                restricted_to=_restriction(route, confidential, continues),
                verb_data={"continues": continues.pk} if continues else None,
                words=approver_reason,
            )
            if continues:
                watch_too(new, continues)
                link(continues, new, IssueLink.Type.CONTINUED_IN)
            return new
    except IntegrityError:
        if submission and (earlier := Issue.objects.filter(submission=submission).first()):
            return earlier
        raise


def _restriction(route: Route, confidential: bool, continues: Issue | None) -> Group | None:
    if route.restricted_to or confidential:
        return route.restricted_to or confidential_group()
    return continues.restricted_to if continues else None


def watch_too(new: Issue, earlier: Issue) -> None:
    """Whoever watches ``earlier`` watches ``new`` as well."""
    there = set(new.watches.values_list("person_id", flat=True))
    missing = set(earlier.watches.values_list("person_id", flat=True)) - there
    Watch.objects.bulk_create(Watch(issue=new, person_id=person) for person in missing)


def _check(route: Route, requester: User, title: str, approver: User | None) -> None:
    problems = {}
    if not title.strip():
        problems["title"] = "Give it a title."
    if len(title) > 255:
        problems["title"] = f"Shorten the title to 255 characters; it has {len(title)}."
    if approver is not None and not approvals.eligible_approvers(requester).filter(pk=approver.pk).exists():
        problems["approver"] = f"{approver} cannot approve this. Choose a manager other than yourself."
    if problems:
        raise Incomplete(problems)
    if route.tracker and not route.tracker.is_active:
        raise Refused(f"The tracker {route.tracker} takes no new requests. Ask Support Operations.")


def create(
    *,
    by: User,
    route: Route,
    requester: User,
    title: str,
    description: str,
    answers: list[AnswerRow],
    approver: User | None = None,
    restricted_to: Group | None = None,
    attachments: Iterable[Attachment] = (),
    state: State | None = None,
    source: Source = Source.PORTAL,
    verb_data: Mapping[str, int] | None = None,
    words: str = "",
    **fields: Any,
) -> Issue:
    """Write a new request and all its companions; call it inside a transaction.

    ``state``: where it begins if not at its kind's first state (a continued one); ``words``: what history keeps of why.
    Raises Incomplete.
    """
    if fields.get("due_date") and (problems := check_end(route.kind, fields)):
        raise Incomplete(problems)
    now = timezone.now()
    issue = Issue(
        route=route,
        kind=route.kind,
        tracker=route.tracker,
        requester=requester,
        title=title.strip(),
        description=description,
        answers=answers,
        restricted_to=restricted_to,
        created_at=now,
        state_since=now,
        filed_by=by if by != requester else None,
        state=state or first_state(route.kind, approved=route.needs_approval),
        **fields,
    )
    issue.save(force_insert=True)
    if issue.state in {State.APPROVAL, State.DISCUSSION}:
        chosen = approver if route.approval_rule == ApprovalRule.CHOSEN else None
        approvals.open_round(issue, approvals.approver_for(route, requester, chosen))
    tracker_given.send(sender=None, issue=issue)
    for attachment in attachments:
        keep(attachment, issue)
    if by != requester:
        Watch.objects.get_or_create(issue=issue, person=by)
    on_behalf_of = requester if by != requester else None
    record(issue, SUBMIT, by=by, from_state="", source=source, on_behalf_of=on_behalf_of, text=words, data=verb_data)
    crashpoint("received")
    return issue


def link(source: Issue, target: Issue, type_: IssueLink.Type) -> IssueLink:
    """Link two requests once."""
    made, new = IssueLink.objects.get_or_create(source=source, target=target, type=type_)
    if new:
        issues_linked.send(sender=None, link=made)
    return made
