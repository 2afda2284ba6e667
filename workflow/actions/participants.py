"""Who takes part in the discussion of a proposal: the teams it touches, who speaks up, Support Operations when asked.

Called inside the transaction of whatever is done.
"""

import re

from django.contrib.auth.models import Group

from supportops.accounts.models import User
from supportops.accounts.roles import Role
from workflow.actions.discussion import is_discussed
from workflow.actions.errors import Incomplete
from workflow.models import Notice, Watch
from workflow.permissions import may_see
from workflow.states import Kind, State, Verb

_BETWEEN = re.compile(r"[,;\n]|\band\b")
ASKED_IN = "*Support Operations are asked to join in.*"


def people_touched(issue):
    """The people who hear for the teams a proposal names: of a division (also “Support EMEA”: with its region) the
    managers, of a group its members."""
    names = {name.strip().casefold() for name in _BETWEEN.split(issue.teams)} - {""}
    if not names:
        return []
    managers = [one for one in User.objects.managers().exclude(division="") if names & _teams_led(one)]
    groups = [group for group in Group.objects.exclude(name__in=Role.values) if group.name.casefold() in names]
    members = User.objects.active().filter(groups__in=groups).distinct() if groups else []
    return list({one.pk: one for one in [*managers, *members]}.values())


def _teams_led(manager):
    return {manager.division.casefold(), f"{manager.division} {manager.region}".casefold()}


def touched_by(issue, event):
    """Whom this event concerns because it opens or decides (or ends) a discussion that touches their team."""
    if issue.kind != Kind.PROPOSAL:
        return []
    opens = issue.state == State.DISCUSSION and event.from_state not in {State.DISCUSSION, State.NEEDS_INFO}
    ends = event.from_state == State.DISCUSSION and issue.state not in {State.DISCUSSION, State.NEEDS_INFO}
    renamed = event.verb == Verb.EDIT and "teams" in event.data and is_discussed(issue)
    return people_touched(issue) if opens or ends or renamed else []


def takes_part(issue, person):
    """Whoever speaks up in a discussion hears how it goes on, until they stop watching."""
    if is_discussed(issue) and person is not None and person.pk != issue.requester_id:
        Watch.objects.get_or_create(issue=issue, person=person)


def ask_ops_in(issue, comment, by):
    """Tell Support Operations that this comment asks them to join: the route's owners, or everybody where none of them
    may. They watch from then on. Raises Incomplete when there is nobody to ask.
    """
    owners = [one for one in (issue.route.owner, issue.route.second_owner) if one is not None and one.is_active]
    asked = _insiders(owners, issue, by) or _insiders(User.objects.ops(), issue, by)
    if not asked:
        problem = "Nobody else of Support Operations may see this. Comment without asking them."
        raise Incomplete({"asks_ops_in": problem})
    for person in asked:
        Watch.objects.get_or_create(issue=issue, person=person)
        Notice.objects.update_or_create(
            person=person, comment=comment, defaults={"issue": issue, "reason": Notice.Reason.NEEDS_YOU}
        )


def _insiders(people, issue, by):
    return [person for person in people if person.pk != by.pk and may_see(person, issue)]
