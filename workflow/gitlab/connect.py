"""The webhook of a tracker: there once, told of everything the portal needs, with our secrets, and switched on.

Connects the portal with GitLab: who the bot is, the trackers' numbers, labels with their colours, milestones.

May run any number of times; what is there already stays. Only the active scheme's labels are made; those of another
one are when the scheme is changed. Everything missing becomes a sentence that says what to do.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.utils import timezone

from workflow.catalogue.models import Tracker
from workflow.gitlab.client import ReadingGateway, open_reader
from workflow.gitlab.errors import Forbidden, GitLabError, Gone, Permanent
from workflow.gitlab.milestones import read_milestones
from workflow.gitlab.models.connection import Connection, LabelScheme
from workflow.gitlab.tracker_labels import LabelToMake, keeps_scopes_exclusive, labels_to_make, make_labels

EVENTS = frozenset(
    {"issues_events", "confidential_issues_events", "note_events", "confidential_note_events", "milestone_events"}
)
NAME = "Support Operations portal"


def hook_address() -> str:
    """Where GitLab is to call."""
    return f"{settings.PORTAL_URL.rstrip('/')}/hooks/gitlab/"


def set_up_hook(tracker: Tracker, gateway: ReadingGateway | None = None) -> tuple[str, str]:
    """Make the tracker's hook right; returns (what was done, what a person must do), sentences, either of them "".

    Secrets cannot be read back from GitLab, so they are sent each time; that also is how one is rotated.
    """
    gateway = gateway or open_reader()
    try:
        return _set_up(tracker, gateway)
    except (Forbidden, Gone):
        return "", f"The bot may not see or set webhooks in {tracker.path}. Give it the Maintainer role there."
    except GitLabError as error:
        return "", f"The webhook of {tracker.path} is not set up: {error.message}"


def _set_up(tracker: Tracker, gateway: ReadingGateway) -> tuple[str, str]:
    address, project_id = hook_address(), cast(int, tracker.project_id)
    ours = [hook for hook in gateway.hooks(project_id) if hook.url == address]
    if not ours:
        gateway.create_hook(project_id, _fields())
        return f"{tracker.path} has a webhook now.", ""
    hook = gateway.update_hook(project_id, ours[0].id, _fields())
    if hook.disabled:
        gateway.test_hook(project_id, hook.id)
    too_many = (
        f"{tracker.path} has {len(ours)} webhooks to {address}. Delete all but one there." if len(ours) > 1 else ""
    )
    return f"{tracker.path}'s webhook is {'switched on again' if hook.disabled else 'in order'}.", too_many


def _fields() -> dict[str, Any]:
    fields: dict[str, Any] = {name: True for name in EVENTS} | {
        "url": hook_address(),
        "name": NAME,
        "push_events": False,
        "enable_ssl_verification": hook_address().startswith("https://"),
    }
    if settings.GITLAB_WEBHOOK_SIGNING_TOKEN:
        fields["signing_token"] = settings.GITLAB_WEBHOOK_SIGNING_TOKEN[0]
    if settings.GITLAB_WEBHOOK_SECRET:
        fields["token"] = settings.GITLAB_WEBHOOK_SECRET[0]
    return fields


def what_is_wrong(tracker: Tracker, gateway: ReadingGateway | None = None) -> str:
    """Why webhooks of this tracker do not arrive, as a sentence, or "" if the hook is in order. Changes nothing."""
    gateway = gateway or open_reader()
    try:
        ours = [hook for hook in gateway.hooks(cast(int, tracker.project_id)) if hook.url == hook_address()]
    except (Forbidden, Gone):
        return f"The bot may not see the webhooks of {tracker.path}. Give it the Maintainer role there."
    if not ours:
        return f"{tracker.path} has no webhook to the portal. Run gitlab_connect."
    if ours[0].disabled:
        return f"GitLab switched the webhook of {tracker.path} off after failures. Run gitlab_connect."
    missing = EVENTS - ours[0].events
    return (
        f"The webhook of {tracker.path} does not tell of {', '.join(sorted(missing))}. Run gitlab_connect."
        if missing
        else ""
    )


EXPIRES_SOON = timedelta(days=30)
NOTES_ON_GITLAB_COM = 55


class Report:
    """What was done, and what a person must do."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.missing: list[str] = []


