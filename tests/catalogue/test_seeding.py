"""The catalogue is written once, and what ops edit stays."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from workflow.catalogue.models import Entry, Question, Route, Tracker

pytestmark = pytest.mark.django_db


def seed(*options):
    said = StringIO()
    call_command("seed_catalogue", *options, stdout=said)
    return said.getvalue()


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Group, Tracker, Route, Entry, Question)]


def test_a_second_run_changes_nothing():
    before = everything()

    said = seed()

    assert everything() == before
    assert "0 created, 0 restored" in said


def test_an_edited_entry_stays_as_it_is():
    Entry.objects.filter(route__key="bug").update(name="Something is odd")

    seed()

    assert Entry.objects.get(route__key="bug").name == "Something is odd"


def test_a_deleted_question_stays_deleted():
    Question.objects.filter(entry__route__key="bug", key="error").delete()

    seed()

    assert not Question.objects.filter(entry__route__key="bug", key="error").exists()


def test_what_is_missing_comes_back_with_its_questions():
    Entry.objects.get(route__key="fix").delete()

    seed()

    assert Question.objects.filter(entry__route__key="fix", key="broken").exists()


def test_restore_gives_the_shipped_values_again():
    Entry.objects.filter(route__key="bug").update(name="Something is odd", is_active=False)
    Question.objects.filter(entry__route__key="bug", key="steps").update(required=False)
    Route.objects.filter(key="bug").update(template="Other")

    said = seed("--restore")

    bug = Entry.objects.get(route__key="bug")
    assert (bug.name, bug.is_active, bug.route.template) == ("Report a bug", True, "Bug")
    assert bug.questions.get(key="steps").required
    assert "3 restored" in said


def test_a_question_that_ops_added_survives_a_restore(entry):
    Question.objects.create(entry=entry("bug"), key="browser", label="Which browser")

    seed("--restore")

    assert Question.objects.filter(entry__route__key="bug", key="browser").exists()
