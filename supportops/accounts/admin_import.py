"""The import of people in the administration: a file, its difference, and only then a button that applies it."""

import base64
import binascii
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from supportops.accounts.people_file import Unreadable, read_people
from supportops.accounts.people_import import Difference, apply, difference


class FileForm(forms.Form):
    """The file to compare with."""

    file = forms.FileField(help_text="The Support Team YAML, or CSV with the same names. Up to 1 MB.")


class ApplyForm(forms.Form):
    """What was looked at: the file, and the mark of the difference that was shown."""

    name = forms.CharField(max_length=255, widget=forms.HiddenInput)
    content = forms.CharField(widget=forms.HiddenInput)
    mark = forms.CharField(max_length=64, widget=forms.HiddenInput)
    deactivate_missing = forms.BooleanField(
        required=False, label="Whoever is not in the file can no longer sign in (administrators always can)"
    )

    def clean_content(self) -> bytes:
        """The bytes of the file."""
        try:
            return base64.b64decode(self.cleaned_data["content"], validate=True)
        except (binascii.Error, ValueError):
            raise forms.ValidationError("Choose the file again.") from None


class ImportsPeople(admin.ModelAdmin):
    """Mixed into the people's page: /import/ beside the list, for administrators only."""

    change_list_template = "admin/accounts/user/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        """The list's, and the import's."""
        ours = path("import/", self.admin_site.admin_view(self.import_people), name="import_people")
        return [ours, *super().get_urls()]

    def import_people(self, request: HttpRequest) -> HttpResponse:
        """GET asks for the file; POST with it shows the difference; POST of that difference applies it."""
        if not request.user.is_superuser:
            raise PermissionDenied("Only an administrator imports people.")
        return _import(request, self.admin_site.each_context(request))


@require_http_methods(["GET", "HEAD", "POST"])
def _import(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if request.method != "POST":
        return _page(request, context, file_form=FileForm())
    if "mark" in request.POST:
        return _apply(request, context)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, context, file_form=form, status=422)
    file = form.cleaned_data["file"]
    return _preview(request, context, form, file.read(), file.name)


def _preview(request: HttpRequest, context: dict[str, Any], form: FileForm, content: bytes, name: str) -> HttpResponse:
    try:
        found = difference(read_people(content, name))
    except Unreadable as error:
        form.add_error(None, str(error))
        return _page(request, context, file_form=form, status=422)
    given = {"name": name, "content": base64.b64encode(content).decode(), "mark": found.mark}
    return _page(
        request,
        context,
        file_form=FileForm(),
        found=found,
        apply_form=ApplyForm(initial=given),
        status=422 if found.problems else 200,
    )


def _apply(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    form = ApplyForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose the file again.")
        return redirect("admin:import_people")
    given = form.cleaned_data
    try:
        found = difference(read_people(given["content"], given["name"]))
    except Unreadable as error:
        messages.error(request, str(error))
        return redirect("admin:import_people")
    if found.problems or found.mark != given["mark"]:
        messages.warning(request, "People were changed meanwhile. Look at the difference as it is now.")
        return _preview(request, context, FileForm(), given["content"], given["name"])
    touched = apply(found, deactivate_missing=given["deactivate_missing"])
    messages.success(request, f"Done: {touched} {'person' if touched == 1 else 'people'} changed.")
    return redirect("admin:accounts_user_changelist")


def _page(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    file_form: FileForm,
    found: Difference | None = None,
    apply_form: ApplyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = {"title": "Import people", "file_form": file_form, "found": found, "apply_form": apply_form}
    return render(request, "admin/accounts/user/import.html", {**context, **shown}, status=status)
