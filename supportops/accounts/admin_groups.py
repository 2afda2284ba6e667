"""What the groups ``ops`` and ``lead`` may do in the administration, once an administrator made a member staff.

Models are named, not imported: accounts are the floor. Nothing here gives a right in the workflow.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from supportops.accounts.roles import Role

_LOOKED_AT = (
    "accounts.holiday",
    "accounts.user",
    "auth.group",
    "intake.draft",
    "catalogue.entry",
    "catalogue.question",
    "catalogue.approvalpolicy",
    "workflow.approvalround",
    "catalogue.policyapprover",
    "workflow.attachment",
    "workflow.comment",
    "workflow.decision",
    "workflow.delegation",
    "workflow.event",
    "workflow.gateanswer",
    "workflow.gatepath",
    "workflow.issue",
    "workflow.issuelink",
    "gitlab_mirror.outgoinglink",
    "workflow.milestone",
    "gitlab_mirror.gitlablink",
    "gitlab_mirror.outgoingnote",
    "catalogue.route",
    "workflow.stagetarget",
    "catalogue.tracker",
    "gitlab_mirror.outgoingupload",
    "workflow.validationcheck",
    "workflow.validationitem",
    "workflow.validationround",
    "gitlab_mirror.alarm",
    "gitlab_mirror.gitlabcheck",
    "gitlab_mirror.connection",
    "gitlab_mirror.pollcursor",
    "gitlab_mirror.webhookdelivery",
    "gitlab_mirror.labelscheme",
    "gitlab_mirror.pendingpull",
    "gitlab_mirror.reconciliation",
    "gitlab_mirror.rejectedwebhook",
    "gitlab_mirror.schemelabel",
    "notices.channelstate",
    "notices.message",
)
_OPS = {
    "view": _LOOKED_AT,
    "add": ("catalogue.entry", "catalogue.question", "catalogue.route", "workflow.stagetarget"),
    "change": ("catalogue.entry", "catalogue.question", "catalogue.route", "workflow.stagetarget"),
    "delete": ("catalogue.question", "workflow.stagetarget"),
}
_LEAD_BESIDES = {
    "add": (
        "accounts.holiday",
        "catalogue.approvalpolicy",
        "catalogue.policyapprover",
        "catalogue.tracker",
        "gitlab_mirror.labelscheme",
        "gitlab_mirror.schemelabel",
    ),
    "change": (
        "accounts.holiday",
        "catalogue.approvalpolicy",
        "catalogue.policyapprover",
        "catalogue.tracker",
        "gitlab_mirror.connection",
        "gitlab_mirror.labelscheme",
        "gitlab_mirror.schemelabel",
    ),
    "delete": (
        "accounts.holiday",
        "catalogue.approvalpolicy",
        "catalogue.policyapprover",
        "gitlab_mirror.schemelabel",
    ),
}
GRANTS = {
    Role.OPS: _OPS,
    Role.LEAD: {act: _OPS.get(act, ()) + _LEAD_BESIDES.get(act, ()) for act in _OPS},
}
"""{role: {act: models}}: domain.md §1 gives ops the catalogue, leads trackers and label schemes besides."""


def grant_admin_permissions(using: str = "default") -> None:
    """Give the groups their permissions. Adds what is missing, takes nothing away: may run any number of times."""
    for role, grants in GRANTS.items():
        group, _ = Group.objects.using(using).get_or_create(name=role.value)
        named = (_permission(act, model) for act, models in grants.items() for model in models)
        group.permissions.add(*Permission.objects.using(using).filter(_any_of(named)))


def grant_after_migration(sender: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """Receives post_migrate of the accounts: makes the other apps' permissions first, as Django does later."""
    for label in sorted({model.partition(".")[0] for model in _LOOKED_AT}):
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    grant_admin_permissions(using)


def _permission(act: str, model: str) -> Q:
    app_label, _, name = model.partition(".")
    return Q(content_type__app_label=app_label, codename=f"{act}_{name}")


def _any_of(conditions: Iterable[Q]) -> Q:
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found
