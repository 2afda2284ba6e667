"""People and groups: who may say what about whom."""

from datetime import date

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from supportops.accounts.models import User
from tests.admin.rows import address
from tests.factories import person


def _form(someone, **changed):
    """What the person's page sends when nothing but ``changed`` was touched."""
    fields = {
        "username": someone.username,
        "first_name": someone.first_name,
        "last_name": someone.last_name,
        "email": someone.email,
        "reports_to": someone.reports_to_id or "",
        "division": someone.division,
        "time_zone": someone.time_zone,
        "gitlab_username": someone.gitlab_username,
        "slack_id": someone.slack_id,
        "away_from": "",
        "away_until": "",
        "stand_in": "",
        "is_active": "on",
        "groups": list(someone.groups.values_list("pk", flat=True)),
    }
    return fields | changed


def _save(client, someone, **changed):
    return client.post(address(User, "change", someone.pk), _form(someone, **changed))


def _problems(answer):
    return [sentence for sentences in answer.context["adminform"].form.errors.values() for sentence in sentences]


def test_an_administrator_changes_what_is_known_of_a_person(visit, staff):
    answer = _save(
        visit(staff.admin),
        staff.colleague,
        reports_to=staff.standin.pk,
        division="Field",
        gitlab_username="@carl",
        slack_id="U123",
        time_zone="Europe/Berlin",
    )

    colleague = User.objects.get(pk=staff.colleague.pk)
    assert answer.status_code == 302
    assert (colleague.reports_to, colleague.division, colleague.gitlab_username) == (staff.standin, "Field", "carl")
    assert (colleague.slack_id, colleague.time_zone) == ("U123", "Europe/Berlin")


def test_nobody_reports_to_themselves(visit, staff):
    answer = _save(visit(staff.admin), staff.manager, reports_to=staff.manager.pk)

    assert _problems(answer) == ["Nobody reports to themselves. Choose somebody else, or leave it empty."]


def test_a_circle_of_reports_is_refused_by_the_names_in_it(visit, staff):
    director = person("director", reports_to=staff.requester)

    answer = _save(visit(staff.admin), staff.manager, reports_to=director.pk)

    circle = "Director, who reports to Requester, who reports to Manager"
    assert _problems(answer) == [f"This would go round in a circle: {circle}. Choose somebody else."]
    assert User.objects.get(pk=staff.manager.pk).reports_to is None


def test_a_circle_that_is_there_already_does_not_hang_the_page(visit, staff):
    User.objects.filter(pk=staff.manager.pk).update(reports_to=staff.standin)
    User.objects.filter(pk=staff.standin.pk).update(reports_to=staff.manager)

    assert _save(visit(staff.admin), staff.colleague, reports_to=staff.manager.pk).status_code == 302


def test_a_circle_of_stand_ins_is_refused(visit, staff):
    User.objects.filter(pk=staff.standin.pk).update(stand_in=staff.manager)

    answer = _save(visit(staff.admin), staff.manager, stand_in=staff.standin.pk)

    assert _problems(answer) == [
        "The stand-ins would go round in a circle: Standin, for whom stands in Manager. Choose somebody else."
    ]


def test_a_gitlab_name_belongs_to_one_person(visit, staff):
    answer = _save(visit(staff.admin), staff.colleague, gitlab_username="REQUESTER")

    assert _problems(answer) == ["Requester already has this GitLab name. Take it from them first."]


def test_a_time_zone_is_one_of_the_list(visit, staff):
    assert _save(visit(staff.admin), staff.colleague, time_zone="Mars/Base").status_code == 200
    assert User.objects.get(pk=staff.colleague.pk).time_zone == "UTC"


@pytest.mark.parametrize(
    ("begins", "ends", "problem"),
    [
        ("2026-12-24", "2026-12-01", "The absence ends before it begins. Choose 24 December 2026 or later."),
        ("", "2026-12-01", "Say from when the person is away."),
    ],
)
def test_an_absence_makes_sense(begins, ends, problem, visit, staff):
    answer = _save(visit(staff.admin), staff.colleague, away_from=begins, away_until=ends)

    assert _problems(answer) == [problem]


