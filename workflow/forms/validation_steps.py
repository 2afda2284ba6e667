"""The forms of a validation: what to check, what was found on an item, and the two steps that end it."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms

from supportops.accounts.models import User
from supportops.ui.forms import FieldGroup
from workflow.actions.checklist import LONGEST_NOTE, items_in, last_list
from workflow.actions.requirements import Given
from workflow.forms.acts import TakesFiles, files_field
from workflow.forms.base import WordsField
from workflow.forms.steps import StepForm
from workflow.models import Issue, ValidationItem
from workflow.models.validation import Verdict, verdict_of
from workflow.verbs import Act

LONGEST_LIST = 40_000
"""Characters of the whole field; the door counts items and measures each."""


class ItemsField(forms.CharField):
    """A list, written one item per line; cleans to the items."""

    widget = forms.Textarea(attrs={"rows": 5})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=LONGEST_LIST, **kwargs)
        self.error_messages["max_length"] = "Shorten the list; it has %(show_value)d characters."

    def prepare_value(self, value: list[str] | str | None) -> str | None:
        """The items as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: str | None) -> list[str]:
        """The items, without bullets, empty lines and repetitions."""
        return items_in(super().clean(value).splitlines())


class RequestValidationForm(StepForm):
    """What to check and where, in words and as a list; the next round starts from the list of the one before."""

    items = ItemsField(
        label="The list",
        help_text="One thing to check per line; each is ticked or failed by itself. Empty if the words say it all.",
    )

    def build(self) -> None:
        """What failed last stands first."""
        super().build()
        self.initial = {"items": [item.text for item in last_list(self.issue)]}


def tick_name(item: ValidationItem) -> str:
    """The name of an item's box in the form."""
    return f"check_{item.order}"


def reason_name(item: ValidationItem) -> str:
    """The name of an item's reason in the form."""
    return f"failed_{item.order}"


def grouped(
    form: "SendBackForm | ValidateForm", names: Collection[str], title: str, help_text: str
) -> list[FieldGroup]:
    """The fields of the list under a heading, the others after them; empty when there is no list to show."""
    if not names:
        return []
    others = [name for name in form.fields if name not in names]
    return [
        {"title": title, "help": help_text, "fields": [form[name] for name in names]},
        {"title": "", "help": "", "fields": [form[name] for name in others]},
    ]


class ValidateForm(StepForm):
    """A note; and what nobody ticked yet of the list, to be ticked here."""

    def build(self) -> None:
        """A box for every item that is open. What failed is looked at again on the list."""
        super().build()
        note = self.fields.pop("text")
        self.open_items = self.issue.items_with(None)
        for item in self.open_items:
            self.fields[tick_name(item)] = forms.BooleanField(
                label=item.text,
                error_messages={"required": "Tick this once you checked it, or send the request back."},
            )
        self.fields["text"] = note

    @property
    def groups(self) -> list[FieldGroup]:
        """The boxes together, then the note."""
        return grouped(self, [tick_name(item) for item in self.open_items], "Tick what you checked", "")

    def given(self) -> Given:
        """The note, and the ids of what was ticked."""
        ticked = [item.pk for item in self.open_items if self.cleaned_data.get(tick_name(item))]
        return {"text": self.cleaned_data["text"], "ticked": ticked}


class SendBackForm(StepForm):
    """What is not right, as a whole or item by item."""

    def build(self) -> None:
        """A reason for every item that is open; what failed already has one. What was typed before somebody else
        looked at the item is taken as well."""
        super().build()
        words = self.fields.pop("text")
        waiting = self.issue.items_with(None)
        self.asked = [
            item for item in self.issue.checklist if item in waiting or self.data.get(reason_name(item), "").strip()
        ]
        for item in self.asked:
            self.fields[reason_name(item)] = WordsField(label=item.text, rows=2)
        if self.issue.checklist:
            words.label, words.help_text = "What else is not right?", "What an item that failed does not say."
        self.fields["text"] = words

    @property
    def groups(self) -> list[FieldGroup]:
        """The items together, then the words."""
        help_text = "Say what is not right with it. Leave it empty if it is right, or if nobody has looked."
        return grouped(self, [reason_name(item) for item in self.asked], "Item by item", help_text)

    def given(self) -> Given:
        """The words, and the reasons by item."""
        failed = {item.pk: self.cleaned_data[reason_name(item)] for item in self.asked}
        return {"text": self.cleaned_data["text"], "failed": failed}

    def add_problems(self, problems: Mapping[str, str]) -> None:
        """A reason that is too long stands at its item."""
        if "failed" in problems:
            long = [item for item in self.asked if len(self.cleaned_data[reason_name(item)]) > LONGEST_NOTE]
            for item in long:
                self.add_error(reason_name(item), problems["failed"])
        super().add_problems({field: sentence for field, sentence in problems.items() if field != "failed"})


class CheckForm(TakesFiles):
    """What was found on one item: ticked or failed, with a note and files. Drawn by the page of the list."""

    item = forms.IntegerField(widget=forms.HiddenInput, max_value=2**63 - 1, min_value=1)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, max_value=2**63 - 1, min_value=0)
    verdict = forms.ChoiceField(choices=Verdict.choices)
    note = WordsField(label="Note, or why it fails", rows=2)
    files = files_field(label="Files", required=False)

    def build(self) -> None:
        """Its fields have names of their own on a page with many such forms."""
        item = self.data.get("item", "")
        self.auto_id = f"item-{item if item.isdigit() else 0}-%s"


def blank_check(issue: Issue, person: User, act: Act, item: ValidationItem) -> CheckForm:
    """The form of one item as it stands now."""
    check = item.check_now
    initial: dict[str, Any] = {"item": item.pk, "seen": check.pk if check else 0}
    if check and verdict_of(item):
        initial["note"] = check.note
    form = CheckForm(act=act, issue=issue, person=person, initial=initial)
    form.auto_id = f"item-{item.pk}-%s"
    return form
