"""What is asked when an absence is entered, by the person or by an administrator, and what is refused."""

from typing import Any

from django import forms
from django.utils import timezone

from supportops.accounts.absence import circle
from supportops.accounts.models import User

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
