"""What is asked when an absence is entered, by the person or by an administrator, and what is refused.

What the administration asks about a person, and what it refuses.
"""

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.utils import timezone

from supportops.accounts.absence import circle
from supportops.accounts.models import User
from supportops.accounts.time_zones import time_zones

ABSENCE_FIELDS = ["away_from", "away_until", "stand_in"]


class AbsenceChecks(forms.ModelForm):
    """The rules about an absence; mixed into every form that has its fields."""

    def clean_stand_in(self) -> User | None:
        """A stand-in is somebody else who can sign in, and the chain of stand-ins ends with somebody."""
        stand_in = self.cleaned_data["stand_in"]
        if stand_in is not None and not stand_in.is_active:
            raise forms.ValidationError(f"{stand_in} has left. Choose somebody else, or leave it empty.")
        between = circle(self.instance, stand_in, timezone.localdate()) if self.instance.pk else None
        if between == []:
            raise forms.ValidationError("Nobody stands in for themselves. Choose somebody else, or leave it empty.")
        if between:
            chain = ", for whom stands in ".join(str(person) for person in [*between, self.instance])
            raise forms.ValidationError(f"The stand-ins would go round in a circle: {chain}. Choose somebody else.")
        return stand_in

    def clean(self) -> dict[str, Any]:
        """An absence ends after it begins."""
        super().clean()
        cleaned = self.cleaned_data
        begins, ends = cleaned.get("away_from"), cleaned.get("away_until")
        if ends and not begins:
            self.add_error("away_from", "Say from when the person is away." if self.others else "Say from when.")
        if begins and ends and ends < begins:
            self.add_error("away_until", f"The absence ends before it begins. Choose {begins:%d %B %Y} or later.")
        return cleaned

    others = False
    """Whether the form is about somebody else than whoever fills it in."""


def leads_back(person: User, manager: User | None) -> list[User] | None:
    """The people from ``manager`` up the line until ``person`` is met again, or None if they never are."""
    met: list[User] = []
    current = manager
    while current is not None and current not in met:
        if current.pk == person.pk:
            return met
        met.append(current)
        current = current.reports_to
    return None


class PersonChecks(AbsenceChecks):
    """The rules about a person that take more than one row to see."""

    others = True

    def clean_reports_to(self) -> User | None:
        """Nobody reports to themselves, directly or around a corner."""
        manager = self.cleaned_data["reports_to"]
        between = leads_back(self.instance, manager) if self.instance.pk else None
        if between == []:
            raise forms.ValidationError("Nobody reports to themselves. Choose somebody else, or leave it empty.")
        if between:
            chain = ", who reports to ".join(str(person) for person in [*between, self.instance])
            raise forms.ValidationError(f"This would go round in a circle: {chain}. Choose somebody else.")
        return manager

    def clean_gitlab_username(self) -> str:
        """Without the @ that people type; one person per name."""
        name = self.cleaned_data["gitlab_username"].strip().lstrip("@")
        other = User.objects.filter(gitlab_username__iexact=name).exclude(pk=self.instance.pk).first() if name else None
        if other:
            raise forms.ValidationError(f"{other} already has this GitLab name. Take it from them first.")
        return name


class PersonForm(PersonChecks, UserChangeForm):
    """A person who is here already."""

    time_zone = forms.ChoiceField(choices=lambda: [(name, name) for name in sorted(time_zones())])


class NewPersonForm(AdminUserCreationForm):
    """A new person; roles, GitLab name and the rest are asked on the page that follows."""
