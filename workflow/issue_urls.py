"""Addresses of one request (domain.md §8)."""

from django.urls import path

from workflow.states import Act
from workflow.views.attachments import attachment
from workflow.views.checklist import check
from workflow.views.gate import gate
from workflow.views.issue import issue_page, mirror
from workflow.views.siblings import sibling
from workflow.views.steps import step
from workflow.views.sync import operate, sync_page

SIBLINGS = [act for act in Act if act not in {Act.GATE, Act.CHECK}]

urlpatterns = [
    path("issues/<int:number>/", issue_page, name="issue"),
    path("issues/<int:number>/gate/", gate, name="gate"),
    path("issues/<int:number>/check/", check, name="check"),
    path("issues/<int:number>/mirror/", mirror, name="mirror"),
    path("issues/<int:number>/sync/", sync_page, name="sync"),
    path("issues/<int:number>/sync/<slug:operation>/", operate, name="sync-operation"),
    path("issues/<int:number>/attachments/<int:pk>/", attachment, name="attachment"),
    *(path(f"issues/<int:number>/{act}/", sibling, {"act": act}, name=act.value) for act in SIBLINGS),
    path("issues/<int:number>/<slug:verb>/", step, name="step"),
]
