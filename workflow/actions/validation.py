"""Rounds of validation: opened with a list, looked through item by item, ended by a step.

A round that was sent back is asked anew as a whole, what failed first: a change that mends one thing may break another
(domain.md §3, "runs the whole checklist again"). What was found before stands beside each item.
"""

from collections.abc import Collection, Iterable, Mapping

from django.core.files.base import File
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.attachments import keep, stored
from workflow.actions.checklist import LONGEST_NOTE, sent_back_last, what_to_check, words_asked
from workflow.actions.errors import Incomplete, Refused, Stale
from workflow.actions.fields import tell_people_needed
from workflow.actions.history import record
from workflow.actions.locking import again_after_a_clash, locked
from workflow.actions.requirements import required
from workflow.actions.signals import announce, content_changed
from workflow.models import Attachment, Issue, ValidationCheck, ValidationItem, ValidationRound
from workflow.models.event import RAISED
from workflow.models.validation import verdict_of
from workflow.permissions import may_see, refusal
from workflow.verbs import Act

BOUNCES_THAT_RAISE = 3
PRESENT = object()
Outcome, Verdict = ValidationRound.Outcome, ValidationCheck.Verdict


def open_validation(issue: Issue, *, by: User, text: str, items: Iterable[str] | None) -> str:
    """Open the next round; returns what is asked, in words.

    ``items``: texts, besides those in lines “- [ ]”; None (from GitLab, where nobody sees the list) keeps the last one.
    """
    brief, items = what_to_check(issue, text, items)
    last = issue.validations.last()
    bounced = last if sent_back_last(issue, last) else None
    opened = ValidationRound.objects.create(
        issue=issue,
        number=last.number + 1 if last else 1,
        brief=brief,
        asked_by=by,
        opened_at=timezone.now(),
        bounces=bounced.bounces if bounced else 0,
    )
    before = {item.text.casefold(): item for item in bounced.items.all()} if bounced else {}
    ValidationItem.objects.bulk_create(
        ValidationItem(round=opened, order=order, text=item, before=before.get(item.casefold()))
        for order, item in enumerate(items, start=1)
    )
    issue.forget_checks()
    return words_asked(brief, items)


def check(
    number: int,
    item: int,
    verdict: str,
    *,
    by: User,
    note: str = "",
    files: Iterable[File[bytes]] = (),
    seen: object = PRESENT,
) -> ValidationCheck:
    """Keep what somebody found on looking at an item, and return the check.

    ``item``: its id; ``files``: uploads; ``seen``: the id of the check they saw there (None for none). The same again
    changes nothing. Raises Refused; Stale when somebody else looked meanwhile, or the list is another by now;
    Incomplete.
    """
    with stored(files, by=by) as kept:
        return _check_item(number, item, verdict, by=by, note=note, files=kept, seen=seen)


@again_after_a_clash
def _check_item(
    number: int, item: int, verdict: str, *, by: User, note: str, files: Collection[Attachment], seen: object
) -> ValidationCheck:
    note = note.replace("\x00", "").strip()
    with locked(number) as issue:
        if reason := refusal(by, Act.CHECK, issue):
            raise Refused(reason)
        found = next((one for one in issue.checklist if one.pk == item), None)
        if found is None:
            raise Stale(issue)
        now = found.check_now
        stale = seen is not PRESENT and seen != (now and now.pk)
        if now and (now.by_id, now.verdict, now.note) == (by.pk, verdict, note) and (stale or not files):
            return now
        if stale:
            raise Stale(issue)
        _check_given(issue, verdict, note)
        new = _find(found, verdict, note, by)
        _keep_files(issue, new, files)
        announce(issue.pk)
        return new


def _check_given(issue: Issue, verdict: str, note: str) -> None:
    if verdict not in Verdict.values:
        raise Incomplete(required(Act.CHECK, issue))
    if verdict == Verdict.FAILED and not note:
        raise Incomplete({"note": "Say what is not right."})
    if len(note) > LONGEST_NOTE:
        raise Incomplete({"note": f"Shorten this to {LONGEST_NOTE:,} characters; it has {len(note):,}."})


def _find(item: ValidationItem, verdict: str, note: str, by: User) -> ValidationCheck:
    item.check_now = ValidationCheck.objects.create(item=item, verdict=verdict, note=note, by=by, at=timezone.now())
    return item.check_now


def _keep_files(issue: Issue, check: ValidationCheck, files: Collection[Attachment]) -> None:
    if not files:
        return
    for file in files:
        file.validation_check = check
        file.save(update_fields=["validation_check"])
        keep(file, issue)
    content_changed.send(sender=None, issue=issue)  # GitLab's description names the files


def tick_the_rest(issue: Issue, *, by: User, ticked: Collection[int]) -> list[int]:
    """Tick the open items with these ids, as part of validating. Returns [how many are ticked, of how many]."""
    for item in issue.items_with(None):
        if item.pk in ticked:
            _find(item, Verdict.TICKED, "", by)
    return [len(issue.items_with(Verdict.TICKED)), len(issue.checklist)]


def fail_the_rest(issue: Issue, *, by: User, failed: Mapping[int, str]) -> list[tuple[str, str]]:
    """Fail items, as part of sending back; ``failed``: {id: reason}. Returns all that failed: [(item, reason)]."""
    for item in issue.checklist:
        reason = failed.get(item.pk, "").replace("\x00", "").strip()
        now = item.check_now
        said = now is not None and verdict_of(item) == Verdict.FAILED and now.note == reason
        if reason and not said:
            _find(item, Verdict.FAILED, reason, by)
    return [(item.text, item.check_now.note) for item in issue.items_with(Verdict.FAILED) if item.check_now]


def end_validation(issue: Issue, outcome: ValidationRound.Outcome) -> None:
    """End the running round, if there is one; what was raised to the lead is settled unless it is sent back again."""
    now, running = timezone.now(), issue.open_validation
    if running is not None:
        running.ended_at, running.outcome = now, outcome
        running.bounces = running.bounces + 1 if outcome == Outcome.SENT_BACK else 0
        running.save()
    if outcome != Outcome.SENT_BACK:
        issue.validations.filter(raised_at__isnull=False, settled_at__isnull=True).update(settled_at=now)
    issue.forget_checks()


def raise_if_bounced(issue: Issue) -> None:
    """Raise the request to the lead when it was sent back three times in a row, or three times since it was raised."""
    last = issue.validations.last()
    if last is None or last.outcome != Outcome.SENT_BACK:
        return
    raised = issue.validations.filter(raised_at__isnull=False, settled_at__isnull=True).last()
    if last.bounces - (raised.bounces if raised else 0) < BOUNCES_THAT_RAISE:
        return
    last.raised_at = timezone.now()
    last.save(update_fields=["raised_at"])
    text = f"It was sent back from validation {last.bounces} times in a row. Find out what stands in the way."
    event = record(issue, RAISED, by=None, from_state=issue.state, text=text, data={"bounces": last.bounces})
    for person in _raised_to(issue):
        tell_people_needed(issue, event, person)


def _raised_to(issue: Issue) -> list[User]:
    """The leads who may know of it and did not ask for it; where there is none, whoever of Support Operations may."""

    def those(people: Iterable[User]) -> list[User]:
        return [person for person in people if person.pk != issue.requester_id and may_see(person, issue)]

    return those(User.objects.leads()) or those(User.objects.ops())
