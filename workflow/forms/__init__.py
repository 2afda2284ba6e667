"""A form for everything that may be done to a request."""

from typing import Literal, overload

from django.http import QueryDict

from supportops.accounts.models import User
from workflow.forms.acts import (
    AssignForm,
    AttachForm,
    CommentForm,
    DelegateForm,
    DueDateForm,
    MoveForm,
    NameApproverForm,
    PriorityForm,
    ReviewForm,
    WatchForm,
)
from workflow.forms.base import ActForm, Files
from workflow.forms.follow_ups import CARRYING_ON
from workflow.forms.steps import AcceptForm, ApproveForm, BlockForm, CloseForm, EditForm, ScheduleForm, StepForm
from workflow.forms.validation_steps import CheckForm, RequestValidationForm, SendBackForm, ValidateForm
from workflow.models import Issue
from workflow.verbs import Act, UnfinishedVerb, Verb, require_each

FORMS: dict[Verb | Act, type[ActForm]] = {
    **dict.fromkeys(Verb, StepForm),
    Verb.APPROVE: ApproveForm,
    Verb.EDIT: EditForm,
    Verb.ACCEPT: AcceptForm,
    Verb.SCHEDULE: ScheduleForm,
    Verb.REQUEST_VALIDATION: RequestValidationForm,
    Verb.VALIDATE: ValidateForm,
    Verb.SEND_BACK: SendBackForm,
    Verb.BLOCK: BlockForm,
    Verb.CLOSE: CloseForm,
    Act.ASSIGN: AssignForm,
    Act.PRIORITY: PriorityForm,
    Act.DUE_DATE: DueDateForm,
    Act.COMMENT: CommentForm,
    Act.ATTACH: AttachForm,
    Act.WATCH: WatchForm,
    Act.DELEGATE: DelegateForm,
    Act.MOVE: MoveForm,
    Act.NAME_APPROVER: NameApproverForm,
    Act.CHECK: CheckForm,
    Act.REVIEW: ReviewForm,
    **CARRYING_ON,
}
"""{Verb or Act: its form}. The gate has none: it is one question with two answers."""
HERE = "FORMS in workflow/forms/__init__.py"
require_each([act for act in Act if not act.row.own_page], FORMS, "form", HERE)
for verb, form in FORMS.items():
    if form is StepForm and not callable(verb.row.required) and verb.row.required.keys() - {"text"}:
        raise UnfinishedVerb(f"“{verb}” must be given more than words, so it needs a form of its own ({HERE}).")


@overload
def form_for(act: Literal[Verb.APPROVE], issue: Issue, person: User) -> ApproveForm: ...
@overload
def form_for(
    act: Literal[Act.CHECK],
    issue: Issue,
    person: User,
    data: QueryDict | None = None,
    files: Files | None = None,
) -> CheckForm: ...
@overload
def form_for(
    act: Act | Verb,
    issue: Issue,
    person: User,
    data: QueryDict | None = None,
    files: Files | None = None,
    *,
    chosen: str = "",
) -> ActForm: ...
def form_for(
    act: Act | Verb,
    issue: Issue,
    person: User,
    data: QueryDict | None = None,
    files: Files | None = None,
    *,
    chosen: str = "",
) -> ActForm:
    """The form for this act on this request by this person, bound to ``data`` if given.

    ``chosen``: the key of the entry that the address names, for the acts that lead to another entry.
    """
    extra = {"chosen": chosen} if act in CARRYING_ON else {}
    return FORMS[act](data, files, act=act, issue=issue, person=person, **extra)
