"""What only GitLab can say, asked once an hour: are the webhooks in order, what may the bot's token, until when.

It changes nothing in GitLab. What it finds stays in ``Check`` until the next time; ``watch`` makes alarms of it.
"""

from datetime import timedelta

from django.utils import timezone

from workflow.gitlab.alarm_models import Check
from workflow.gitlab.away import is_there
from workflow.gitlab.errors import GitLabError, Gone, Misconfigured, Permanent, RateLimited
from workflow.gitlab.hook_setup import what_is_wrong
from workflow.gitlab.models import Budget, Connection
from workflow.gitlab.poll import metered_reader
from workflow.models import Tracker

EVERY = timedelta(hours=1)
TOKEN = "token"


def check_gitlab():
    """Check what was not checked for an hour. GitLab away, or a budget used up: the rest waits for the next time."""
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return
    gateway = metered_reader(connection)
    try:
        if _is_due(TOKEN):
            _remember(TOKEN, _check_token(gateway))
        for tracker in Tracker.objects.filter(is_active=True, project_id__isnull=False):
            if _is_due(_hook(tracker)):
                _remember(_hook(tracker), what_is_wrong(tracker, gateway), tracker)
    except Misconfigured as error:
        connection.pause(error.message)
    except RateLimited as error:
        if not error.ours:
            Budget.block(error.kind, error.retry_after)
    except GitLabError:  # nothing was learnt, so nothing is remembered; whether GitLab is away, others find out
        return
    _forget_what_is_not_used()


def _check_token(gateway):
    """Keep when it expires; returns what is wrong with what it may, or ""."""
    try:
        token = gateway.token()
    except (Gone, Permanent):  # a GitLab that does not tell
        return ""
    Connection.objects.filter(pk=Connection.ONLY).update(token_expires_at=token.expires_at)
    may = ", ".join(token.scopes) or "nothing"
    return "" if "api" in token.scopes else f"It may only do this: {may}. It needs the scope api."


def _hook(tracker):
    return f"hook {tracker.pk}"


def _is_due(name):
    return not Check.objects.filter(pk=name, checked_at__gt=timezone.now() - EVERY).exists()


def _remember(name, problem, tracker=None):
    found = {"problem": problem, "tracker": tracker, "checked_at": timezone.now()}
    Check.objects.update_or_create(pk=name, defaults=found)


def _forget_what_is_not_used():
    Check.objects.filter(tracker__is_active=False).delete()
