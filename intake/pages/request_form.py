"""A form that was sent while signed out: kept in the session, and filled in again after the sign-in.

The page around an entry's form.

The form of an entry: show it, keep what is typed, file it.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from intake import actions
from intake.forms import HandOverForm, RequestForm, initial_from
from intake.models import Draft, Texts
from intake.next_steps import button_label, next_steps
from intake.pages.drafts import draft_or_404, entry_or_404
from intake.search import fitting_entries, similar_requests
from supportops.accounts.http import AuthenticatedHttpRequest
from workflow.actions import Incomplete, Refused
from workflow.catalogue.answers import answers_by_key
from workflow.catalogue.field_types import printable
from workflow.catalogue.models import Entry
from workflow.models import Issue

_PLACE = "kept_form"
LONGEST = 200_000
"""Characters. Sessions are written for anybody who asks, so this stays small; longer texts are in the draft already."""


def keep(request: HttpRequest, key: str) -> bool:
    """Remember what was posted to the form ``key``. Returns whether it could be kept; files never are."""
    posted = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    if len(json.dumps(posted)) > LONGEST:
        return False
    request.session[_PLACE] = {"key": key, "posted": posted}
    return True


def kept(request: HttpRequest, key: str) -> Texts | None:
    """What was remembered for the form ``key`` ({name: [texts]}), or None."""
    remembered = request.session.get(_PLACE)
    return remembered["posted"] if remembered and remembered["key"] == key else None


def forget(request: HttpRequest) -> None:
    """It is saved as a draft now, or filed."""
    request.session.pop(_PLACE, None)


def form_page(
    request: AuthenticatedHttpRequest,
    form: RequestForm,
    typed: Any,
    draft: Draft | None,
    *,
    hand_over: HandOverForm | None = None,
    newer: Draft | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form with guidance, what happens next, kept files, and, for who may not file it, the reason and the way on.

    ``typed``: the marks the page carries. ``draft``: the saved one, or None. ``newer``: the draft saved elsewhere.
    """
    entry, person = form.entry, request.user
    refusal = entry.refusal(person)
    if refusal and hand_over is None:
        hand_over = HandOverForm(entry.filers().exclude(pk=person.pk))
    context = {
        "breadcrumb": [{"label": "Start", "url": reverse("start")}, {"label": entry.name}],
        "entry": entry,
        "form": form,
        "typed": typed,
        "draft": draft,
        "newer": newer,
        "other_draft": None
        if draft or request.method == "POST"
        else Draft.objects.unfiled().filter(owner=person, entry=entry).first(),
        "files": [kept.attachment for kept in draft.attachments.select_related("attachment")] if draft else [],
        "refusal": refusal,
        "hand_over": hand_over if refusal else None,
        "handed_on_for": str(draft.originator) if draft and draft.handed_over else None,
        "next_steps": next_steps(entry, form.requester),
        "button": button_label(entry),
        "autosave_url": reverse("autosave", args=[entry.key]),
    }
    _offer_similar(form, entry)
    return render(request, "intake/new.html", context, status=status)


def _offer_similar(form: RequestForm, entry: Entry) -> None:
    form.fields["title"].widget.attrs |= {
        "data-hx-get": reverse("similar", args=[entry.key]),
        "data-hx-trigger": "input changed delay:400ms",
        "data-hx-target": "#similar",
        "data-hx-swap": "outerHTML",
        "data-hx-sync": "this:replace",
        "autocomplete": "off",
    }


OWN_NAMES = ("title", "description", "approver", "approver_reason", "confidential")


@dataclass
class Typed:
    """What a page sent, or what a new page starts from: its marks and the texts by field."""

    submission: uuid.UUID = field(default_factory=uuid.uuid4)
    page: uuid.UUID = field(default_factory=uuid.uuid4)
    version: int = 0
    data: Texts = field(default_factory=dict)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """GET the form; POST ``action`` submit (the default), draft, keep, or hand-over. Survives a sign-in in between."""
    if not request.user.is_authenticated:
        return _sign_in_first(request, key)
    entry = entry_or_404(key)
    return _take(request, entry) if request.method == "POST" else _show(request, entry)


