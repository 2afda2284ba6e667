"""What a message says: one letter, as plain data, that e-mail and Slack each draw in their own way.

Nothing about a restricted request is in it but its number (domain.md §7): its title, its words, the people around it,
even why it concerns the reader stay in the portal. Links only open pages; what is there to decide takes a POST.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import cast

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from supportops.accounts.models import User
from workflow.clock import calendar_of, counted_for
from workflow.models import Event, Issue
from workflow.notifications.kinds import REASONS, REMINDS_IN, Reason, When
from workflow.notifications.models import Message, News, Notice
from workflow.notifications.preferences import preferences_of
from workflow.permissions import may_see, refusal, sees_internal
from workflow.states import State
from workflow.verbs import Verb

LONGEST_WORDS = 1_000
MOST_HAPPENINGS = 10
_STRONGEST_FIRST: Sequence[str] = list(REASONS)
_ASKS: Mapping[str, tuple[Verb, str, str]] = {
    State.APPROVAL: (Verb.APPROVE, "It waits for your decision: approve or decline.", "Open the decision"),
    State.DISCUSSION: (
        Verb.APPROVE,
        "The discussion waits for your decision: approve or decline.",
        "Open the decision",
    ),
    State.NEEDS_INFO: (Verb.ANSWER, "It waits for your answer.", "Open the question"),
    State.VALIDATION: (Verb.VALIDATE, "It waits for your look: validate it or send it back.", "Open the validation"),
}
"""{state: (the verb that is asked for, the sentence that says so, the link's words)}"""


@dataclass(frozen=True)
class Happening:
    """One thing that happened: who, what, the words given."""

    who: str
    what: str
    words: str
    at: datetime

    @property
    def quoted(self) -> str:
        """The words as a quotation in plain text."""
        return "\n".join(f"> {line}".rstrip() for line in self.words.splitlines())


@dataclass(frozen=True)
class Section:
    """What is told about one request, or one piece of news. Of a restricted request only ``reference`` and ``url`` are
    filled; news has no reference."""

    reference: str
    url: str
    title: str = ""
    why: str = ""
    since: str = ""
    button: str = "Open it in the portal"
    happenings: tuple[Happening, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Letter:
    """A whole message: ``why_it_came`` and ``stop_url`` say how to get fewer."""

    subject: str
    sections: tuple[Section, ...]
    why_it_came: str
    stop_url: str
    root: str = ""
    """What all messages about one request have in common, for threading; empty for a digest."""


def absolute(path: str) -> str:
    """An address of the portal as it can be opened from elsewhere."""
    return f"{settings.PORTAL_URL.rstrip('/')}{path}"


def letter_for(message: Message) -> Letter | None:
    """What this message says now, from the database as it is; None when nothing is left to tell.

    Left out: what was read in the portal meanwhile, what the person may not see (any more), switched off, or what a
    reminder spoke of and is settled.
    """
    person, chosen = message.person, preferences_of(message.person)
    notices = [
        notice
        for notice in message.notices.filter(read_at__isnull=True)
        .select_related(
            "issue__requester",
            "issue__route",
            "event__actor",
            "event__on_behalf_of",
            "comment__author",
            "reminder",
            "news",
        )
        .order_by("issue", "news", "created_at", "pk")
        if chosen.when(notice.reason, message.channel) != When.OFF and still_worth_telling(person, notice)
    ]
    if not notices:
        return None
    by_subject = [list(told) for _, told in groupby(notices, key=lambda notice: (notice.issue_id, notice.news_id))]
    sections = tuple(_section(person, told, chosen.zone) for told in by_subject)
    if message.is_digest:
        return _digest(sections)
    return Letter(
        subject=_subject(sections[0]),
        sections=sections,
        why_it_came=_why_it_came(sections[0], by_subject[0]),
        stop_url=_stop_url(),
        root=sections[0].reference.lower() or f"news-{message.news_id}",
    )


def _subject(section: Section) -> str:
    return f"[{section.reference}] {section.title}".strip() if section.reference else section.title


def _digest(sections: tuple[Section, ...]) -> Letter:
    thing = "request" if all(section.reference for section in sections) else "thing"
    number = f"{len(sections)} {thing}{'' if len(sections) == 1 else 's'}"
    return Letter(
        subject=f"SupportOps: what happened to {number}",
        sections=sections,
        why_it_came="This is your daily digest: what you chose not to be told at once.",
        stop_url=_stop_url(),
    )


def _stop_url() -> str:
    return absolute(reverse("notice-preferences"))


def _why_it_came(section: Section, notices: Sequence[Notice]) -> str:
    if not section.title:
        return "This came at once, as you chose."
    return f"This came at once because it is about {REASONS[_strongest(notices)].about}."


def still_worth_telling(person: User, notice: Notice) -> bool:
    """Whether this person may know of it, and it still stands."""
    if notice.news:
        return notice.news.settled_at is None
    if notice.issue is None or not may_see(person, notice.issue):
        return False
    if notice.reminder:
        return notice.issue.state == REMINDS_IN[notice.reminder.kind]
    if notice.comment:
        return notice.comment.deleted_at is None and (not notice.comment.internal or sees_internal(person))
    return True


def _section(person: User, notices: Sequence[Notice], zone: tzinfo) -> Section:
    if notices[0].news:
        return _news(notices[0].news, zone)
    issue = cast(Issue, notices[0].issue)  # only news is about none
    url = absolute(issue.get_absolute_url())
    if issue.confidential:
        return Section(issue.reference, url)
    asked = what_is_asked(person, issue)
    shown = notices[-MOST_HAPPENINGS:]
    return Section(
        issue.reference,
        f"{url}#decision-title" if asked else url,
        title=one_line(issue.title),
        why=asked or _reason(notices, issue),
        since=_since(issue, zone),
        button=_ASKS[issue.state][-1] if asked and issue.state in _ASKS else "Open the request",
        happenings=tuple(_happening(notice) for notice in shown),
        left_out=len(notices) - len(shown),
    )


def _news(news: News, zone: tzinfo) -> Section:
    return Section(
        "",
        absolute(news.path),
        title=one_line(news.title),
        why=one_line(news.text) or "You may want to know.",
        since=_in_full(news.at, zone),
        button=news.button,
    )


def what_is_asked(person: User, issue: Issue) -> str | None:
    """The decision that waits for this person, as a sentence; None when it waits for somebody or something else."""
    if issue.state in _ASKS:
        verb, sentence, _ = _ASKS[issue.state]
        if refusal(person, verb, issue):
            return None
        absent = issue.behalf_of(person) if verb == Verb.APPROVE else None
        return f"{sentence} You decide for {absent}, who is away." if absent else sentence
    return "It is assigned to you." if issue.is_open and issue.assignee_id == person.pk else None


def _strongest(notices: Sequence[Notice]) -> Reason:
    return Reason(min((notice.reason for notice in notices), key=_STRONGEST_FIRST.index))


def _reason(notices: Sequence[Notice], issue: Issue) -> str:
    reason = _strongest(notices)
    if reason != Reason.NEEDS_YOU:
        return f"{reason.label}."
    if notices[-1].reminder:
        return "You are asked to look after it."
    return f"It needed you; by now it is in {issue.get_state_display().lower()}."


def _since(issue: Issue, zone: tzinfo) -> str:
    days = calendar_of(counted_for(issue)).working_time(issue.state_since, timezone.now()).days
    waited = f", {days} working day{'' if days == 1 else 's'}" if days else ""
    return f"{issue.get_state_display()} since {_in_full(issue.state_since, zone)}{waited}"


def _in_full(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M %Z}"


def _happening(notice: Notice) -> Happening:
    comment, reminder = notice.comment, notice.reminder
    if reminder:
        return Happening("", reminder.get_kind_display(), reminder.text, reminder.at)
    if comment:
        who = str(comment.author or comment.author_name or "Somebody")
        what = "Internal comment" if comment.internal else "Comment"
        return Happening(one_line(who), what, _shortened(comment.body), comment.created_at)
    event = cast(Event, notice.event)  # what a request's notice is about, if nothing else
    who = str(event.actor or "The calendar") + (f" for {event.on_behalf_of}" if event.on_behalf_of else "")
    what = f"{event.label} → {event.get_to_state_display()}" if event.changed_state else event.label
    return Happening(one_line(who), what, _shortened(event.text), event.at)


def _shortened(words: str) -> str:
    words = words.strip()
    return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS].rstrip()}…"


def one_line(text: str) -> str:
    """Text fit for a line of its own, a mail's header included: no line breaks, no control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
