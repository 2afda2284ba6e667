"""Addresses of requests, lists and queues (domain.md §8)."""

from django.urls import path

from workflow.pages import (
    bulk_steps,
    gate_page,
    issue_page,
    lists,
    my_requests,
    people_suggestions,
    queue_page,
    reports_page,
    steps,
)
from workflow.pages.attachment_download import attachment
from workflow.pages.checklist_page import check
from workflow.verbs import Act

ACTS = [act for act in Act if not act.row.own_page]

urlpatterns = [
    path("people/suggest/", people_suggestions.suggest, name="suggest"),
    path("mine/", my_requests.mine, name="mine"),
    path("issues/", lists.issues, name="issues"),
    path("queues/<slug:name>/", queue_page.queue, name="queue"),
    path("queues/<slug:name>/bulk/", bulk_steps.bulk, name="bulk"),
    path("reports/", reports_page.reports, name="reports"),
    path("issues/<int:number>/", issue_page.issue_page, name="issue"),
    path("issues/<int:number>/gate/", gate_page.gate, name="gate"),
    path("issues/<int:number>/check/", check, name="check"),
    path("issues/<int:number>/attachments/<int:pk>/", attachment, name="attachment"),
    *(path(f"issues/<int:number>/{act}/", steps.sibling, {"act": act}, name=act.value) for act in ACTS),
    path("issues/<int:number>/<slug:verb>/", steps.step, name="step"),
]
