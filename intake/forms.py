"""The form of a request, built from an entry's questions."""

import datetime
import string
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from intake.models import Texts
from supportops.accounts.models import User
from supportops.ui.forms import FieldGroup, MultipleFileField
from workflow.actions.approvals import eligible_approvers, is_eligible
from workflow.actions.discussion import USUAL_DAYS, check_end, last_day
from workflow.catalogue.answers import AnswerRow, FedFields, fields_fed_by, row_for
from workflow.catalogue.field_types import LONGEST_LINE, TYPES, AnswerType, LineField, TextField, field_for, kept_answer
from workflow.catalogue.kinds import ApprovalRule, Kind
from workflow.catalogue.models import AskedOf, Entry, Feeds, Route


class NewRequest(FedFields):
    """What a valid form says about the request to be filed."""

    route: Route
    requester: User
    title: str
    description: str
    answers: list[AnswerRow]
    approver: User | None
    approver_reason: str
    confidential: bool


class RequestForm(forms.Form):
    """Title, the entry's questions, and what every request may carry. Posted names it does not ask for are ignored."""

    def __init__(
        self,
        entry: Entry,
        *,
        requester: User,
        data: Any = None,
        files: Any = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """``requester``: who asks, also when somebody else files. ``initial``: by field name, texts or kept answers."""
        super().__init__(data, files, initial=initial)
        self.entry, self.requester = entry, requester
        self.questions = [question for question in entry.questions.all() if question.asked_of == AskedOf.REQUESTER]
        words = "Several at once are fine. They are kept with your draft."
        attachments = MultipleFileField(required=False, label="Attachments", help_text=words)
        self.fields = self._asked() | self._approver_field() | {"attachments": attachments}
        if entry.route.restricted_to_id is None:
            self.fields["confidential"] = _confidential(entry.route)
        self._bound_due_date()

    def _asked(self) -> dict[str, forms.Field]:
        answers = {question.key: field_for(question) for question in self.questions}
        if self.entry.title_pattern:
            words = "Left empty, it is made from your answers."
            asked = answers | {"title": LineField(label="Title", required=False, help_text=words)}
        else:
            words, missing = "What it is about, in a few words.", {"required": "Give it a title."}
            asked = {"title": LineField(label="Title", help_text=words, error_messages=missing)} | answers
        if not self.entry.description_label:
            return asked | {"description": TextField(label="Anything else we should know", required=False)}
        missing = {"required": "Answer this."}
        text = TextField(label=self.entry.description_label, rows=8, error_messages=missing)
        return {"title": asked["title"], "description": text} | answers

    def _approver_field(self) -> dict[str, forms.Field]:
        if self.entry.route.approval_rule != ApprovalRule.CHOSEN:
            return {}
        managers = eligible_approvers(self.requester)
        # Where nobody is eligible, a lead names the approver later; the form must not wait for what cannot be given.
        field = forms.ModelChoiceField(
            managers,
            label="Manager who decides",
            required=managers.exists(),
            empty_label="Choose a manager",
            error_messages={"required": "Choose a manager.", "invalid_choice": "Choose a manager from the list."},
            initial=self.requester.reports_to_id,
            help_text="Preset to your own manager. Never yourself.",
        )
        reason = TextField(
            label="Why another manager?",
            required=False,
            rows=3,
            help_text="Only if you choose somebody else than your own manager. Both read it.",
        )
        return {"approver": field, "approver_reason": reason}

    def _bound_due_date(self) -> None:
        for question in self.questions:
            if question.feeds == Feeds.DUE_DATE:
                today, field = timezone.localdate(), self.fields[question.key]
                field.initial = today + datetime.timedelta(days=USUAL_DAYS)
                field.widget.attrs["min"] = today.isoformat()
                if self.entry.route.kind == Kind.PROPOSAL:
                    field.widget.attrs["max"] = last_day().isoformat()

    def clean(self) -> dict[str, Any]:
        """Dates that can be kept, and the title made from answers where none was typed."""
        super().clean()
        cleaned = self.cleaned_data
        for question in self.questions:
            if question.feeds == Feeds.DUE_DATE and cleaned.get(question.key):
                self._check_due_date(question.key, cleaned[question.key])
        if self._chose_another(cleaned) and not cleaned.get("approver_reason"):
            self.add_error("approver_reason", f"Say why not {self.requester.reports_to}, or choose them.")
        if self.entry.title_pattern and not cleaned.get("title") and "title" not in self.errors:
            cleaned["title"] = fill(self.entry.title_pattern, cleaned)[:LONGEST_LINE]
        return cleaned

    def _chose_another(self, given: Mapping[str, Any]) -> bool:
        """Whether somebody else than the requester's own manager, who could decide, was chosen."""
        chosen = given.get("approver")
        return chosen is not None and is_eligible(own := self.requester.reports_to, self.requester) and chosen != own

    def _check_due_date(self, key: str, date: datetime.date) -> None:
        if date < timezone.localdate():
            self.add_error(key, "This day has passed. Choose today or a later day.")
        elif problems := check_end(self.entry.route.kind, {"due_date": date}):
            self.add_error(key, problems["due_date"])

    def request(self) -> NewRequest:
        """What ``workflow.actions.open_issue`` needs to know, from a valid form."""
        given = self.cleaned_data
        answers = [row_for(question, given[question.key]) for question in self.questions]
        asked: NewRequest = {
            "route": self.entry.route,
            "requester": self.requester,
            "title": given["title"],
            "description": given["description"],
            "answers": answers,
            "approver": given.get("approver"),
            "approver_reason": given.get("approver_reason", "") if self._chose_another(given) else "",
            "confidential": given.get("confidential", False),
        }
        if self.entry.system:
            asked["system"] = self.entry.system
        asked.update(fields_fed_by(answers))
        return asked

    @property
    def groups(self) -> list[FieldGroup]:
        """The fields as they stand on the page: the questions, who decides, and what may be added."""
        besides: list[str] = [name for name in ("attachments", "confidential") if name in self.fields]
        decides: list[str] = [name for name in ("approver", "approver_reason") if name in self.fields]
        asked = [name for name in self.fields if name not in besides + decides]
        titled: list[tuple[str, list[str]]] = [("", asked), ("Approval", decides), ("", besides)]
        return [{"title": title, "fields": [self[name] for name in names]} for title, names in titled if names]


def _confidential(route: Route) -> forms.BooleanField:
    who = "you, your approver" if route.needs_approval else "you"
    where = ", here and in GitLab" if route.tracker_id else ""
    words = f"Only {who} and the confidential team will see it{where}."
    return forms.BooleanField(required=False, label="This is confidential", help_text=words)


class HandOverForm(forms.Form):
    """To whom a draft is handed."""

    def __init__(self, people: QuerySet[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = forms.ModelChoiceField(people, label="Hand it to", empty_label="Choose a person")


def fill(pattern: str, answers: Mapping[str, Any]) -> str:
    """``pattern`` with each {key} replaced by the answer of that name; nothing else in braces is understood.

    Not ``str.format``: a pattern is edited in the admin, and format would reach into attributes.
    """
    parts = []
    for text, key, _, _ in string.Formatter().parse(pattern):
        answer = kept_answer(answers.get(key)) if key else ""
        parts += [text, ", ".join(answer) if isinstance(answer, list) else str(answer)]
    return " ".join("".join(parts).split())


def initial_from(entry: Entry, data: Texts) -> dict[str, Any]:
    """``initial`` for the form from what was typed ({field: [texts]}): lists where several may be chosen."""
    several = {question.key for question in entry.questions.all() if TYPES[AnswerType(question.type)].several}
    return {name: texts if name in several else texts[0] for name, texts in data.items() if texts}
