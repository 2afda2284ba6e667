"""Template tags and filters: times, chips, people, addresses, differences."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils.safestring import mark_safe

from supportops.ui.chips import chip_for
from supportops.ui.templatetags import ui
from supportops.ui.text_diff import marked
from supportops.ui.times import in_words, short_span, span

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def render(text, **context):
    return Template("{% load ui %}" + text).render(Context(context))


SPANS = [
    (timedelta(seconds=20), "less than a minute", "now"),
    (timedelta(minutes=1), "1 minute", "1m"),
    (timedelta(hours=23), "23 hours", "23h"),
    (timedelta(days=3, hours=5), "3 days", "3d"),
    (timedelta(days=13), "13 days", "13d"),
    (timedelta(days=21), "3 weeks", "3w"),
    (timedelta(days=65), "2 months", "2mo"),
    (timedelta(days=800), "2 years", "2y"),
    (timedelta(days=-3), "3 days", "3d"),
]


@pytest.mark.parametrize(("length", "words", "short"), SPANS)
def test_a_span_is_told_in_its_largest_sensible_unit(length, words, short):
    assert (span(length), short_span(length)) == (words, short)


MOMENTS = [
    (NOW - timedelta(seconds=5), "just now"),
    (NOW - timedelta(days=3), "3 days ago"),
    (NOW + timedelta(hours=2), "in 2 hours"),
    (date(2026, 5, 4), "today"),
    (date(2026, 5, 3), "yesterday"),
    (date(2026, 5, 5), "tomorrow"),
    (date(2026, 5, 13), "in 9 days"),
    (date(2026, 4, 30), "4 days ago"),
]


@pytest.mark.parametrize(("moment", "words"), MOMENTS)
def test_a_moment_is_told_from_now(moment, words):
    assert in_words(moment, now=NOW) == words


def test_a_time_carries_the_exact_moment_for_machines_and_on_hovering():
    html = render("{% time moment %}", moment=NOW)

    assert 'datetime="2026-05-04T12:00:00' in html
    assert 'title="4 May 2026, 12:00"' in html


def test_a_day_without_a_time_is_never_short():
    assert render('{{ day|ago:"short" }}', day=date(2020, 1, 1)).endswith(" years ago")


@pytest.mark.parametrize("tag", ["{% time moment %}", "{{ moment|ago }}", "{{ moment|waiting }}"])
def test_no_time_is_shown_as_nothing(tag):
    assert render(tag, moment=None) == ""


CHIPS = [
    ("Stage::Design", "#6699cc", ("Stage", "Design")),
    ("A::B::C", "#6699cc", ("A::B", "C")),
    ("bug", "#6699cc", ("", "bug")),
    ("::odd", "#6699cc", ("", "::odd")),
    ("odd::", "#6699cc", ("", "odd::")),
]


@pytest.mark.parametrize(("label", "colour", "parts"), CHIPS)
def test_a_label_is_split_where_gitlab_splits_it(label, colour, parts):
    chip = chip_for(label, colour)

    assert (chip.scope, chip.name) == parts


@pytest.mark.parametrize(("colour", "white"), [("#330066", True), ("#e6e6fa", False), ("#fff", False), ("#000", True)])
def test_a_label_has_the_text_colour_that_reads_better(colour, white):
    assert chip_for("bug", colour).on_dark is white


@pytest.mark.parametrize("colour", ["", None, "red", "url(//evil.example)", '#fff"/><script>', "#12345"])
def test_a_colour_that_is_not_one_is_replaced(colour):
    assert chip_for("bug", colour).colour == "#6b7280"


def test_a_label_with_markup_in_its_name_is_text():
    html = render("{% label_chip name colour %}", name="<b>x</b>", colour="#fff")

    assert "<b>" not in html
    assert "&lt;b&gt;" in html


class Somebody:
    """A person as the tags see one."""

    def __init__(self, full_name, username):
        self.full_name, self.username = full_name, username

    def get_full_name(self):
        return self.full_name

    def get_username(self):
        return self.username


PEOPLE = [
    (Somebody("Rina Okafor", "rokafor"), "Rina Okafor", "RO"),
    (Somebody("", "rokafor"), "rokafor", "RO"),
    (Somebody("", "rina.okafor"), "rina.okafor", "RO"),
    (Somebody("Anna Maria Berg", "amb"), "Anna Maria Berg", "AB"),
    ("GitLab bot", "GitLab bot", "GB"),
    (None, "Nobody yet", ""),
]


@pytest.mark.parametrize(("who", "name", "letters"), PEOPLE)
def test_a_person_has_a_name_and_initials(who, name, letters):
    assert (ui.display_name(who), ui.initials(who)) == (name, letters)


def test_each_side_of_a_difference_marks_only_what_changed():
    assert marked("the old view", "the new view", "del") == "the <del>old</del> view"
    assert marked("the old view", "the new view", "ins") == "the <ins>new</ins> view"


def test_markup_in_a_difference_is_text():
    assert marked("", "<b>x</b>", "ins") == "<ins>&lt;b&gt;x&lt;/b&gt;</ins>"


def test_an_icon_is_decoration_unless_it_has_a_label():
    assert 'aria-hidden="true"' in ui.icon("lock")
    assert 'aria-label="Restricted"' in ui.icon("lock", "small", "Restricted")


def test_an_action_that_changes_something_is_a_form_with_its_token_and_fields():
    action = {"label": "Validate", "url": "/x/", "post": True, "fields": {"version": 7}}
    html = render("{% decision_card card=card %}", card={"primary": action}, csrf_token="a-token")

    assert '<form method="post" action="/x/">' in html
    assert 'name="csrfmiddlewaretoken" value="a-token"' in html
    assert 'name="version" value="7"' in html


def test_a_disabled_action_says_why():
    assert "It must be validated first." in render(
        '{% button label="Complete" disabled_reason="It must be validated first." %}'
    )


@pytest.mark.parametrize("tag", ["{% label_chip shown %}", "{% button label=shown %}", "{% person shown %}"])
def test_text_that_was_drawn_as_safe_before_is_escaped_all_the_same_where_it_is_not(tag):
    render(tag, shown=mark_safe("<b>twice</b>"))  # noqa: S308
    assert "<b>twice</b>" not in render(tag, shown="<b>twice</b>")
