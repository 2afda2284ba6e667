"""What a person wants to be told, by what, and when not."""

from typing import Any

from django import forms
from django.http import QueryDict

from supportops.accounts.models import User
from workflow.notifications.kinds import REASONS, Channel, Reason, When
from workflow.notifications.preferences import choose, preferences_of


class TellingForm(forms.Form):
    """One choice per kind of event and channel, and quiet hours. The inbox always has everything."""

    begins = forms.TimeField(
        label="Quiet from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    ends = forms.TimeField(
        label="Quiet until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    weekends = forms.BooleanField(label="Weekends are quiet too", required=False)

    def __init__(self, data: QueryDict | None = None, *, person: User) -> None:
        self.person, chosen = person, preferences_of(person)
        initial = {"begins": chosen.begins, "ends": chosen.ends, "weekends": chosen.weekends}
        super().__init__(data, initial=initial)
        for reason in Reason:
            for channel in Channel:
                self.fields[_name(reason, channel)] = forms.ChoiceField(
                    label=channel.label, choices=When.choices, initial=chosen.when(reason, channel)
                )

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The form's parts: pairs of fields, and what stands alone below them."""
        kinds = [
            {
                "title": REASONS[reason].title,
                "help": REASONS[reason].help,
                "fields": [self[_name(reason, way)] for way in Channel],
            }
            for reason in Reason
        ]
        quiet = {
            "title": "Quiet hours",
            "help": f"Messages wait until these are over, in your time zone ({self.person.time_zone}). "
            "Leave both times empty for none.",
            "fields": [self["begins"], self["ends"]],
            "alone": self["weekends"],
        }
        return [*kinds, quiet]

    def clean(self) -> dict[str, Any]:
        """Quiet hours have both ends or none."""
        super().clean()
        given = self.cleaned_data
        for name, other in (("begins", "ends"), ("ends", "begins")):
            if not given.get(name) and given.get(other) and name not in self.errors:
                self.add_error(name, "Give both times, or neither.")
        return given

    def save(self) -> None:
        """Keep what was chosen."""
        given = self.cleaned_data
        choices = {(reason, way): given[_name(reason, way)] for reason in Reason for way in Channel}
        choose(self.person, choices, begins=given["begins"], ends=given["ends"], weekends=given["weekends"])


def _name(reason: str, channel: str) -> str:
    return f"{reason}_{channel}".replace("-", "_")
