"""Whether the exchange with GitLab waits for a person: one rule, for one request and for all of them."""

from datetime import UTC, datetime
from itertools import product

import pytest

from tests.factories import file_request
from workflow.actions import comment
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.status import Stuck, in_need_of_a_person, ledger_of, stuck, why
from workflow.models import Issue

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
LINKS = list(product(GitLabLink.Status.values, (False, True)))
LOOKS = [
    None,
    *(
        {"due_at": due_at, "frozen_at": frozen_at, "last_error": error}
        for due_at, frozen_at, error in product((None, NOW), (None, NOW), ("", "GitLab answered 500."))
    ),
]


def _said(look):
    """The values of a look, for the test's name."""
    return ", ".join(name for name, value in (look or {}).items() if value) or ("nothing set" if look else "no look")


@pytest.fixture
def issue(cast):
    """A request with a comment that goes to GitLab."""
    filed = file_request(cast)
    comment(filed.pk, "Seen here, too.", by=cast.requester)
    return filed


@pytest.mark.parametrize("piece", [False, True], ids=["pieces sent", "piece parked"])
@pytest.mark.parametrize("look", LOOKS, ids=_said)
def test_one_request_waits_for_a_person_if_and_only_if_all_of_them_say_so(issue, look, piece):
    OutgoingNote.objects.filter(issue=issue, comment__isnull=False).update(parked=piece)
    if look is not None:
        PendingPull.objects.update_or_create(pk=issue.pk, defaults=look)
    for status, parked in LINKS:
        GitLabLink.objects.filter(pk=issue.pk).update(status=status, parked=parked)
        found = Issue.objects.select_related("mirror", "look").get(pk=issue.pk)
        waits = found.pk in {number for (number,) in in_need_of_a_person().values_list("issue")}
        ledger = ledger_of(found)
        assert waits == (ledger.stuck is not None) == bool(why(found)), (status, parked)
        assert waits == bool(stuck(found.mirror, getattr(found, "look", None), piece=piece))


def test_of_several_reasons_the_issue_itself_is_told_first():
    link = GitLabLink(status="parked", parked=True)
    look = PendingPull(frozen_at=NOW, last_error="GitLab answered 500.")
    assert stuck(link, look, piece=True) is Stuck.LINK
    link.parked = False
    assert stuck(link, look, piece=True) is Stuck.FIGHT
    look.frozen_at = None
    assert stuck(link, look, piece=True) is Stuck.UNREAD
    look.last_error = ""
    assert stuck(link, look, piece=True) is Stuck.PIECE
    assert stuck(link, look, piece=False) is None


@pytest.mark.parametrize(("status", "parked", "waits"), [("orphaned", True, True), ("orphaned", False, False)])
def test_an_issue_that_was_let_go_waits_for_nobody(issue, status, parked, waits):
    GitLabLink.objects.filter(pk=issue.pk).update(status=status, parked=parked)
    assert in_need_of_a_person().count() == waits


@pytest.mark.parametrize(
    ("parameter", "refused", "field"),
    [
        ("confidential", {}, "confidential"),
        ("due_date", {"due_date": "2030-01-01"}, "due date"),
        ("add_labels", {"labels.state": ["Stage::Triage"]}, "stage"),
    ],
)
def test_the_ledger_names_every_field_that_gitlab_did_not_take_and_no_other(issue, parameter, refused, field):
    kept = {"fields": {"title": "Something else", "confidential": True}, "dropped": [parameter], "refused": refused}
    GitLabLink.objects.filter(pk=issue.pk).update(last_synced=kept)

    ledger = ledger_of(Issue.objects.select_related("mirror").get(pk=issue.pk))

    [dropped] = [row.field.lower() for row in ledger.fields if row.dropped]
    assert field in dropped
