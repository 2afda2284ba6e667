"""One way to do anything by form: hidden 404, stale 409, refused 403, invalid 422, done 302 (domain.md §3).

A page per verb: GET asks what the step must be given, POST takes it.

What is done to a request without changing its state, each at its own address: GET the small form, POST it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from workflow import actions
from workflow.actions import Incomplete, Refused, Stale, take_step
from workflow.forms import form_for
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
from workflow.forms.base import ActForm
from workflow.models import ApprovalRound, Event, Issue
from workflow.pages.access import refused, visible_issue
from workflow.pages.action_card import label_of, url_of
from workflow.pages.form_context import above, last_events, next_of
from workflow.pages.timeline import court_of, done, icon_of, labels_of, line_of, others_in, without_hidden
from workflow.permissions import may_see, refusal, refusal_to_take_back
from workflow.states import ENDED, Source, standing
from workflow.verbs import Act, Verb, require_each

_NOBODYS: Mapping[str, str] = {Source.CALENDAR: "The calendar", Source.GITLAB: "GitLab", Source.PORTAL: "The portal"}
GARBAGE = -1
"""Stands for a posted version that is not a number: never the present one."""
Files = MultiValueDict[str, UploadedFile]
Changes = Sequence[dict[str, Any]]
"""What happened since the person looked, as the timeline draws it."""
Form = TypeVar("Form", bound=ActForm)
MakeForm = Callable[[QueryDict | None, Files | None], Form]
ShowForm = Callable[[Form, int, Changes], HttpResponse]


def posted_version(request: HttpRequest, issue: Issue) -> int:
    """The version the person looked at; the present one if the form carried none."""
    raw = request.POST.get("version", "")
    if not raw:
        return issue.version
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else GARBAGE


def perform(
    request: AuthenticatedHttpRequest,
    issue: Issue,
    act: Act | Verb,
    *,
    make_form: MakeForm[Form],
    do: Callable[[Form], tuple[str, str]],
    page: ShowForm[Form],
    why_not: Callable[[User, Act | Verb, Issue], str | None] = refusal,
) -> HttpResponse:
    """Show the form (GET) or do what it asks for (POST), in the order of checks that holds everywhere.

    ``make_form(data, files)`` makes the form; ``do(form)`` goes through the door and returns (message, address);
    ``page(form, status, changes)`` draws the page, ``changes`` being what happened since the person looked;
    ``why_not(person, act, issue)`` says why they may not.
    """
    posted = request.method == "POST"
    seen = posted_version(request, issue) if posted and act.row.versioned else issue.version
    if seen != issue.version:
        return _changed(request, issue, act, make_form, page, seen)
    if reason := why_not(request.user, act, issue):
        return refused(request, issue, act, reason)
    form = make_form(request.POST, request.FILES) if posted else make_form(None, None)
    if not posted or not form.is_valid():
        return page(form, 422 if posted else 200, [])
    try:
        message, address = do(form)
    except Incomplete as error:
        form.add_problems(error.problems)
        return page(form, 422, [])
    except Refused as error:
        return refused(request, issue, act, str(error))
    except Stale:
        now = visible_issue(request, issue.pk)
        return _changed(request, now, act, make_form, page, issue.version)
    messages.success(request, message)
    return redirect(address)


def _changed(
    request: AuthenticatedHttpRequest,
    issue: Issue,
    act: Act | Verb,
    make_form: MakeForm[Form],
    page: ShowForm[Form],
    since: int,
) -> HttpResponse:
    """409: what changed, and the form with all that was typed; pressing again does it to the request as it is now."""
    changes = _entries(issue, last_events(issue, None if since == GARBAGE else since), request.user)
    reason = refusal(request.user, act, issue)
    if reason:
        context = {"issue": issue, "act": act, "reason": reason, "changes": changes, "typed": _typed(request)}
        context["breadcrumb"] = [{"label": issue.reference, "url": issue.get_absolute_url()}, {"label": act.label}]
        return render(request, "workflow/changed.html", context, status=409)
    form = make_form(request.POST, request.FILES)
    form.errors.clear()  # nothing was checked yet; the person looks at the change first
    return page(form, 409, changes)


def _typed(request: HttpRequest) -> list[str]:
    """What the person wrote, to be copied: fields that are longer than a choice."""
    hidden = {"csrfmiddlewaretoken", "version", "submission", "route"}
    fields = [(name, value) for name, value in request.POST.items() if isinstance(value, str)]
    return [value for name, value in fields if name not in hidden and len(value) > 12]


def _entries(issue: Issue, events: Iterable[Event], person: User) -> list[dict[str, Any]]:
    """The events as the timeline draws them; a request that does not exist for the person is not named."""
    named = {number for event in events for number in others_in(event.data)}
    known = set(Issue.objects.visible_to(person).filter(pk__in=named).values_list("pk", flat=True)) if named else set()
    return [_entry(event, without_hidden(event.data, known), labels_of(issue)) for event in events]


def _entry(event: Event, facts: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "event",
        "person": event.actor or event.data.get("author") or _NOBODYS[event.source],
        "on_behalf_of": event.on_behalf_of,
        "text": line_of(
            {"did": event.verb, "facts": facts, "before": event.from_state, "after": event.to_state}, labels
        ),
        "at": event.at,
        "icon": icon_of(event.verb),
        "court": court_of(event.to_state),
        "words": event.text,
    }


def address_after(request: AuthenticatedHttpRequest, number: int) -> str:
    """The request's page, or the person's own list when what they did closed it to them."""
    return _address_of(Issue.objects.get(pk=number), request.user)


def _address_of(issue: Issue, person: User) -> str:
    return issue.get_absolute_url() if may_see(person, issue) else "/mine/"


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: AuthenticatedHttpRequest, number: int, verb: str) -> HttpResponse:
    """Take the step ``verb`` (an unknown one is a page that does not exist)."""
    if verb not in Verb:
        raise Http404("There is no such page.")
    taken, issue = Verb(verb), visible_issue(request, number)

    def make_form(data: QueryDict | None, files: Files | None) -> ActForm:
        return form_for(taken, issue, request.user, data, files, chosen=request.GET.get("route", ""))

    def do(form: ActForm) -> tuple[str, str]:
        after = take_step(issue.pk, taken, by=request.user, given=form.given(), version=issue.version)
        told = _told(taken, issue.state, after)
        after.forget_people()  # whoever decided has no seat any more
        return told, _address_of(after, request.user)

    def page(form: ActForm, status: int, changes: Changes) -> HttpResponse:
        return render(request, "workflow/step.html", page_context(taken, form, changes), status=status)

    return perform(request, issue, taken, make_form=make_form, do=do, page=page)


def page_context(act: Act | Verb, form: ActForm, changes: Changes) -> dict[str, Any]:
    """What ``workflow/step.html`` shows for any form about a request."""
    issue = form.issue
    return {
        "act": act,
        "issue": issue,
        "form": form,
        "changes": changes,
        "label": label_of(act, issue),
        "url": url_of(act, issue),
        "variant": "danger" if act.row.dangerous else "primary",
        "next": next_of(act, issue, form.person),
        "above": above(act, issue),
        "entries": getattr(form, "entries", None),
        "chosen": getattr(form, "chosen", ""),
        "versioned": act.row.versioned,
        "voiding": _voiding(form),
        "changed_text": "Look at what happened. What you wrote is still here; press again if it still holds.",
        "breadcrumb": [{"label": issue.reference, "url": issue.get_absolute_url()}, {"label": label_of(act, issue)}],
    }


def _voiding(form: ActForm) -> str:
    """What is said before an edit that would ask for the approval again."""
    labels = getattr(form, "voiding_labels", [])
    quoted = [f"“{label}”" for label in labels]
    listed = " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
    return f"A change of {listed} asks for the approval again." if labels else ""


def _still_needed(issue: Issue, asked: ApprovalRound) -> str:
    """What a round of several still waits for, after a decision that did not complete it."""
    names = " and ".join(str(person) for person in issue.approvers) or "an approver the lead names"
    given = sum(seat.decided_at is not None for seat in issue.seats)
    return f"{given} of {asked.needed} approvals are given; it waits for {names}."


def _told(verb: Verb, before: str, issue: Issue) -> str:
    """The message after a step: what was done, and where the request is now."""
    words = f"You {done(verb)}."
    if issue.state == before:
        asked = issue.open_round if verb == Verb.APPROVE else None
        return f"{words} {_still_needed(issue, asked)}" if asked else words
    return f"{words} {issue.reference} is now {standing(issue.state)}."


@require_http_methods(["GET", "HEAD", "POST"])
def sibling(request: AuthenticatedHttpRequest, number: int, act: Act) -> HttpResponse:
    """Do ``act``: a change that is no step."""
    issue = visible_issue(request, number)

    def make_form(data: QueryDict | None, files: Files | None) -> ActForm:
        return form_for(act, issue, request.user, data, files, chosen=request.GET.get("route", ""))

    def page(form: ActForm, status: int, changes: Changes) -> HttpResponse:
        context = page_context(act, form, changes) | {"beside": _beside(act, issue, request.user)}
        if ends_delegation(act, issue):
            context |= {"label": "Take back", "beside": []}
        return render(request, "workflow/step.html", context, status=status)

    def do(form: ActForm) -> tuple[str, str]:
        told = _DO[act](form, issue, request.user)
        return told if isinstance(told, tuple) else (told, address_after(request, number))

    return perform(request, issue, act, make_form=make_form, do=do, page=page, why_not=_why_not)


def ends_delegation(act: Act | Verb, issue: Issue) -> bool:
    """Whether all that can be done is to take the validation back: the request has ended, a delegate has not."""
    return act == Act.DELEGATE and issue.state in ENDED and bool(issue.delegates)


def _why_not(person: User, act: Act | Verb, issue: Issue) -> str | None:
    return refusal_to_take_back(person, issue) if ends_delegation(act, issue) else refusal(person, act, issue)


def _beside(act: Act, issue: Issue, person: User) -> list[dict[str, Any]]:
    """Actions of one press beside the form: take it oneself, end a delegation."""
    address = {"url": url_of(act, issue), "post": True}
    if act == Act.ASSIGN and issue.assignee_id != person.pk:
        fields = {"assignee": person.pk, "version": issue.version}
        return [address | {"label": "Assign to me", "icon": "user", "fields": fields}]
    if act == Act.DELEGATE:
        return [
            address | {"label": f"Take back from {delegate}", "icon": "x", "fields": {"take_back": delegate.pk}}
            for delegate in issue.delegates
        ]
    return []


def _assign(form: AssignForm, issue: Issue, by: User) -> str:
    assignee = form.cleaned_data["assignee"]
    actions.assign(issue.pk, assignee, by=by, version=issue.version)
    return f"{assignee} owns this now." if assignee else "Nobody owns this now."


def _priority(form: PriorityForm, issue: Issue, by: User) -> str:
    after = actions.set_priority(issue.pk, form.cleaned_data["priority"], by=by, version=issue.version)
    return f"The priority is {after.get_priority_display().lower()}." if after.priority else "It has no priority now."


def _due_date(form: DueDateForm, issue: Issue, by: User) -> str:
    day = form.cleaned_data["due_date"]
    actions.set_due_date(issue.pk, day, by=by, version=issue.version)
    return f"It is due on {day:%-d %B %Y}." if day else "It has no due date now."


def _comment(form: CommentForm, issue: Issue, by: User) -> str:
    given = form.cleaned_data
    with actions.stored(given["files"], by=by) as files:
        actions.comment(
            issue.pk,
            given["body"],
            by=by,
            internal=given.get("internal", False),
            files=files,
            submission=given["submission"],
            asks_ops_in=given.get("asks_ops_in", False),
        )
    if given.get("asks_ops_in"):
        return "Your comment is there, and Support Operations are asked to join."
    return "Your comment is there." if not given.get("internal") else "Your note is there, for Support Operations only."


def _attach(form: AttachForm, issue: Issue, by: User) -> str:
    given = form.cleaned_data
    with actions.stored(given["files"], by=by) as files:
        actions.attach(issue.pk, files, by=by, submission=given["submission"])
    return "Attached one file." if len(files) == 1 else f"Attached {len(files)} files."


def _watch(form: WatchForm, issue: Issue, by: User) -> str:
    watching, person = form.cleaned_data["watching"] == "yes", form.cleaned_data["person"]
    actions.watch(issue.pk, watching, by=by, person=person)
    if person:
        return f"{person} watches this now, and is told."
    return "You watch this now." if watching else "You no longer watch this."


def _delegate(form: DelegateForm, issue: Issue, by: User) -> str:
    if former := form.cleaned_data["take_back"]:
        actions.take_back(issue.pk, former, by=by)
        return f"{former} no longer validates this."
    person = form.cleaned_data["person"]
    actions.delegate(issue.pk, person, by=by, text=form.cleaned_data["text"])
    return f"{person} may validate this now."


def _move(form: MoveForm, issue: Issue, by: User) -> str:
    after = actions.move(issue.pk, form.cleaned_data["tracker"], by=by, version=issue.version)
    return f"It is in {after.tracker} now."


def _spin_off(form: ActForm, issue: Issue, by: User) -> tuple[str, str]:
    new = actions.spin_off(issue.pk, by=by, given=form.given(), version=issue.version)
    return f"{new.reference} is spun off from {issue.reference}.", new.get_absolute_url()


def _name_approver(form: NameApproverForm, issue: Issue, by: User) -> str:
    given = form.cleaned_data
    approver = given["approver"]
    actions.name_approver(issue.pk, approver, by=by, version=issue.version, seat=given.get("seat"), text=given["text"])
    return f"{approver} is asked to decide."


def _review(form: ReviewForm, issue: Issue, by: User) -> str:
    actions.review_block(issue.pk, form.cleaned_data["text"], by=by, version=issue.version)
    return "Your review is kept. It is still blocked."


_DO: Mapping[Act, Callable[[Any, Issue, User], str | tuple[str, str]]] = {
    Act.ASSIGN: _assign,
    Act.PRIORITY: _priority,
    Act.DUE_DATE: _due_date,
    Act.COMMENT: _comment,
    Act.ATTACH: _attach,
    Act.WATCH: _watch,
    Act.DELEGATE: _delegate,
    Act.MOVE: _move,
    Act.SPIN_OFF: _spin_off,
    Act.NAME_APPROVER: _name_approver,
    Act.REVIEW: _review,
}
require_each([act for act in Act if not act.row.own_page], _DO, "way to be done", "_DO in workflow/pages/steps.py")
