"""How Django's forms are drawn: the renderer, and the widgets that HTML does not have.

`FORM_RENDERER = "supportops.ui.forms.Renderer"` with "django.forms" among the installed apps makes `{{ form }}` and
`{{ field.as_field_group }}` the portal's own markup.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting


class FieldGroup(TypedDict):
    """Fields of a form that stand together under a title, as ``_components/form.html`` draws them."""

    title: str
    help: NotRequired[str]
    fields: list[BoundField]


class Renderer(TemplatesSetting):
    """Draws forms and fields with the templates of the design system."""

    form_template_name = "_components/form.html"
    field_template_name = "_components/field.html"


class _Described(forms.widgets.ChoiceWidget):
    """Gives each choice a line of help: `descriptions` maps a choice's value to its words."""

    template_name = "_components/choice_cards.html"

    def __init__(
        self, *args: Any, descriptions: Mapping[str, str] | None = None, in_row: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.descriptions = descriptions or {}
        self.in_row = in_row

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["help"] = self.descriptions.get(str(value), "")
        return option

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["in_row"] = self.in_row
        return context


class ChoiceCards(_Described, forms.RadioSelect):
    """One of several, each a card with an optional line of help."""


class CheckboxCards(_Described, forms.CheckboxSelectMultiple):
    """Any of several, each a card with an optional line of help."""


class DateInput(forms.DateInput):
    """The browser's own date picker; the value is written as it demands, year-month-day."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MultipleFileInput(forms.ClearableFileInput):
    """A file input that takes several files at once."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class MultipleFileField(forms.FileField):
    """Several files in one field; `cleaned_data` holds a list, empty when none was given."""

    widget = MultipleFileInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if not files:
            super().clean(None, initial)
            return []
        return [super(MultipleFileField, self).clean(file, initial) for file in files]
