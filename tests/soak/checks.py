"""I1 to I4 of reliability.md §2: that both sides agree. Each returns the violations it found, one sentence each."""

from collections import Counter, defaultdict

from tests.soak.ledger import DELETED, MAYBE
from workflow.gitlab.escaping import block_in
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.connection import SchemeLabel
from workflow.gitlab.models.inbound import ImportedNote
from workflow.gitlab.render import block_of, surroundings_of
from workflow.models import Comment, Event, Issue
from workflow.states import ENDED, State

RELATED = ("issue__tracker", "issue__requester", "issue__assignee", "issue__milestone", "issue__route")


def mirrors():
    """Every mirror with its request."""
    return list(GitLabLink.objects.select_related(*RELATED).order_by("pk"))


def one_issue_per_request(ledger, world, watch):
    """I1: every acknowledged request is there once, and has exactly one GitLab issue."""
    found = []
    there = set(Issue.objects.values_list("pk", flat=True))
    found += [f"SO-{number} was acknowledged and is gone." for number in ledger.filed.keys() - there]
    known = {filed.submission for filed in ledger.filed.values()} | ledger.unsure_submissions
    for number, submission in Issue.objects.filter(submission__isnull=False).values_list("pk", "submission"):
        if str(submission) not in known:
            found.append(f"SO-{number} was filed by nobody.")
    rows = mirrors()
    without = set(Issue.objects.filter(tracker__isnull=False).values_list("pk", flat=True)) - {row.pk for row in rows}
    found += [f"SO-{number} has a tracker and no mirror." for number in sorted(without)]
    for row in rows:
        marked = world.marked(row.marker)
        if len(marked) != 1:
            found.append(f"SO-{row.pk} has {len(marked)} GitLab issues: {[one.place for one in marked]}.")
        elif marked[0].place != (row.project_id, row.iid):
            found.append(f"SO-{row.pk} is linked to {(row.project_id, row.iid)}, its mark is at {marked[0].place}.")
    return found + _strangers(world, rows)


def _strangers(world, rows):
    linked = {(row.project_id, row.iid) for row in rows}
    made = [one for one in world.issues if one.by_the_bot and one.issue["moved_to_id"] is None]
    return [f"The bot made {one.place}, which is no request's." for one in made if one.place not in linked]


def each_comment_once(ledger, world, watch):
    """I2: every acknowledged comment is once on each side, and nothing else is."""
    found, said = [], defaultdict(list)
    for one in ledger.said:
        said[one.number].append(one)
    for row in mirrors():
        there = world.at(row)
        if there is not None:
            found += _comments_of(row, there, said[row.pk], ledger.deleted_marks)
    kept_here = Issue.objects.filter(mirror=None, pk__in=list(said))
    for issue in kept_here:
        found += _said_here(issue.pk, said[issue.pk], _bodies(issue.pk))
    return found


def _bodies(number):
    return list(Comment.objects.filter(issue=number, deleted_at=None).values_list("body", flat=True))


def _said_here(number, said, bodies):
    found = []
    for one in said:
        here = sum(one.words in body for body in bodies)
        wanted = {MAYBE: (0, 1), DELETED: (0,)}.get(one.certainty, (1,))
        if here not in wanted:
            found.append(f"SO-{number}: “{one.words}” ({_where(one)}, {one.certainty}) is {here} times in the portal.")
    return found


def _comments_of(row, there, said, deleted):
    bodies, words = _bodies(row.pk), [note["body"] for note in there.words]
    found = _said_here(row.pk, said, bodies)
    carried = Counter(there.mirrored)
    notes = OutgoingNote.objects.filter(issue=row.pk).select_related("comment")
    for note in notes:
        times, gone = carried.pop(note.pk, 0), note.pk in deleted or (note.comment and note.comment.deleted_at)
        if times != 1 and not (gone and times == 0):
            found.append(f"SO-{row.pk}: what row {note.pk} mirrors ({_what(note)}) is {times} times in GitLab.")
    found += [f"SO-{row.pk}: GitLab shows row {pk} of another request or none." for pk in carried]
    for one in [one for one in said if one.there]:
        times, here = sum(one.words in body for body in words), sum(one.words in body for body in bodies)
        wanted = {MAYBE: (0, 1), DELETED: (0,)}.get(one.certainty, (1,))
        if times not in wanted or times != here:
            found.append(f"SO-{row.pk}: “{one.words}” ({one.certainty}) is {times} times in GitLab, {here} here.")
    received = Comment.objects.filter(issue=row.pk, received__isnull=False, deleted_at=None).count()
    if received != len(words):
        found.append(f"SO-{row.pk}: people wrote {len(words)} comments in GitLab, {received} are in the portal.")
    return [*found, *_laid_open(row, there, notes)]


