"""What is done to a request without changing its state, each at its own address: GET the small form, POST it."""

from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from workflow import actions
from workflow.forms import form_for
from workflow.permissions import refusal, refusal_to_take_back
from workflow.states import ENDED, Act
from workflow.views.access import visible_issue
from workflow.views.buttons import url_of
from workflow.views.doing import address_after, perform
from workflow.views.steps import page_context


@require_http_methods(["GET", "HEAD", "POST"])
def sibling(request, number, act):
    """Do ``act``: a change that is no step."""
    issue = visible_issue(request, number)

    def make_form(data, files):
        return form_for(act, issue, request.user, data, files, chosen=request.GET.get("route", ""))

    def page(form, status, changes):
        context = page_context(act, form, changes) | {"beside": _beside(act, issue, request.user)}
        if ends_delegation(act, issue):
            context |= {"label": "Take back", "beside": []}
        return render(request, "workflow/step.html", context, status=status)

    def do(form):
        told = _DO[act](form, issue, request.user)
        return told if isinstance(told, tuple) else (told, address_after(request, number))

    return perform(request, issue, act, make_form=make_form, do=do, page=page, why_not=_why_not)


def ends_delegation(act, issue):
    """Whether all that can be done is to take the validation back: the request has ended, a delegate has not."""
    return act == Act.DELEGATE and issue.state in ENDED and bool(issue.delegates)


def _why_not(person, act, issue):
    return refusal_to_take_back(person, issue) if ends_delegation(act, issue) else refusal(person, act, issue)


def _beside(act, issue, person):
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


def _assign(form, issue, by):
    assignee = form.cleaned_data["assignee"]
    actions.assign(issue.pk, assignee, by=by, version=issue.version)
    return f"{assignee} owns this now." if assignee else "Nobody owns this now."


def _priority(form, issue, by):
    after = actions.set_priority(issue.pk, form.cleaned_data["priority"], by=by, version=issue.version)
    return f"The priority is {after.get_priority_display().lower()}." if after.priority else "It has no priority now."


def _due_date(form, issue, by):
    day = form.cleaned_data["due_date"]
    actions.set_due_date(issue.pk, day, by=by, version=issue.version)
    return f"It is due on {day:%-d %B %Y}." if day else "It has no due date now."


def _comment(form, issue, by):
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


def _attach(form, issue, by):
    given = form.cleaned_data
    with actions.stored(given["files"], by=by) as files:
        actions.attach(issue.pk, files, by=by, submission=given["submission"])
    return "Attached one file." if len(files) == 1 else f"Attached {len(files)} files."


def _watch(form, issue, by):
    watching = form.cleaned_data["watching"] == "yes"
    actions.watch(issue.pk, watching, by=by)
    return "You watch this now." if watching else "You no longer watch this."


def _delegate(form, issue, by):
    if former := form.cleaned_data["take_back"]:
        actions.take_back(issue.pk, former, by=by)
        return f"{former} no longer validates this."
    person = form.cleaned_data["person"]
    actions.delegate(issue.pk, person, by=by, text=form.cleaned_data["text"])
    return f"{person} may validate this now."


def _move(form, issue, by):
    after = actions.move(issue.pk, form.cleaned_data["tracker"], by=by, version=issue.version)
    return f"It is in {after.tracker} now."


def _spin_off(form, issue, by):
    new = actions.spin_off(issue.pk, by=by, given=form.given(), version=issue.version)
    return f"{new.reference} is spun off from {issue.reference}.", new.get_absolute_url()


def _name_approver(form, issue, by):
    given = form.cleaned_data
    approver = given["approver"]
    actions.name_approver(issue.pk, approver, by=by, version=issue.version, seat=given.get("seat"), text=given["text"])
    return f"{approver} is asked to decide."


def _review(form, issue, by):
    actions.review_block(issue.pk, form.cleaned_data["text"], by=by, version=issue.version)
    return "Your review is kept. It is still blocked."


_DO = {
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
