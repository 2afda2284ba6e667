"""What GitLab would refuse is refused where it is entered."""

import pytest

from workflow.catalogue.admin import RouteForm
from workflow.catalogue.models import Route


def problems(labels):
    """What the form of a route says of these lines."""
    form = RouteForm({"default_labels": labels}, instance=Route.objects.get(key="bug"))
    return form.errors.get("default_labels", [])


@pytest.mark.parametrize("label", ["a, b", ",", "x" * 256])
def test_a_label_gitlab_would_not_take_is_named(db, label):
    [problem] = problems(f"good\n{label}")
    assert f"“{label}”" in problem and "good" not in problem


def test_labels_that_gitlab_takes_are_kept(db):
    assert problems("Zendesk\nRequestType::Bug & more?") == []
