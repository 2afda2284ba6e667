"""The forms of what may be done to a request without changing its state."""

import uuid
from typing import Any, cast

from django import forms

from supportops.accounts.models import User
from supportops.ui.forms import DateInput, MultipleFileField
from workflow.actions.approvals import eligible_approvers
from workflow.actions.attachments import content_types
from workflow.actions.discussion import is_discussed
from workflow.actions.reassigning import seats_to_name
from workflow.catalogue.models import Tracker
from workflow.forms.base import ActForm, WordsField
from workflow.forms.choices import ops_who_see
from workflow.permissions import may_see, sees_internal
from workflow.states import ENDED, Priority

FILES_HELP = "Up to 10 MB each: pictures, films, PDF, text, mail, tables, zip."


def accepted_files() -> str:
    """The endings that a browser's dialog offers."""
    return ",".join(f".{extension}" for extension in content_types())


def files_field(**kwargs: Any) -> Any:
    """A MultipleFileField of the kinds that are kept; not typed so, because a form's own ``files`` are no field."""
    field = MultipleFileField(help_text=FILES_HELP, **kwargs)
    field.widget.attrs["accept"] = accepted_files()
    return field


class AssignForm(ActForm):
    """Who of Support Operations owns it."""

    assignee = forms.ModelChoiceField[User](None, label="Owner", required=False, empty_label="Nobody yet")

    def build(self) -> None:
        """The members it exists for."""
        self.offer("assignee", ops_who_see(self.issue))
        self.initial = {"assignee": self.issue.assignee_id}


class PriorityForm(ActForm):
    """How urgent it is."""

    priority = forms.TypedChoiceField(
        label="Priority", choices=[("", "None"), *Priority.choices], coerce=int, empty_value=None, required=False
    )

    def build(self) -> None:
        """The present one is chosen."""
        self.initial = {"priority": self.issue.priority}


class DueDateForm(ActForm):
    """When it is needed."""

    due_date = forms.DateField(label="Due date", required=False, widget=DateInput(), help_text="Leave empty for none.")

    def build(self) -> None:
        """The present one stands there."""
        self.initial = {"due_date": self.issue.due_date}


class TakesFiles(ActForm):
    """A form with files; what is wrong with one of them stands at the field."""

    def name_of(self, field: str) -> str | None:
        """The door speaks of one file, the form of several."""
        return super().name_of("files" if field == "file" else field)


class CommentForm(TakesFiles):
    """A comment, files, and for Support Operations whether only they read it."""

    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)
    body = WordsField(label="Comment", rows=4, required=True)
    files = files_field(label="Files", required=False)
    internal = forms.BooleanField(label="Only Support Operations read this", required=False)
    asks_ops_in = forms.BooleanField(label="Ask Support Operations to join the discussion", required=False)

    def build(self) -> None:
        """A mark of its own, so that a second press finds the first; internal only for those who read it; in a
        discussion everybody else may ask Support Operations in."""
        self.initial = {"submission": uuid.uuid4()}
        if not sees_internal(self.person):
            del self.fields["internal"]
        if sees_internal(self.person) or not is_discussed(self.issue):
            del self.fields["asks_ops_in"]


class AttachForm(TakesFiles):
    """Files for the request itself."""

    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)
    files = files_field(label="Files")

    def build(self) -> None:
        """A mark of its own, so that a second press keeps nothing more."""
        self.initial = {"submission": uuid.uuid4()}


class WatchForm(ActForm):
    """Whether to hear about it, ``watching`` is yes or no, or that a colleague should."""

    watching = forms.ChoiceField(choices=[("yes", "Watch"), ("no", "Stop watching")], label="Watch this request")
    # Any: Django takes fields off the class, so that ``self.person`` stays the person the form is for.
    person: Any = forms.ModelChoiceField[User](
        None,
        label="Who",
        empty_label="Me",
        required=False,
        help_text="A colleague hears from now on what happens here, and may stop.",
    )

    def build(self) -> None:
        """Everybody who may see it."""
        self.initial = {"watching": "yes"}
        others = User.objects.active().exclude(pk=self.person.pk)
        if self.issue.restricted_to_id:
            others = others.filter(pk__in=[one.pk for one in others if may_see(one, self.issue)])
        self.offer("person", others.order_by("first_name", "last_name", "username"))


class DelegateForm(ActForm):
    """A colleague who validates for the requester, or one who no longer does."""

    # Any: Django takes fields off the class, so that ``self.person`` stays the person the form is for.
    person: Any = forms.ModelChoiceField[User](
        None,
        label="Colleague",
        empty_label="Choose a person",
        error_messages={"required": "Choose who validates for you."},
    )
    text = WordsField(rows=3)
    take_back = forms.ModelChoiceField[User](None, required=False, widget=forms.HiddenInput)

    def build(self) -> None:
        """Everybody but the requester and those who do the work."""
        if self.issue.confidential:
            self.fields["person"].help_text = "Until you take it back your colleague may read this restricted request."
        excluded = {self.issue.requester_id, *self.issue.implementer_ids}
        people = User.objects.active().exclude(pk__in=excluded).order_by("first_name", "last_name", "username")
        self.offer("person", people)
        self.fields["person"].required = not (self.is_bound and self.data.get("take_back"))
        self.offer("take_back", User.objects.filter(pk__in=self.issue.delegate_ids))
        if self.issue.state in ENDED:
            self._only_take_back()

    def _only_take_back(self) -> None:
        """Nobody is delegated to any more; whoever was may still read a restricted request."""
        del self.fields["person"], self.fields["text"]
        field = cast(forms.ModelChoiceField[User], self.fields["take_back"])
        field.widget, field.label, field.required = forms.Select(choices=field.iterator(field)), "Colleague", True
        field.empty_label = "Choose a person"
        field.error_messages["required"] = "Choose from whom you take it back."


class MoveForm(ActForm):
    """Another tracker."""

    tracker = forms.ModelChoiceField[Tracker](None, label="Tracker", empty_label="Choose a tracker")

    def build(self) -> None:
        """The ones that take requests, without the present one."""
        present = {self.issue.tracker_id} if self.issue.tracker_id else set()
        self.offer("tracker", Tracker.objects.filter(is_active=True).exclude(pk__in=present))


class ReviewForm(ActForm):
    """Why it is still blocked, and what happens next."""

    text = WordsField(rows=4, required=True)


class NameApproverForm(ActForm):
    """Who decides; where several places wait, in whose place."""

    seat = forms.TypedChoiceField(label="In place of", coerce=int)
    approver = forms.ModelChoiceField[User](None, label="Approver", empty_label="Choose a manager")
    text = WordsField(rows=3)

    def build(self) -> None:
        """The managers other than the requester and those who are asked already."""
        seats = seats_to_name(self.issue, self.person)
        self.offer("seat", [(seat.pk, str(seat.approver or "Nobody yet")) for seat in seats])
        if len(seats) == 1:
            del self.fields["seat"]
        asked = {seat.approver_id for seat in self.issue.seats if seat.approver_id}
        self.offer("approver", eligible_approvers(self.issue.requester).exclude(pk__in=asked))
