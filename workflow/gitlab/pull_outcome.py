"""Takes shared fields that people changed in GitLab, each as its row of ``fields`` says, as the person who did it.

What a look leads to, all or nothing: fields taken, wishes granted, the rest undone with one comment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from workflow.actions import Incomplete, Refused
from workflow.actions.from_gitlab import say_back
from workflow.gitlab.activity import History
from workflow.gitlab.converge import wanted
from workflow.gitlab.escaping import text_around
from workflow.gitlab.fields import BY_NAME, Agreed, Value
from workflow.gitlab.identities import known_as, stranger
from workflow.gitlab.intent_steps import Undone, grant, open_words, still_waits
from workflow.gitlab.intents import STAGE, Heard, Wish, merged_wishes, wishes
from workflow.gitlab.labels import Labelling
from workflow.gitlab.merge import OURS, THEIRS, Merge
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.schemas import Person, RemoteIssue
from workflow.gitlab.session import LookRun
from workflow.models import Event, Issue
from workflow.models.event import CONFLICT, UNDONE
from workflow.states import Source
from workflow.verbs import Verb


def said(name: str) -> str:
    """The field as a sentence about it begins."""
    return f"The {BY_NAME[name].label.lower()}"


def take(run: LookRun, name: str, value: Value, somebody: Person | None) -> Undone | None:
    """Give the request GitLab's value of a shared field. Returns None (taken, or nothing to do) or Undone."""
    takes = BY_NAME[name].take
    if takes is None:
        raise LookupError(f"The {name} is the portal's own.")
    person, issue = known_as(somebody), Issue.objects.get(pk=run.mirror.pk)
    if person is None:
        return Undone(somebody, said(name), stranger(somebody))
    try:
        takes(run, issue, value, person)
    except Refused as refused:
        return Undone(somebody, said(name), open_words(refused, person, issue))
    except Incomplete as incomplete:
        return Undone(somebody, said(name), str(incomplete))
    return None


def who_changed(history: History, labelling: Labelling, name: str) -> tuple[Person | None, datetime | None]:
    """(who changed a field in GitLab last, when), as far as GitLab tells."""
    field = BY_NAME[name]
    return history.who_labelled(labelling.owned[field.family]) if field.family else history.who(field.noted)


def newer_side(run: LookRun, history: History, name: str) -> str:
    """OURS or THEIRS: whichever changed the field later, by one clock; what GitLab does not date is as old as the
    request."""
    _, theirs = who_changed(history, run.labelling, name)
    ours = changed_here(run.issue, name)
    skew = run.now - timezone.now()
    return THEIRS if theirs and (ours is None or theirs > ours.at + skew) else OURS


def changed_here(issue: Issue, name: str) -> Event | None:
    """The last event of the portal's side that changed the field, or None."""
    key = BY_NAME[name].event or name
    about = Q(data__has_key=key) | (Q(verb=Verb.ACCEPT) if key == "assignee" else Q())
    return issue.events.exclude(source=Source.GITLAB).filter(about).order_by("-at", "-pk").first()


log = structlog.get_logger(__name__)
FLIPS, WITHIN = 5, timedelta(minutes=10)
"""How often a field may change against the portal before both sides stop (contract C8 of reliability.md)."""
TOO_OFTEN = "The same field changed back and forth more than five times in ten minutes. Agree on it, then retry."
BLOCK_IS_OURS = "The upper part is written by the portal. Edit the request there, or write below it."


