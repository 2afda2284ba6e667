"""Every role × verb × place × restricted: what the matrix lists is allowed, everything else refuses."""

import pytest

from supportops.accounts.models import User
from tests.factories import person
from tests.workflow.matrix import INSIDERS, PLACES, ROLES, allowed
from tests.workflow.places import confidential_member, request_in
from workflow.models import Issue
from workflow.permissions import refusal
from workflow.verbs import Act, Verb

CELLS = [(kind, place) for kind, places in PLACES.items() for place in places]


@pytest.fixture
def roles(cast):
    """{role: person}; ``cast.worker`` takes the steps and plays no role."""
    cast.worker = confidential_member(person("worker", groups=["ops"]))
    cast.member = confidential_member(person("member", groups=["ops"]))
    return {
        "requester": cast.requester,
        "approver": cast.manager,
        "manager": cast.standin,
        "delegate": cast.colleague,
        "ops": cast.ops,
        "implementer": cast.other_ops,
        "lead": cast.lead,
        "member": cast.member,
        "admin": cast.admin,
        "stranger": person("stranger"),
    }


@pytest.mark.parametrize("restricted", [False, True], ids=["open", "restricted"])
@pytest.mark.parametrize(("kind", "place"), CELLS, ids=[f"{kind}-{place}" for kind, place in CELLS])
def test_exactly_the_listed_roles_may(kind, place, restricted, cast, roles):
    issue = Issue.objects.get(pk=request_in(place, kind, cast, restricted=restricted).pk)

    people = {role: User.objects.get(pk=roles[role].pk) for role in ROLES}

    may = {verb: {role for role in ROLES if refusal(people[role], verb, issue) is None} for verb in [*Verb, *Act]}

    assert may == {verb: _expected(kind, place, verb, restricted, issue) for verb in [*Verb, *Act]}


def _expected(kind, place, verb, restricted, issue):
    """What the matrix lists; on a restricted request only for insiders, and whoever is nothing to it now is outside."""
    roles = set(allowed(kind, place, verb))
    if not restricted:
        return roles
    outside = {
        role for role, present in (("approver", issue.approver_ids), ("delegate", issue.delegate_ids)) if not present
    }
    return (roles & INSIDERS) - outside
