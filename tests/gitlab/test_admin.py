"""The connection and the label schemes in the administration."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from workflow.gitlab.models import Connection, LabelScheme, SchemeLabel

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


def test_another_scheme_is_made_the_active_one(admin):
    act(admin, LabelScheme, "activate", LabelScheme.objects.get(name="2026"))
    assert LabelScheme.objects.get(is_active=True).name == "2026"


def test_two_schemes_at_once_are_refused(admin):
    page = act(admin, LabelScheme, "activate", *LabelScheme.objects.all())
    assert "Choose one scheme." in page.content.decode()
    assert LabelScheme.objects.get(is_active=True).name == "2025"


def test_a_scheme_is_edited_with_its_labels(admin):
    scheme = LabelScheme.objects.get(name="2025")
    page = admin.get(reverse("admin:gitlab_mirror_labelscheme_change", args=[scheme.pk]))
    assert page.status_code == 200
    assert "Stage::Backlogged" in page.content.decode()


def test_a_colour_is_a_colour(admin):
    label = SchemeLabel.objects.first()
    label.color = "red"
    with pytest.raises(ValidationError, match="label_color_is_rrggbb"):
        label.validate_constraints()