def _sign_in_first(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    if keep(request, key):
        messages.info(request, "Sign in to go on. What you typed is kept; attach files again afterwards.")
    else:
        messages.warning(request, "Sign in to go on. This is too long to be kept: go back in your browser and copy it.")
    return redirect_to_login(request.path)


def _show(request: AuthenticatedHttpRequest, entry: Entry) -> HttpResponse:
    typed, draft = Typed(), None
    if "draft" in request.GET:
        draft = draft_or_404(request.user, _uuid(request.GET["draft"]))
        if draft.issue_id or draft.entry_id != entry.pk:
            return redirect(draft.issue or draft)
        typed = Typed(submission=draft.submission, version=draft.version, data=draft.data)
    elif posted := kept(request, entry.key):
        typed = _typed(posted, entry)
        draft = Draft.objects.with_entry().filter(submission=typed.submission).first()
        if draft and draft.owner_id != request.user.pk:
            typed, draft = Typed(data=typed.data), None
    initial = initial_from(entry, typed.data) or _from_request(request)
    form = RequestForm(entry, requester=draft.originator if draft else request.user, initial=initial)
    return form_page(request, form, typed, draft)


def _from_request(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    """What an earlier request says that the person may read, for one that takes up its matter (``?from=<number>``)."""
    number = request.GET.get("from", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return {}
    issue = get_object_or_404(Issue.objects.visible_to(request.user), pk=int(number))
    return {"title": issue.title, "description": issue.description, **answers_by_key(issue.answers)}


def _take(request: AuthenticatedHttpRequest, entry: Entry) -> HttpResponse:
    action = request.POST.get("action", "submit")
    if action not in STEPS:
        raise Http404("The form has no such button.")
    typed = _typed(dict(request.POST.lists()), entry)
    try:
        draft = _save(request, entry, typed, overwrite=action == "keep")
    except (actions.AlreadyFiled, actions.NewerDraft, Incomplete) as trouble:
        return _not_saved(request, entry, typed, trouble)
    typed.version = draft.version
    problems = actions.add_files(draft, request.FILES.getlist("attachments"), by=request.user)
    if "remove" in request.POST:
        return _remove_file(request, draft)
    return STEPS[action](request, entry, draft, typed, problems)


def _save(request: AuthenticatedHttpRequest, entry: Entry, typed: Typed, *, overwrite: bool = False) -> Draft:
    draft = actions.save_draft(
        typed.submission,
        by=request.user,
        entry=entry,
        data=typed.data,
        page=typed.page,
        seen_version=typed.version,
        overwrite=overwrite,
    )
    forget(request)
    return draft


def _not_saved(
    request: AuthenticatedHttpRequest,
    entry: Entry,
    typed: Typed,
    trouble: actions.AlreadyFiled | actions.NewerDraft | Incomplete,
) -> HttpResponse:
    if isinstance(trouble, actions.AlreadyFiled):
        messages.info(request, str(trouble))
        return redirect(trouble.issue)
    if isinstance(trouble, actions.NewerDraft):
        form = RequestForm(entry, requester=trouble.draft.originator, initial=initial_from(entry, typed.data))
        return form_page(request, form, typed, trouble.draft, newer=trouble.draft, status=409)
    form = RequestForm(entry, requester=request.user, data=request.POST)
    return _wrong(request, form, typed, None, [*trouble.problems.values()])


def _file(
    request: AuthenticatedHttpRequest, entry: Entry, draft: Draft, typed: Typed, problems: Iterable[str]
) -> HttpResponse:
    if reason := entry.refusal(request.user):
        raise Refused(reason)
    form = RequestForm(entry, requester=draft.originator, data=request.POST, files=request.FILES)
    if problems or not form.is_valid():
        return _wrong(request, form, typed, draft, problems)
    try:
        issue = actions.submit(draft, form.request(), by=request.user)
    except Incomplete as missing:
        for name, sentence in missing.problems.items():
            form.add_error(name if name in form.fields else None, sentence)
        return _wrong(request, form, typed, draft, [])
    messages.success(request, f"{issue.reference} is filed. {entry.after_filing}".strip())
    return redirect(issue)


def _wrong(
    request: AuthenticatedHttpRequest, form: RequestForm, typed: Typed, draft: Draft | None, problems: Iterable[str]
) -> HttpResponse:
    for problem in problems:
        form.add_error("attachments" if draft else None, problem)
    return form_page(request, form, typed, draft, status=422)


def _saved(
    request: AuthenticatedHttpRequest, entry: Entry, draft: Draft, typed: Typed, problems: Iterable[str]
) -> HttpResponse:
    for problem in problems:
        messages.warning(request, problem)
    messages.success(request, "Your draft is saved.")
    return redirect(draft)


def _remove_file(request: AuthenticatedHttpRequest, draft: Draft) -> HttpResponse:
    number = request.POST["remove"]
    if number.isascii() and number.isdigit() and len(number) < 19:
        actions.remove_file(draft, int(number), by=request.user)
    return redirect(draft)


def _hand_over(
    request: AuthenticatedHttpRequest, entry: Entry, draft: Draft, typed: Typed, problems: Iterable[str]
) -> HttpResponse:
    chosen = HandOverForm(entry.filers().exclude(pk=request.user.pk), request.POST)
    if problems or not chosen.is_valid():
        form = RequestForm(entry, requester=draft.originator, initial=initial_from(entry, typed.data))
        return form_page(request, form, typed, draft, hand_over=chosen, status=422)
    person = chosen.cleaned_data["person"]
    actions.hand_over(draft, to=person, by=request.user)
    messages.success(request, f"Your draft is with {person} now, who files it. You stay the requester.")
    return redirect("drafts")


STEPS = {"submit": _file, "draft": _saved, "keep": _saved, "hand-over": _hand_over}
"""What the buttons of the form do once what was typed is saved."""


@require_POST
def autosave(request: AuthenticatedHttpRequest, key: str) -> JsonResponse:
    """Save what is typed, without a page: 200 with the version, 409 when another page has saved a newer one."""
    entry = entry_or_404(key)
    typed = _typed(dict(request.POST.lists()), entry)
    try:
        draft = _save(request, entry, typed)
    except (actions.NewerDraft, actions.AlreadyFiled) as late:
        return JsonResponse({"reason": str(late)}, status=409)
    except Incomplete as too_long:
        return JsonResponse({"reason": str(too_long)}, status=422)
    return JsonResponse({"version": draft.version})


@require_safe
def similar(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Open requests and entries like the title being typed, as a fragment."""
    entry = entry_or_404(key)
    title = request.GET.get("title", "").replace("\x00", "")
    others = Entry.objects.active().exclude(pk=entry.pk).select_related("route")
    context = {
        "requests": similar_requests(request.user, title),
        "entries": fitting_entries(others, title),
    }
    return render(request, "intake/_similar.html", context)


def _typed(posted: Mapping[str, list[Any]], entry: Entry) -> Typed:
    """The marks and texts of a page from its posted names; whatever else was posted is ignored."""
    names = [*OWN_NAMES, *(question.key for question in entry.questions.all())]
    version = posted.get("draft_version", ["0"])[0]
    return Typed(
        submission=_uuid(posted.get("submission", [""])[0]) or uuid.uuid4(),
        page=_uuid(posted.get("page", [""])[0]) or uuid.uuid4(),
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
        data={name: [printable(text) for text in posted[name]] for name in names if name in posted},
    )


def _uuid(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
