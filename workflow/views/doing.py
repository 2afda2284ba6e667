"""One way to do anything by form: hidden 404, stale 409, refused 403, invalid 422, done 302 (domain.md §3)."""

from django.contrib import messages
from django.shortcuts import redirect, render

from workflow.actions import Incomplete, Refused, Stale
from workflow.models import Issue
from workflow.permissions import may_see, refusal
from workflow.states import Act, Source, Verb
from workflow.views.above import last_events
from workflow.views.access import refused, visible_issue
from workflow.views.story import court_of
from workflow.views.words import ICONS, labels_of, line_of, others_in, without_hidden

VERSIONED = frozenset(
    {*Verb, Act.ASSIGN, Act.PRIORITY, Act.DUE_DATE, Act.MOVE, Act.SPIN_OFF, Act.NAME_APPROVER, Act.CHECK, Act.REVIEW}
)
"""What is decided on the request as the person saw it. A comment is welcome whatever happened meanwhile."""
_NOBODYS = {Source.CALENDAR: "The calendar", Source.GITLAB: "GitLab", Source.PORTAL: "The portal"}
GARBAGE = -1
"""Stands for a posted version that is not a number: never the present one."""


def posted_version(request, issue):
    """The version the person looked at; the present one if the form carried none."""
    raw = request.POST.get("version", "")
    if not raw:
        return issue.version
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else GARBAGE


def perform(request, issue, act, *, make_form, do, page, why_not=refusal):
    """Show the form (GET) or do what it asks for (POST), in the order of checks that holds everywhere.

    ``make_form(data, files)`` makes the form; ``do(form)`` goes through the door and returns (message, address);
    ``page(form, status, changes)`` draws the page, ``changes`` being what happened since the person looked;
    ``why_not(person, act, issue)`` says why they may not.
    """
    posted = request.method == "POST"
    seen = posted_version(request, issue) if posted and act in VERSIONED else issue.version
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


def _changed(request, issue, act, make_form, page, since):
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


def _typed(request):
    """What the person wrote, to be copied: fields that are longer than a choice."""
    hidden = {"csrfmiddlewaretoken", "version", "submission", "route"}
    return [value for name, value in request.POST.items() if name not in hidden and len(value) > 12]


def _entries(issue, events, person):
    """The events as the timeline draws them; a request that does not exist for the person is not named."""
    named = {number for event in events for number in others_in(event.data)}
    known = set(Issue.objects.visible_to(person).filter(pk__in=named).values_list("pk", flat=True)) if named else set()
    return [_entry(event, without_hidden(event.data, known), labels_of(issue)) for event in events]


def _entry(event, facts, labels):
    return {
        "type": "event",
        "person": event.actor or event.data.get("author") or _NOBODYS[event.source],
        "on_behalf_of": event.on_behalf_of,
        "text": line_of(
            {"did": event.verb, "facts": facts, "before": event.from_state, "after": event.to_state}, labels
        ),
        "at": event.at,
        "icon": ICONS.get(event.verb),
        "court": court_of(event.to_state),
        "words": event.text,
    }


def address_after(request, number):
    """The request's page, or the person's own list when what they did closed it to them."""
    issue = Issue.objects.get(pk=number)
    return issue.get_absolute_url() if may_see(request.user, issue) else "/mine/"
