"""A page per verb: GET asks what the step must be given, POST takes it."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from workflow.actions import take_step
from workflow.forms import form_for
from workflow.stages import standing
from workflow.states import Verb
from workflow.views.above import above
from workflow.views.access import visible_issue
from workflow.views.buttons import label_of, url_of
from workflow.views.doing import VERSIONED, address_after, perform
from workflow.views.next_steps import next_of
from workflow.views.words import done

DANGER = frozenset({Verb.DECLINE, Verb.CLOSE, Verb.WITHDRAW})


@require_http_methods(["GET", "HEAD", "POST"])
def step(request, number, verb):
    """Take the step ``verb`` (an unknown one is a page that does not exist)."""
    if verb not in Verb:
        raise Http404("There is no such page.")
    verb, issue = Verb(verb), visible_issue(request, number)

    def make_form(data, files):
        return form_for(verb, issue, request.user, data, files, chosen=request.GET.get("route", ""))

    def do(form):
        after = take_step(issue.pk, verb, by=request.user, given=form.given(), version=issue.version)
        return _told(verb, issue.state, after), address_after(request, number)

    def page(form, status, changes):
        return render(request, "workflow/step.html", page_context(verb, form, changes), status=status)

    return perform(request, issue, verb, make_form=make_form, do=do, page=page)


def page_context(act, form, changes):
    """What ``workflow/step.html`` shows for any form about a request."""
    issue = form.issue
    return {
        "act": act,
        "issue": issue,
        "form": form,
        "changes": changes,
        "label": label_of(act, issue),
        "url": url_of(act, issue),
        "variant": "danger" if act in DANGER else "primary",
        "next": next_of(act, issue, form.person),
        "above": above(act, issue),
        "entries": getattr(form, "entries", None),
        "chosen": getattr(form, "chosen", ""),
        "versioned": act in VERSIONED,
        "voiding": _voiding(form),
        "changed_text": "Look at what happened. What you wrote is still here; press again if it still holds.",
        "breadcrumb": [{"label": issue.reference, "url": issue.get_absolute_url()}, {"label": label_of(act, issue)}],
    }


def _voiding(form):
    """What is said before an edit that would ask for the approval again."""
    labels = getattr(form, "voiding_labels", [])
    quoted = [f"“{label}”" for label in labels]
    listed = " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
    return f"A change of {listed} asks for the approval again." if labels else ""


def _still_needed(issue):
    """What a round of several still waits for, after a decision that did not complete it."""
    names = " and ".join(str(person) for person in issue.approvers) or "an approver the lead names"
    given = sum(seat.decided_at is not None for seat in issue.seats)
    return f"{given} of {issue.open_round.needed} approvals are given; it waits for {names}."


def _told(verb, before, issue):
    """The message after a step: what was done, and where the request is now."""
    words = f"You {done(verb)}."
    if issue.state == before:
        return f"{words} {_still_needed(issue)}" if verb == Verb.APPROVE else words
    return f"{words} {issue.reference} is now {standing(issue.state)}."
