"""The list of a validation at /issues/<number>/check/: each item is ticked or failed by itself by who validates."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from workflow import actions
from workflow.actions.validation import PRESENT
from workflow.forms import form_for
from workflow.forms.validation_steps import CheckForm, blank_check
from workflow.models import Attachment, Issue, ValidationItem
from workflow.models.validation import Verdict, checklist_of
from workflow.pages.access import visible_issue
from workflow.pages.action_card import url_of
from workflow.pages.steps import Changes, Files, perform
from workflow.pages.validation_rounds import item_row, stored_file
from workflow.permissions import refusal
from workflow.verbs import Act, Verb

_TOLD = {Verdict.TICKED: "Ticked.", Verdict.FAILED: "Failed, with your reason.", Verdict.OPEN: "Open again."}


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """Show the list of the running round; a POST keeps what was found on one item."""
    issue = visible_issue(request, number)

    def make_form(data: QueryDict | None, files: Files | None) -> CheckForm:
        return form_for(Act.CHECK, issue, request.user, data, files)

    def do(form: CheckForm) -> tuple[str, str]:
        given = form.cleaned_data
        seen = PRESENT if given["seen"] is None else given["seen"] or None
        actions.check(
            issue.pk,
            given["item"],
            given["verdict"],
            by=request.user,
            note=given["note"],
            files=given["files"],
            seen=seen,
        )
        return _TOLD[given["verdict"]], f"{reverse('check', args=[issue.pk])}#item-{given['item']}"

    def page(form: CheckForm, status: int, changes: Changes) -> HttpResponse:
        now = visible_issue(request, number)
        return render(request, "workflow/check.html", _context(now, request.user, form, status, changes), status=status)

    return perform(request, issue, Act.CHECK, make_form=make_form, do=do, page=page)


def _context(issue: Issue, person: User, form: CheckForm, status: int, changes: Changes) -> dict[str, Any]:
    rows = _rows(issue, person, form if form.is_bound else None)
    left = len(rows) - sum(row["shown"]["done"] for row in rows)
    typed = form.data.get("note", "") if form.is_bound and not any(row["typed"] for row in rows) else ""
    return {
        "issue": issue,
        "brief": issue.open_validation.brief if issue.open_validation else issue.validation_brief,
        "rows": rows,
        "unplaced": typed.strip(),
        "wrong": form if form.is_bound and form.errors else None,
        "changed": status == 409,
        "changes": changes,
        "ticked": len(rows) - left,
        "actions": _ways_on(issue, person, left, any(row["shown"]["verdict"] == "failed" for row in rows)),
        "breadcrumb": [{"label": issue.reference, "url": issue.get_absolute_url()}, {"label": Act.CHECK.label}],
    }


def _rows(issue: Issue, person: User, bound: CheckForm | None) -> list[dict[str, Any]]:
    """Each item with its form; what was typed stays in the form it was typed in."""
    items, files, last = issue.checklist, _files(issue), _last_time(issue)
    typed = str(bound.data.get("item", "")) if bound else ""
    return [
        {
            "item": item,
            "shown": _shown(issue, item_row(item, files.get(item.pk, []), last.get(item.before_id or 0)), item),
            "form": _form(issue, person, item, bound if typed == str(item.pk) else None),
            "typed": typed == str(item.pk),
        }
        for item in items
    ]


def _shown(issue: Issue, row: dict[str, Any], item: ValidationItem) -> dict[str, Any]:
    """The row; a tick that counts no longer is drawn as open, with its note."""
    return row | {"verdict": "", "done": False, "by": None, "at": None} if issue.tick_lapsed(item) else row


def _form(issue: Issue, person: User, item: ValidationItem, bound: CheckForm | None) -> CheckForm:
    """The item's form: the bound one where something is wrong with it; else one that knows what stands there now, with
    the words that were typed."""
    if bound and bound.errors:
        return bound
    form = blank_check(issue, person, Act.CHECK, item)
    if bound:
        form.initial["note"] = bound.data.get("note", "")
    return form


def _files(issue: Issue) -> dict[int, list[dict[str, Any]]]:
    """{id of an item: files that came with what was found on it}."""
    files: dict[int, list[dict[str, Any]]] = {}
    given = Attachment.objects.filter(validation_check__item__round=issue.open_validation) if issue.checklist else ()
    for file in given and given.select_related("uploaded_by", "validation_check"):
        if file.validation_check:
            files.setdefault(file.validation_check.item_id, []).append(stored_file(file))
    return files


def _last_time(issue: Issue) -> dict[int, ValidationItem]:
    """{id of an item of the round before: the item as it stood at the end}."""
    before = next((item.before for item in issue.checklist if item.before), None)
    return {item.pk: item for item in checklist_of(before.round)} if before else {}


def _ways_on(issue: Issue, person: User, left: int, failed: bool) -> list[dict[str, str]]:
    """The steps that end the round, the likely one first; none that is refused."""
    order = [Verb.SEND_BACK, Verb.VALIDATE] if failed else [Verb.VALIDATE, Verb.SEND_BACK]
    return [
        {
            "label": verb.label,
            "url": url_of(verb, issue),
            "icon": verb.row.icon,
            "variant": "primary" if verb == order[0] and (failed or not left) else "",
        }
        for verb in order
        if refusal(person, verb, issue) is None
    ]
