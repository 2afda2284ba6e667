"""The connection and the label schemes in the administration."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from workflow.gitlab.models import LabelSchemeChange
from workflow.gitlab.models.connection import Connection, LabelScheme, SchemeLabel

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(cast):
    """The administrator, signed in."""
    client = Client()
    client.force_login(cast.admin)
    return client


def act(client, model, action, *rows):
    """Choose an action for rows of a list."""
    address = reverse(f"admin:gitlab_mirror_{model._meta.model_name}_changelist")
    return client.post(address, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def test_the_connection_is_paused_and_resumed_by_hand(admin):
    act(admin, Connection, "pause", Connection.load())
    assert Connection.load().paused_reason == "Paused by Admin."
    act(admin, Connection, "resume", Connection.load())
    assert not Connection.load().paused


def test_nobody_makes_a_second_connection_or_removes_the_one(admin):
    Connection.load()
    assert admin.get(reverse("admin:gitlab_mirror_connection_add")).status_code == 403
    assert admin.post(reverse("admin:gitlab_mirror_connection_delete", args=[1])).status_code == 403


def test_changing_to_another_scheme_first_shows_what_that_would_do(admin):
    page = act(admin, LabelScheme, "activate", LabelScheme.objects.get(name="2026"))
    assert "Change to 2026?" in page.content.decode()
    assert LabelScheme.objects.get(is_active=True).name == "2025"


def test_two_schemes_at_once_are_refused(admin):
    page = act(admin, LabelScheme, "activate", *LabelScheme.objects.all())
    assert "Choose one scheme." in page.content.decode()
    assert LabelScheme.objects.get(is_active=True).name == "2025"


def labels_form(admin, scheme):
    """The inline form of the scheme's page: None where labels are only shown."""
    page = admin.get(reverse("admin:gitlab_mirror_labelscheme_change", args=[scheme.pk]))
    assert "Stage::Backlogged" in page.content.decode()
    formset = page.context["inline_admin_formsets"][0]
    return formset if formset.has_change_permission else None


def test_a_scheme_nobody_uses_is_edited_with_its_labels(admin):
    assert labels_form(admin, LabelScheme.objects.get(name="2026"))


def test_the_scheme_in_use_is_copied_not_edited(admin):
    """A label renamed under the requests that carry it would stay on their issues for ever."""
    active = LabelScheme.objects.get(name="2025")
    assert labels_form(admin, active) is None
    act(admin, LabelScheme, "copy", active)
    act(admin, LabelScheme, "copy", active)
    made = LabelScheme.objects.get(name="2025 copy")
    assert LabelScheme.objects.filter(name="2025 copy 2").exists()
    assert labels_form(admin, made)
    said = [set(each.labels.values_list("family", "key", "name")) for each in (made, active)]
    assert said[0] == said[1]


def test_a_scheme_that_was_in_use_is_not_edited_either(admin, cast):
    schemes = {scheme.name: scheme for scheme in LabelScheme.objects.all()}
    LabelSchemeChange.objects.create(
        from_scheme=schemes["2026"], to_scheme=schemes["2025"], by=cast.lead, running=False
    )
    assert labels_form(admin, schemes["2026"]) is None


def test_a_colour_is_a_colour(admin):
    label = SchemeLabel.objects.first()
    label.color = "red"
    with pytest.raises(ValidationError, match="label_color_is_rrggbb"):
        label.validate_constraints()