def test_who_is_away_today_is_one_click_away(visit, staff):
    User.objects.filter(pk=staff.manager.pk).update(away_from=date(2020, 1, 1))
    User.objects.filter(pk=staff.standin.pk).update(away_from=date(2020, 1, 1), away_until=date(2020, 1, 9))

    page = visit(staff.admin).get(address(User, "changelist"), {"away": "today"})

    assert list(page.context["cl"].result_list) == [staff.manager]


def test_an_administrator_adds_a_person(visit, staff):
    new = {
        "username": "newcomer",
        "first_name": "Nora",
        "last_name": "New",
        "email": "",
        "reports_to": staff.manager.pk,
        "division": "Support",
        "usable_password": "false",
        "password1": "",
        "password2": "",
    }

    answer = visit(staff.admin).post(address(User, "add"), new)

    assert answer.status_code == 302
    assert User.objects.get(username="newcomer").reports_to == staff.manager


@pytest.mark.parametrize("reader", ["ops", "lead"])
def test_staff_who_are_no_administrators_look_at_people_and_change_nothing(reader, visit, staff):
    client = visit(getattr(staff, reader))

    page = client.get(address(User, "change", staff.requester.pk))
    forged = _save(client, staff.requester, is_superuser="on", gitlab_username="mallory")

    assert (page.status_code, forged.status_code) == (200, 403)
    assert staff.requester.password not in page.content.decode()
    assert User.objects.get(pk=staff.requester.pk).gitlab_username == "requester"


@pytest.fixture
def clerk(staff):
    """Somebody whom an administrator let change people, without making them one."""
    clerk = person("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"]))
    return clerk


def test_who_may_change_people_gives_nobody_rights(clerk, visit, staff):
    ops = Group.objects.get(name="ops")

    _save(visit(clerk), clerk, is_superuser="on", is_staff="on", groups=[ops.pk], division="Field")

    after = User.objects.get(pk=clerk.pk)
    assert (after.division, after.is_superuser, list(after.groups.all())) == ("Field", False, [])


def test_who_may_change_people_does_not_become_an_administrator_by_resetting_a_password(clerk, visit, staff):
    new = {"password1": "correct horse battery", "password2": "correct horse battery", "usable_password": "true"}

    answer = visit(clerk).post(reverse("admin:auth_user_password_change", args=[staff.admin.pk]), new)

    assert answer.status_code == 403
    assert User.objects.get(pk=staff.admin.pk).check_password("portal")


def test_an_administrator_sets_a_password(visit, staff):
    new = {"password1": "correct horse battery", "password2": "correct horse battery", "usable_password": "true"}

    visit(staff.admin).post(reverse("admin:auth_user_password_change", args=[staff.colleague.pk]), new)

    assert User.objects.get(pk=staff.colleague.pk).check_password("correct horse battery")


def test_a_group_keeps_the_name_that_grants_its_role(visit, staff):
    group = Group.objects.get(name="ops")
    empty = {"User_groups-TOTAL_FORMS": "0", "User_groups-INITIAL_FORMS": "0"}

    visit(staff.admin).post(address(Group, "change", group.pk), {"name": "others", **empty})

    assert Group.objects.get(pk=group.pk).name == "ops"


def test_an_administrator_puts_somebody_into_a_group(visit, staff):
    group = Group.objects.get(name="us-federal")
    kept = User.groups.through.objects.get(group=group, user=staff.federal)
    members = {
        "User_groups-TOTAL_FORMS": "2",
        "User_groups-INITIAL_FORMS": "1",
        "User_groups-0-id": kept.pk,
        "User_groups-0-group": group.pk,
        "User_groups-0-user": staff.federal.pk,
        "User_groups-1-group": group.pk,
        "User_groups-1-user": staff.colleague.pk,
    }

    answer = visit(staff.admin).post(address(Group, "change", group.pk), members)

    assert answer.status_code == 302
    assert set(group.user_set.all()) == {staff.federal, staff.colleague}