def _laid_open(row, there, notes):
    """Internal comments that are not internal on the other side."""
    internal = {there.mark_of(note) for note in there.notes if note["internal"]}
    by_id = {note["id"]: note["internal"] for note in there.words}
    for note in notes:
        if note.comment and note.comment.internal and note.pk in there.mirrored and note.pk not in internal:
            yield f"SO-{row.pk}: the internal comment {note.comment_id} is open in GitLab."
    for taken in ImportedNote.objects.filter(comment__issue=row.pk).select_related("comment"):
        if by_id.get(taken.note_id) and not taken.comment.internal:
            yield f"SO-{row.pk}: the comment {taken.comment_id} is internal in GitLab and open here."


def _where(said):
    return "from GitLab" if said.there else "from the portal"


def _what(note):
    return f"comment {note.comment_id}" if note.comment_id else f"event {note.event_id}"


# I3 -------------------------------------------------------------------------------------------------------------------


def managed_fields_equal(ledger, world, watch):
    """I3: what the portal manages is in GitLab as the portal has it; labels of people's own are still there."""
    found, written, owned = [], *_labels()
    for row in mirrors():
        there = world.at(row)
        if there is None:
            found.append(f"SO-{row.pk} ({row.status}, {row.last_error or 'no error'}) has no GitLab issue.")
            continue
        wanted, seen = _wanted(row.issue, written), _seen(there.issue, owned)
        ignored = {"assignee"} if "assignee_ids" in row.last_synced.get("dropped", ()) else set()
        differs = [name for name in wanted if wanted[name] != seen[name] and name not in ignored]
        found += [f"SO-{row.pk}: {name} is {wanted[name]!r} here, {seen[name]!r} in GitLab." for name in differs]
        lost = ledger.foreign_labels[row.pk] - set(there.issue["labels"])
        if lost:
            found.append(f"SO-{row.pk}: labels of people's own are gone: {', '.join(sorted(lost))}.")
    return found


def _labels():
    """({(family, key): names written}, {family: every name that is the portal's})."""
    written, owned = defaultdict(set), defaultdict(set)
    for label in SchemeLabel.objects.select_related("scheme"):
        owned[label.family].add(label.name)
        if label.scheme.is_active and not label.alias:
            written[label.family, label.key].add(label.name)
    return written, owned


def _wanted(issue, written):
    shown = issue.return_to if issue.state == State.NEEDS_INFO else issue.state
    keys = {"state": shown, "validation": shown, "type": issue.kind, "customer": issue.customer}
    keys |= {"priority": str(issue.priority or ""), "system": issue.system}
    here = issue.milestone and issue.milestone.tracker_id == issue.tracker_id
    unmapped = issue.assignee.name if issue.assignee and issue.assignee.gitlab_id is None else ""
    return {
        "title": issue.title,
        "state": "closed" if issue.state in ENDED else "opened",
        "confidential": issue.restricted_to_id is not None,
        "due date": issue.due_date and issue.due_date.isoformat(),
        "milestone": issue.milestone.title if here else None,
        "assignee": issue.assignee and issue.assignee.gitlab_username,
        "text": block_of(issue, surroundings_of(issue, unmapped=unmapped)),
        **{f"{family} label": written[family, str(key)] for family, key in keys.items()},
    }


def _seen(issue, owned):
    labels = set(issue["labels"])
    return {
        "title": issue["title"],
        "state": issue["state"],
        "confidential": issue["confidential"],
        "due date": issue["due_date"],
        "milestone": issue["milestone"] and issue["milestone"]["title"],
        "assignee": issue["assignees"][0]["username"] if issue["assignees"] else None,
        "text": block_in(issue["description"] or ""),
        **{
            f"{family} label": labels & owned[family]
            for family in ("state", "validation", "type", "customer", "priority", "system")
        },
    }


# I4 -------------------------------------------------------------------------------------------------------------------


def versions_only_grow(ledger, world, watch):
    """I4: GitLab was never given an older state after a newer one."""
    found = list(watch.went_back)
    for row in mirrors():
        there = world.at(row)
        if there is None:
            continue
        titles = _titles(row.issue)
        if not in_order(there.titles(), titles):
            found.append(f"SO-{row.pk}: GitLab was given the titles {there.titles()}, the portal had {titles}.")
    return found


def _titles(issue):
    changed = [
        event.data["title"] for event in Event.objects.filter(issue=issue).order_by("pk") if "title" in event.data
    ]
    return [changed[0][0], *(new for _, new in changed)] if changed else [issue.title]


def in_order(applied, had):
    """Whether ``applied`` goes through ``had`` forwards only; repeating the same and leaving out are fine."""
    at = 0
    for value in applied:
        if value not in had[at:]:
            return False
        at += had[at:].index(value)
    return True
