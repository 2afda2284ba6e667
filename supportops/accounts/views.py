"""Sign-in, and the person's own page."""

from typing import Any, cast

from allauth.account.views import LoginView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from supportops.accounts.forms import ABSENCE_FIELDS, AbsenceChecks
from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.sample import sample_people
from supportops.accounts.time_zones import time_zones
from supportops.ui.forms import DateInput, FieldGroup


class SignIn(LoginView):
    """allauth's sign-in; in the sample setup, and nowhere else, it offers the sample people with one click."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page shows, with ``sample_people`` where there are any to offer."""
        offered = sample_people() if settings.SAMPLE and not settings.SOCIALACCOUNT_ONLY else []
        return super().get_context_data(sample_people=offered, **kwargs)


class MeForm(AbsenceChecks):
    """What a person may change about themselves; GitLab and Slack names are not among it (domain.md §1)."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email", "time_zone", *ABSENCE_FIELDS]
        widgets = {"away_from": DateInput(), "away_until": DateInput()}
        labels = {"away_from": "Away from", "away_until": "Away until", "stand_in": "Who stands in for you"}
        help_texts = {
            "away_from": "The first day you are away, in your time zone.",
            "away_until": "The last day; from the next day on you decide alone again. Empty: until you change it.",
            "stand_in": "Sees and decides what waits for you while you are away. You may still decide yourself.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.active().exclude(pk=self.instance.pk)
        stand_in = cast(forms.ModelChoiceField, self.fields["stand_in"])
        stand_in.queryset = others.order_by("first_name", "last_name", "username")
        stand_in.empty_label = "Nobody"

    @property
    def groups(self) -> list[FieldGroup]:
        """The fields as they stand on the page."""
        absence = [self[name] for name in ABSENCE_FIELDS]
        about = [field for field in self if field.name not in ABSENCE_FIELDS]
        return [{"title": "About you", "fields": about}, {"title": "While you are away", "fields": absence}]

    def clean_time_zone(self) -> str:
        """An IANA name that this machine knows."""
        name = self.cleaned_data["time_zone"]
        if name not in time_zones():
            raise forms.ValidationError("There is no such time zone. Use a name such as Europe/Berlin.")
        self.instance.time_zone_known |= "time_zone" in self.changed_data
        return name


@require_http_methods(["GET", "HEAD", "POST"])
def me(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show and save the signed-in person's profile."""
    form = MeForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("me")
    decides_for = User.objects.filter(pk__in=request.user.stood_in_ids).order_by("first_name", "last_name", "username")
    context = {"form": form, "person": request.user, "stands_in_for": decides_for}
    return render(request, "account/me.html", context, status=422 if form.errors else 200)
