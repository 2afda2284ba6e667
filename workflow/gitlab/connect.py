"""Connects the portal with GitLab: who the bot is, the trackers' numbers, labels with their colours, milestones.

May run any number of times; what is there already stays. Only the active scheme's labels are made; those of another
one are when the scheme is changed. Everything missing becomes a sentence that says what to do.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from workflow.gitlab.errors import GitLabError, Gone, Permanent
from workflow.gitlab.gateway_reads import open_reader
from workflow.gitlab.hook_setup import set_up_hook
from workflow.gitlab.milestones import read_milestones
from workflow.gitlab.models import Connection, LabelScheme
from workflow.gitlab.tracker_labels import keeps_scopes_exclusive, labels_to_make, make_labels
from workflow.models import Tracker

REPORTER = 20
EXPIRES_SOON = timedelta(days=30)
NOTES_ON_GITLAB_COM = 55


class Report:
    """What was done, and what a person must do."""

    def __init__(self):
        self.done, self.missing = [], []


def connect():
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


def _set_up_hooks(report):
    """Without hooks the poller still hears of everything, only later; so a missing one holds nothing up."""
    for tracker in Tracker.objects.filter(is_active=True, project_id__isnull=False):
        done, missing = set_up_hook(tracker)
        report.done += [done] if done else []
        report.missing += [missing] if missing else []


def _know_the_bot(gateway, report):
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


def _check_token(gateway, report):
    try:
        token = gateway.token()
    except (Gone, Permanent):
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


def _prepare(tracker, gateway, labels, report):
    project = gateway.project(tracker.project_id or tracker.path)
    if tracker.project_id is None:
        Tracker.objects.filter(pk=tracker.pk).update(project_id=project.id)
        tracker.project_id = project.id
    if project.access_level is not None and project.access_level < REPORTER:
        report.missing.append(f"The bot's role in {project.path} is too low. Give it the Reporter role or more.")
    new = make_labels(tracker, gateway, labels)
    milestones = read_milestones(tracker, gateway)
    report.done.append(f"{project.path} is number {project.id}: {new} labels created, {milestones} milestones read.")


def _know_the_plan(gateway, report):
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