class NotYet(Exception):
    """The words to a wish may be a moment behind it; look again in ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def settle_look(run: LookRun, remote: RemoteIssue, history: History | None, found: Merge, agreed: Agreed) -> None:
    """Bring the look to its end, inside the caller's transaction.

    ``agreed``: what both sides agree on from now on; ``history``: None if only the portal did anything.
    """
    undone: list[Undone] = []
    pending = run.look.pending
    if history is not None:
        undone += _take_fields(run, history, found)
        granted, pending = _grant_wishes(run, remote, history, found)
        undone += granted + _block(history, found, run)
        _tell_conflicts(run, history, found)
        _say(run, undone)
    taken = bool(run.mirror.refused) and not agreed.refused
    run.write(last_synced=agreed.kept(run.mirror.dropped, remote.updated_at), **({"last_error": ""} if taken else {}))
    _push_what_differs(run, agreed)
    _end(run, remote, history, found, pending)


def _take_fields(run: LookRun, history: History, found: Merge) -> list[Undone]:
    undone = []
    for name in sorted(found.take):
        by, _ = who_changed(history, run.labelling, name)
        undone.append(take(run, name, found.take[name], by))
    return [one for one in undone if one]


def _grant_wishes(
    run: LookRun, remote: RemoteIssue, history: History, found: Merge
) -> tuple[list[Undone], dict[str, Any]]:
    """(what was undone, the wish whose words may still come or {})."""
    heard = _heard(run.look)
    number = run.mirror.pk
    undone: list[Undone] = []
    pending: dict[str, Any] = {}
    kept = _kept_wish(run, history)
    new = wishes(history, heard, found.wished, run.spelling, run.issue.kind)
    for wish in merged_wishes(new):
        wish = replace(wish, milestone=remote.milestone_id) if wish.kind == STAGE else wish
        refused = grant(number, wish, history)
        if refused is None:
            kept = None
            continue
        if refused.wish is not None:
            _wait_a_moment(run, wish)
            pending = wish.kept()
        undone.append(refused)
    if kept is not None and not pending and grant(number, kept, history) is not None:
        pending = kept.kept()
    return undone, pending


def _heard(look: PendingPull) -> Heard:
    return Heard(look.label_event, look.state_event, look.milestone_event, first=look.seen_at is None)


def _kept_wish(run: LookRun, history: History) -> Wish | None:
    """The wish that lacked words, if they have come now."""
    if not run.look.pending:
        return None
    wish = Wish.of(run.look.pending)
    return wish if still_waits(wish, run.now) and history.words_with(wish.by, wish.at) else None


def _wait_a_moment(run: LookRun, wish: Wish) -> None:
    """People put a label on and then write why; undoing it between the two would be rude."""
    grace = settings.GITLAB_WORDS_GRACE_SECONDS
    left = grace - max(0, (run.now - wish.at).total_seconds())
    if left > 0:
        raise NotYet(left)


def _block(history: History, found: Merge, run: LookRun) -> list[Undone]:
    if "block" not in found.wished:
        return []
    by, _ = history.who(BY_NAME["block"].noted)
    return [Undone(by, said("block"), BLOCK_IS_OURS)] if by else []


def _tell_conflicts(run: LookRun, history: History, found: Merge) -> None:
    """Both people learn what the other did; what did not stay is kept in the history."""
    for name, conflict in sorted(found.conflicts.items()):
        by, _ = who_changed(history, run.labelling, name)
        here = changed_here(run.issue, name)
        stays, goes = (conflict.theirs, conflict.ours) if conflict.kept == THEIRS else (conflict.ours, conflict.theirs)
        person = known_as(by)
        told = {one for one in (person, here.actor if here else None) if one is not None}
        say_back(
            run.mirror.pk,
            CONFLICT,
            f"{said(name)}: “{_shown(stays)}” stays because it is newer; “{_shown(goes)}” does not.",
            by=person,
            author_name=by.name if by else "Somebody in GitLab",
            data={"field": name, "here": conflict.ours, "in_gitlab": conflict.theirs, "kept": conflict.kept},
            told=told,
        )


def _shown(value: Value) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "none")


def _say(run: LookRun, undone: list[Undone]) -> None:
    """One comment for everything that is put right with the same push."""
    if not undone:
        return
    people = list(dict.fromkeys(one.by for one in undone))
    only = people[0] if len(people) == 1 else None
    lines = [
        f"{one.what}: {one.why}" if only else f"{_name(one.by)}, {one.what[0].lower()}{one.what[1:]}: {one.why}"
        for one in undone
    ]
    say_back(
        run.mirror.pk,
        UNDONE,
        "\n".join(lines),
        by=known_as(only),
        author_name=_name(only) if only else "Somebody",
        data={"undone": [one.what for one in undone]},
    )


def _name(somebody: Person | None) -> str:
    return f"{somebody.name} (@{somebody.username})" if somebody and somebody.id else "Somebody"


def _push_what_differs(run: LookRun, agreed: Agreed) -> None:
    """Whatever the portal holds otherwise than GitLab shows is pushed next."""
    run.reread()
    if agreed.owes(wanted(run, look_up=False).kept):
        mirror = GitLabLink.objects.get(pk=run.mirror.pk)
        if mirror.pushed_version == mirror.wanted_version:
            mirror.want_push()


def _end(run: LookRun, remote: RemoteIssue, history: History | None, found: Merge, pending: Mapping[str, Any]) -> None:
    look, now = run.look, run.now
    fields: dict[str, Any] = {"pending": pending, "shared_text": text_around(remote.description)}
    if history is not None:
        heard = _heard(look).after(history)
        fields |= {"label_event": heard.label, "state_event": heard.state, "milestone_event": heard.milestone}
        fields |= {"seen_at": now}
    flips = _flips(look, found, now)
    look.done(flips=flips, **fields)
    if warring := _warring(flips):
        PendingPull.objects.filter(pk=look.pk).update(frozen_at=timezone.now())
        log.critical("gitlab_loop_frozen", number=look.pk, field=warring)
        run.mirror.held().update(
            parked=True,
            status=GitLabLink.Status.PARKED,
            due_at=None,
            last_error=TOO_OFTEN,
        )


def _flips(look: PendingPull, found: Merge, now: datetime) -> list[list[str]]:
    """[[field, time]] of the last ten minutes, with what this look found changed in GitLab."""
    recent = [[name, at] for name, at in look.flips if now - datetime.fromisoformat(at) <= WITHIN]
    changed = {*found.take, *found.wished, *found.conflicts}
    return recent + [[name, now.isoformat()] for name in sorted(changed)]


def _warring(flips: Iterable[list[str]]) -> str | None:
    names = [name for name, _ in flips]
    return next((name for name in names if names.count(name) > FLIPS), None)
