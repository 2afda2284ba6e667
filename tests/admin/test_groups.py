"""What the groups ops and lead may do once they are staff."""

from django.contrib.auth.models import Group, Permission

from supportops.accounts.admin_groups import GRANTS, grant_admin_permissions
from supportops.accounts.roles import Role

NEVER = {"accounts.user", "auth.group", "workflow.issue", "workflow.event", "workflow.decision", "workflow.mirror"}


def _names(permissions):
    return {f"{app}.{codename}" for app, codename in permissions.values_list("content_type__app_label", "codename")}


def _meant(role):
    return {model.replace(".", f".{act}_", 1) for act, models in GRANTS[role].items() for model in models}


def test_every_permission_that_is_meant_exists_and_is_given(db):
    given = {role: _names(Group.objects.get(name=role.value).permissions) for role in GRANTS}

    assert given == {role: _meant(role) for role in GRANTS}


def test_giving_them_again_changes_nothing_and_keeps_what_was_added(db):
    group = Group.objects.get(name=Role.OPS.value)
    group.permissions.add(Permission.objects.get(codename="add_session"))
    before = _names(group.permissions)

    grant_admin_permissions()

    assert _names(group.permissions) == before


def test_nobody_is_given_a_hand_in_people_or_requests():
    forbidden = [
        (role, act, model)
        for role in GRANTS
        for act in ("add", "change", "delete")
        for model in GRANTS[role][act]
        if model in NEVER
    ]

    assert forbidden == []


def test_a_lead_may_everything_that_ops_may():
    assert _meant(Role.OPS) < _meant(Role.LEAD)


def test_being_in_the_group_alone_opens_no_door(client, cast):
    client.force_login(cast.lead)

    assert client.get("/admin/", follow=True).status_code == 403
