"""What the administration asks about a person, and what it refuses."""

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from supportops.accounts.absence_form import AbsenceChecks
from supportops.accounts.models import User
from supportops.accounts.time_zones import time_zones


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
