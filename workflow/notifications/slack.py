"""Slack: one direct message through slack_sdk, whose own retries are off: what may have arrived is not sent again."""

import contextlib
import http.client
import socket
import urllib.error
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from supportops.accounts.models import User
from workflow.notifications.errors import Impossible, Misconfigured, NotSent, TryLater, Unconfirmed, Unreachable
from workflow.notifications.models import Message
from workflow.notifications.texts import Letter, Section

TIMEOUT = 10
LONGEST_WORDS = 300
MOST_SECTIONS = 15
"""Slack takes 50 blocks of 3,000 characters; nobody reads that many."""
REFUSES_US = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "access_denied",
        "org_login_required",
        "ekm_access_denied",
        "team_access_not_granted",
        "enterprise_is_restricted",
        "two_factor_setup_required",
    }
)
NOT_NOW = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org", "accesslimited"})
MAY_HAVE_WORKED = frozenset({"fatal_error", "internal_error", "request_timeout"})
"""Slack's own words for these: part of the operation may have succeeded."""
NOBODY = frozenset({"channel_not_found", "user_not_found", "users_not_found", "user_disabled", "cannot_dm_bot"})


def reaches(person: User) -> bool:
    """Whether the portal is in a Slack workspace, and an administrator said who this person is there."""
    return bool(settings.SLACK_BOT_TOKEN and person.slack_id)


@contextlib.contextmanager
def opened() -> Iterator[Callable[[Message, Letter], None]]:
    """A function that posts (message, letter). Nothing has been sent so far."""
    yield _post


def _post(message: Message, letter: Letter) -> None:
    """Hand the letter over. Returns when Slack took it; otherwise raises one of ``errors``."""
    client = WebClient(
        settings.SLACK_BOT_TOKEN, base_url=f"{settings.SLACK_API_URL.rstrip('/')}/", timeout=TIMEOUT, retry_handlers=[]
    )
    blocks = blocks_of(letter)
    try:
        client.chat_postMessage(
            channel=message.person.slack_id,
            text=_escaped(letter.subject),
            blocks=blocks,
            unfurl_links=False,
            unfurl_media=False,
            client_msg_id=str(message.key),
        )
    except SlackApiError as error:
        raise _answered(error.response) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError | socket.gaierror):
            raise Unreachable("Slack cannot be reached.") from error
        raise Unconfirmed(f"Slack went silent ({type(error.reason).__name__}).") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unconfirmed(f"Slack went silent ({type(error).__name__}).") from error


def _answered(response: SlackResponse) -> NotSent | Unconfirmed:
    """What Slack's refusal means for the message."""
    code = response.data.get("error", "") if isinstance(response.data, dict) else ""
    retry_after = {name.lower(): value for name, value in response.headers.items()}.get("retry-after", "")
    if response.status_code == http.HTTPStatus.TOO_MANY_REQUESTS or code in NOT_NOW:
        return TryLater("Slack asks to wait.", int(retry_after) if retry_after.isdigit() else None)
    if code in REFUSES_US:
        return Misconfigured(f"Slack refuses the portal ({code}). Correct SLACK_BOT_TOKEN or its scopes, then resume.")
    if response.status_code >= http.HTTPStatus.INTERNAL_SERVER_ERROR or code in MAY_HAVE_WORKED:
        return Unconfirmed(f"Slack failed while it took the message ({response.status_code}).")
    if code in NOBODY:
        return Impossible(f"Slack knows nobody by the person's member id ({code}). Correct it, then try again.")
    return Impossible(f"Slack does not take the message ({code[:100] or response.status_code}).")


def blocks_of(letter: Letter) -> list[dict[str, Any]]:
    """The letter as Slack's blocks; links only, no buttons, so that nothing is decided there."""
    shown = letter.sections[:MOST_SECTIONS]
    more = len(letter.sections) - len(shown)
    last = [f"And {more} more in your inbox."] if more else []
    last.append(f"{letter.why_it_came} {_link(letter.stop_url, 'Choose what reaches you, and how')}.")
    return [
        *chain.from_iterable(_section(section) for section in shown),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": " ".join(last), "verbatim": True}]},
    ]


def _section(section: Section) -> list[dict[str, Any]]:
    heading = f"*{_link(section.url, section.reference)}*"
    if not section.title:
        return [_block(f"{heading}\n{_escaped(section.why)}\n{_link(section.url, section.button)}")]
    title = _escaped(section.title)
    head = f"{heading} {title}" if section.reference else f"*{_link(section.url, title)}*"
    lines = [head, f"{_escaped(section.why)} _{_escaped(section.since)}._"]
    for label, words in section.asked:
        lines.append(f"*{_escaped(label)}*: {_escaped(_shortened(words))}")
    for happening in section.happenings:
        lines.append(_escaped(happening.what))
        lines += [f"> {_escaped(line)}" for line in _shortened(happening.words).splitlines()]
    if section.left_out:
        lines.append(f"And {section.left_out} earlier.")
    return [_block("\n".join(lines)[:2900]), _block(_link(section.url, section.button))]


def _block(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _link(url: str, words: str) -> str:
    return f"<{url}|{words}>"


def _escaped(text: str) -> str:
    """Text that mentions nobody and links nowhere: Slack reads only these three as its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS].rstrip()}…"
