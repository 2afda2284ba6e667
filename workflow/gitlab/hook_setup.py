"""The webhook of a tracker: there once, told of everything the portal needs, with our secrets, and switched on."""

from django.conf import settings

from workflow.gitlab.errors import GitLabError, Gone, Misconfigured
from workflow.gitlab.gateway_reads import open_reader

EVENTS = frozenset(
    {"issues_events", "confidential_issues_events", "note_events", "confidential_note_events", "milestone_events"}
)
NAME = "Support Operations portal"


def hook_address():
    """Where GitLab is to call."""
    return f"{settings.PORTAL_URL.rstrip('/')}/hooks/gitlab/"


def set_up_hook(tracker, gateway=None):
    """Make the tracker's hook right; returns (what was done, what a person must do), sentences, either of them "".

    Secrets cannot be read back from GitLab, so they are sent each time; that also is how one is rotated.
    """
    gateway = gateway or open_reader()
    try:
        return _set_up(tracker, gateway)
    except (Misconfigured, Gone):
        return "", f"The bot may not see or set webhooks in {tracker.path}. Give it the Maintainer role there."
    except GitLabError as error:
        return "", f"The webhook of {tracker.path} is not set up: {error.message}"


def _set_up(tracker, gateway):
    address = hook_address()
    ours = [hook for hook in gateway.hooks(tracker.project_id) if hook.url == address]
    if not ours:
        gateway.create_hook(tracker.project_id, _fields())
        return f"{tracker.path} has a webhook now.", ""
    hook = gateway.update_hook(tracker.project_id, ours[0].id, _fields())
    if hook.disabled:
        gateway.test_hook(tracker.project_id, hook.id)
    too_many = (
        f"{tracker.path} has {len(ours)} webhooks to {address}. Delete all but one there." if len(ours) > 1 else ""
    )
    return f"{tracker.path}'s webhook is {'switched on again' if hook.disabled else 'in order'}.", too_many


def _fields():
    fields = {name: True for name in EVENTS} | {
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


def what_is_wrong(tracker, gateway=None):
    """Why webhooks of this tracker do not arrive, as a sentence, or "" if the hook is in order. Changes nothing."""
    gateway = gateway or open_reader()
    try:
        ours = [hook for hook in gateway.hooks(tracker.project_id) if hook.url == hook_address()]
    except (Misconfigured, Gone):
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
