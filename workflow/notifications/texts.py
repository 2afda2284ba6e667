"""What a message says: one letter, as plain data, that e-mail and Slack each draw in their own way.

Whoever is asked to decide reads what they decide on, so that thirty seconds are enough. Nothing about a restricted
request is in it but its number and what the reader is asked to do (domain.md §7): its title, its words, and the people
around it stay in the portal. Links only open pages; what is there to decide takes a POST.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Any, cast

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from supportops.accounts.models import User
from supportops.ui.prose import plain_text
from workflow.catalogue.answers import AnswerRow
from workflow.catalogue.field_types import Shown, shown_as
from workflow.clock import calendar_of, counted_for
from workflow.models import Event, Issue
from workflow.notifications.in_turn import in_turn
from workflow.notifications.kinds import REASONS, REMINDS_IN, Reason, When
from workflow.notifications.models import Message, News, Notice
from workflow.notifications.preferences import preferences_of
from workflow.notifications.sentences import sentence_of, to_do
from workflow.permissions import may_see, refusal, sees_internal
from workflow.states import Court, State
from workflow.verbs import Verb

LONGEST_WORDS = 1_000
MOST_HAPPENINGS = 10
LONGEST_ANSWER = 200
MOST_ANSWERS = 6
OPEN = "Open the request"
TOLD_TO_ALL = frozenset({Court.OPS, Court.APPROVER, Court.REQUESTER})
"""The courts whose turn may be that of others than the first who come to mind."""
RESTRICTED = "This request is restricted, so nothing about it is sent but its number."
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
    """One thing that happened: a sentence, and the words given, without their Markdown."""

    what: str
    words: str
    at: datetime

    @property
    def quoted(self) -> str:
        """The words as a quotation in plain text."""
        return "\n".join(f"> {line}".rstrip() for line in self.words.splitlines())


@dataclass(frozen=True)
class Section:
    """What is told about one request, or one piece of news. Of a restricted request only ``reference``, ``url``,
    ``why`` and ``button`` are filled; news has no reference. ``asked``: (label, words) of what is to be decided."""

    reference: str
    url: str
    title: str = ""
    why: str = ""
    since: str = ""
    button: str = "Open it in the portal"
    asked: tuple[tuple[str, str], ...] = ()
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
    asked, waits = what_is_asked(person, issue), _asked(person, issue)
    if issue.confidential:
        why = waits[0] if waits else "Something happened."
        return Section(issue.reference, url, why=f"{why} {RESTRICTED}")
    shown = notices[-MOST_HAPPENINGS:]
    return Section(
        issue.reference,
        f"{url}#decision-title" if asked else url,
        title=one_line(issue.title),
        why=asked or _reason(notices, issue),
        since=_since(issue, zone),
        button=waits[1] if waits else OPEN,
        asked=_what_is_decided(issue) if asked and issue.court == Court.APPROVER else (),
        happenings=tuple(_happening(notice, waits=asked is not None) for notice in shown),
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
    """What waits for this person, as a sentence; None when it waits for somebody or something else."""
    asked = _asked(person, issue)
    absent = issue.behalf_of(person) if asked and issue.court == Court.APPROVER else None
    return f"{asked[0]} You decide for {absent}, who is away." if asked and absent else asked and asked[0]


def _asked(person: User, issue: Issue) -> tuple[str, str] | None:
    """(the sentence, the link's words) of what waits for this person, without a name."""
    if issue.state in _ASKS:
        verb, sentence, button = _ASKS[issue.state]
        if refusal(person, verb, issue) is None:
            return sentence, button
    elif issue.is_open and issue.assignee_id == person.pk:
        return f"It is yours: {to_do(issue)}.", OPEN
    if issue.court in TOLD_TO_ALL and person in (turn := in_turn(issue)).people:
        whom = "Support Operations" if turn.reason == Reason.ON_DUTY else "you"
        return f"It waits for {whom}: {to_do(issue, decides=False, stuck=_is_stuck(issue))}.", OPEN
    return None


def _is_stuck(issue: Issue) -> bool:
    return issue.court == Court.APPROVER and not issue.approver_ids


def _what_is_decided(issue: Issue) -> tuple[tuple[str, str], ...]:
    """(label, words) of what an approver decides on: how it begins, the first answers, and by when it is wished."""
    told = [("Asked by", str(issue.requester))]
    if issue.description.strip():
        told.append(("What", _shortened(plain_text(issue.description), LONGEST_WORDS // 2)))
    answered = [row for row in issue.answers if row.get("answer") not in (None, "", [], False)]
    days = [row for row in answered if shown_as(row.get("type")) == Shown.DAY]
    for row in [*(row for row in answered if row not in days)][: MOST_ANSWERS - len(days)] + days:
        told.append((one_line(row["label"]), _shortened(_in_words(row), LONGEST_ANSWER)))
    if issue.due_date:
        label = "The discussion ends" if issue.state == State.DISCUSSION else "Due"
        told.append((label, _day(issue.due_date)))
    return tuple(told)


def _in_words(row: AnswerRow) -> str:
    answer: Any = row["answer"]
    if isinstance(answer, list):
        return ", ".join(map(str, answer))
    if shown_as(row.get("type")) == Shown.DAY and (day := parse_date(str(answer))):
        return _day(day)
    return "Yes" if answer is True else plain_text(str(answer))


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


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


def _happening(notice: Notice, *, waits: bool) -> Happening:
    if reminder := notice.reminder:
        return Happening(f"{reminder.get_kind_display()}.", reminder.text, reminder.at)
    issue = cast(Issue, notice.issue)  # only news is about none
    what = one_line(sentence_of(notice, issue, waits=waits, stuck=_is_stuck(issue)))
    if comment := notice.comment:
        return Happening(what, _shortened(plain_text(comment.body)), comment.created_at)
    event = cast(Event, notice.event)  # what a request's notice is about, if nothing else
    return Happening(what, _shortened(plain_text(event.text)), event.at)


def _shortened(words: str, longest: int = LONGEST_WORDS) -> str:
    words = words.strip()
    return words if len(words) <= longest else f"{words[:longest].rstrip()}…"


def one_line(text: str) -> str:
    """Text fit for a line of its own, a mail's header included: no line breaks, no control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