def connect() -> Report:
    """Check and complete the connection; returns a Report. GitLabError if GitLab cannot be asked at all."""
    report, gateway = Report(), open_reader()
    _know_the_bot(gateway, report)
    _check_token(gateway, report)
    labels = labels_to_make(LabelScheme.objects.filter(is_active=True).first())
    for tracker in Tracker.objects.filter(is_active=True):
        try:
            _prepare(tracker, gateway, labels, report)
        except Gone:
            report.missing.append(
                f"GitLab shows the bot no project {tracker.path}. Make the bot a member of it (Reporter or more)."
            )
        except GitLabError as error:
            report.missing.append(f"{tracker.path}: {error.message}")
    _know_the_plan(gateway, report)
    if not report.missing:
        Connection.load().resume()
    _set_up_hooks(report)
    return report


def _set_up_hooks(report: Report) -> None:
    """Without hooks the poller still hears of everything, only later; so a missing one holds nothing up."""
    for tracker in Tracker.objects.filter(is_active=True, project_id__isnull=False):
        done, missing = set_up_hook(tracker)
        report.done += [done] if done else []
        report.missing += [missing] if missing else []


def _know_the_bot(gateway: ReadingGateway, report: Report) -> None:
    me = gateway.me()
    connection = Connection.load()
    first = not connection.url
    connection.url, connection.bot_id, connection.bot_username = settings.GITLAB_URL, me.id, me.username
    fields = ["url", "bot_id", "bot_username"]
    if first and "gitlab.com" in settings.GITLAB_URL:
        connection.notes_per_minute = NOTES_ON_GITLAB_COM
        fields.append("notes_per_minute")
    connection.save(update_fields=fields)
    report.done.append(f"The bot is @{me.username}.")
    wanted = settings.GITLAB_BOT_USERNAME
    if wanted and wanted.lower() != me.username.lower():
        report.missing.append(
            f"The token belongs to @{me.username}, not to @{wanted}. Correct GITLAB_TOKEN or GITLAB_BOT_USERNAME."
        )


def _check_token(gateway: ReadingGateway, report: Report) -> None:
    try:
        token = gateway.token()
    except (Permanent, Forbidden):
        report.done.append("GitLab does not tell about the token; check its scope (api) and expiry by hand.")
        return
    connection = Connection.load()
    connection.token_expires_at = token.expires_at
    connection.save(update_fields=["token_expires_at"])
    if "api" not in token.scopes:
        report.missing.append(
            f"The token may only {', '.join(token.scopes) or 'nothing'}. Make one with the scope api."
        )
    if token.expires_at and token.expires_at - timezone.localdate() < EXPIRES_SOON:
        report.missing.append(f"The token expires on {token.expires_at}. Make a new one and set GITLAB_TOKEN.")


def _prepare(tracker: Tracker, gateway: ReadingGateway, labels: Collection[LabelToMake], report: Report) -> None:
    project = gateway.project(tracker.project_id or tracker.path)
    if tracker.project_id is None:
        Tracker.objects.filter(pk=tracker.pk).update(project_id=project.id)
        tracker.project_id = project.id
    if project.role_too_low:
        report.missing.append(f"The bot's role in {project.path} is too low. Give it the Reporter role or more.")
    new = make_labels(tracker, gateway, labels)
    milestones = read_milestones(tracker, gateway)
    report.done.append(f"{project.path} is number {project.id}: {new} labels created, {milestones} milestones read.")


def _know_the_plan(gateway: ReadingGateway, report: Report) -> None:
    """Whether GitLab keeps scoped labels apart itself; what it does not tell now stays as it was known."""
    told = keeps_scopes_exclusive(gateway, Tracker.objects.filter(is_active=True, project_id__isnull=False))
    if told is None:
        return
    Connection.objects.filter(pk=Connection.load().pk).update(premium=told)
    report.done.append(
        "GitLab keeps scoped labels apart itself (Premium)."
        if told
        else "GitLab does not keep scoped labels apart (Free); the portal does."
    )
