"""Forms as the design system draws them."""

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import mark_safe

from supportops.ui.forms import ChoiceCards, DateInput, MultipleFileField


class Sample(forms.Form):
    title = forms.CharField(help_text="What somebody would search for.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    size = forms.ChoiceField(
        choices=[("s", "Small"), ("l", "Large")], widget=ChoiceCards(descriptions={"s": "An hour or two."})
    )
    day = forms.DateField(required=False, widget=DateInput, initial="2026-05-04")
    agreed = forms.BooleanField(required=False)


def test_required_is_the_default_and_optional_is_said():
    html = str(Sample())

    assert html.count("(optional)") == 2, "note and day; a box that may stay empty needs no word"


def test_help_and_error_are_tied_to_the_field():
    html = str(Sample({})["title"].as_field_group())

    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'id="id_title_helptext"' in html
    assert 'id="id_title_error"' in html
    assert 'aria-invalid="true"' in html


def test_the_summary_links_to_every_field_that_is_wrong():
    html = str(Sample({}))

    assert 'href="#id_title"' in html
    assert 'href="#id_size_0"' in html
    assert 'id="id_size_0"' in html


def test_a_form_without_errors_has_no_summary():
    assert "error-summary" not in str(Sample())


def test_each_choice_card_has_its_own_help():
    assert "An hour or two." in str(Sample()["size"])


def test_a_date_is_written_as_the_browser_demands():
    html = str(Sample()["day"])

    assert 'type="date"' in html
    assert 'value="2026-05-04"' in html


def test_groups_become_fieldsets_and_lose_no_field():
    class Grouped(Sample):
        @property
        def groups(self):
            fields = list(self)
            return [{"title": "What", "fields": fields[:2]}, {"title": "When", "fields": fields[2:]}]

    html = str(Grouped())

    assert html.count('<fieldset class="form__group">') == 2
    assert all(f'name="{name}"' in html for name in Grouped.base_fields)


class Upload(forms.Form):
    files = MultipleFileField(required=False)


def uploads(*names):
    return MultiValueDict({"files": [SimpleUploadedFile(name, b"x") for name in names]})


@pytest.mark.parametrize("names", [(), ("a.png",), ("a.png", "b.png")])
def test_several_files_arrive_as_a_list(names):
    form = Upload({}, uploads(*names))

    assert form.is_valid()
    assert [file.name for file in form.cleaned_data["files"]] == list(names)


def test_one_bad_file_among_several_is_an_error():
    form = Upload({}, MultiValueDict({"files": [SimpleUploadedFile("a.png", b"x"), SimpleUploadedFile("b.png", b"")]}))

    assert not form.is_valid()
    assert "empty" in form.errors["files"][0]


def test_required_files_must_be_given():
    class Needed(forms.Form):
        files = MultipleFileField()

    assert not Needed({}, MultiValueDict()).is_valid()


def drawn(label, choices=(("a", "A"),)):
    form = type("F", (forms.Form,), {"one": forms.ChoiceField(label=label, choices=choices)})()
    return Template("{% load ui %}{% field form.one %}").render(Context({"form": form}))


def test_a_field_that_looks_the_same_is_drawn_once_and_never_for_text_that_is_not_safe():
    assert drawn("Kind") == drawn("Kind")
    assert "<b>Hi</b>" in drawn(mark_safe("<b>Hi</b>"))
    assert "<b>Hi</b>" not in drawn("<b>Hi</b>")
    assert "<i>A</i>" in drawn("Of choices", [("a", mark_safe("<i>A</i>"))])
    assert "<i>A</i>" not in drawn("Of choices", [("a", "<i>A</i>")])


def test_choices_in_groups_are_drawn():
    assert '<optgroup label="Group">' in drawn("Grouped", [("Group", [("a", "A")])])
