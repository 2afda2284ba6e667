"""What the next round of validation asks: the words, and the list with what was kept from the round before."""

from workflow.actions.checklist import once_each, split_brief
from workflow.models import ValidationRound
from workflow.models.validating import Verdict, checklist_of, verdict_of
from workflow.states import ENDED


def what_to_check(issue, text, items):
    """(the words, the items) that a round opened with these asks for; the arguments as ``open_validation`` has them."""
    brief, tasks = split_brief(text)
    if items is None:
        items = [item.text for item in last_list(issue)] if sent_back_last(issue, issue.validations.last()) else []
    return brief, once_each([*items, *tasks])


def sent_back_last(issue, last):
    """Whether the last round was sent back, and the request has not ended since: a reopened one begins anew."""
    if last is None or last.outcome != ValidationRound.Outcome.SENT_BACK:
        return False
    return not issue.events.filter(to_state__in=sorted(ENDED), at__gte=last.ended_at).exists()


def last_list(issue):
    """The items of the round before, what failed first, then what was open, then what was ticked."""
    last = issue.validations.last()
    ranks = {Verdict.FAILED: 0, None: 1, Verdict.TICKED: 2}
    return sorted(checklist_of(last), key=lambda item: ranks[verdict_of(item)]) if last else []
