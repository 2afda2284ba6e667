"""The catalogue in the admin."""

import pytest

from intake.models import Draft
from workflow.catalogue.models import Entry, Question


@pytest.fixture
def admin(cast, browser_of):
    """The administrator's browser."""
    return browser_of(cast.admin)


def form_of(admin, entry):
    """What the admin's page would post unchanged."""
    page = admin.get(f"/admin/catalogue/entry/{entry.pk}/change/")
    questions = page.context["inline_admin_formsets"][0].formset
    forms = [page.context["adminform"].form, questions.management_form, *questions]
    posted = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                posted[field.html_name] = value
    return posted


def test_the_list_of_entries_tells_what_matters(admin):
    page = admin.get("/admin/catalogue/entry/")

    for words in ("Report a bug", "calendly", "Zendesk Global macros", "The requester"):
        assert words in page.text


def test_entries_are_searched_by_their_questions(admin):
    page = admin.get("/admin/catalogue/entry/?q=reproduce")

    assert "Report a bug" in page.text
    assert "Change my Calendly" not in page.text


def test_a_question_is_added_and_asked(admin, entry, browser_of, cast):
    bug = entry("bug")
    count = bug.questions.count()
    posted = form_of(admin, bug)
    posted |= {
        f"questions-{count}-key": "browser",
        f"questions-{count}-label": "Which browser",
        f"questions-{count}-type": "choice",
        f"questions-{count}-choices": "Firefox\n\nChromium\nFirefox",
        f"questions-{count}-order": "500",
        f"questions-{count}-asked_of": "requester",
    }

    answer = admin.post(f"/admin/catalogue/entry/{bug.pk}/change/", posted)

    assert answer.status_code == 302, answer.context["errors"]
    assert Question.objects.get(key="browser").choices == ["Firefox", "Chromium"]
    assert "Which browser" in browser_of(cast.requester).get("/new/bug/").text


def test_saving_unchanged_changes_nothing(admin, entry):
    bug = entry("bug")
    before = list(bug.questions.values())

    answer = admin.post(f"/admin/catalogue/entry/{bug.pk}/change/", form_of(admin, bug))

    assert answer.status_code == 302
    assert list(bug.questions.values()) == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title_pattern": "{nothing}"}, "There is no question with the key nothing."),
        ({"title_pattern": "{steps"}, "Write each key in braces"),
        ({"title_pattern": "{steps.__class__}"}, "There is no question with the key steps.__class__."),
        ({"questions-0-key": "state"}, "“state” is used by the portal itself."),
        ({"questions-0-key": "No Key"}, "Use small letters, digits and underscores."),
        ({"questions-0-choices": "A\nB"}, "Give choices exactly where the answer is chosen from several."),
        ({"questions-0-feeds": "due_date"}, "Only a date fills the due date."),
    ],
)
def test_what_would_not_work_is_refused(admin, entry, changes, words):
    bug = entry("bug")

    page = admin.post(f"/admin/catalogue/entry/{bug.pk}/change/", form_of(admin, bug) | changes)

    assert page.status_code == 200
    assert words in page.text


def test_the_route_of_an_entry_stays(admin, entry):
    bug = entry("bug")

    admin.post(f"/admin/catalogue/entry/{bug.pk}/change/", form_of(admin, bug) | {"route": entry("fix").route_id})

    assert Entry.objects.get(pk=bug.pk).route.key == "bug"


def test_drafts_are_looked_at_without_their_texts(admin, cast, entry):
    draft = Draft.objects.create(
        entry=entry("bug"), owner=cast.requester, originator=cast.requester, data={"title": ["Mine alone"]}
    )

    assert str(draft.submission) in admin.get("/admin/intake/draft/").text
    assert "Mine alone" not in admin.get("/admin/intake/draft/").text
    assert admin.get(f"/admin/intake/draft/{draft.pk}/change/").status_code == 404
    assert admin.post(f"/admin/intake/draft/{draft.pk}/delete/", {"post": "yes"}).status_code in {403, 404}
    assert Draft.objects.filter(pk=draft.pk).exists()
