"""Where GitLab calls, and the pages about the exchange with it (domain.md §8)."""

from django.urls import path

from workflow.gitlab.pages import label_schemes, panel, sync, sync_queue
from workflow.gitlab.webhooks import receive

urlpatterns = [
    path("hooks/gitlab/", receive, name="gitlab_hook"),
    path("sync/pause/", sync_queue.pause, name="sync-pause"),
    path("sync/resume/", sync_queue.resume, name="sync-resume"),
    path("sync/retry/", sync_queue.retry_all, name="sync-retry"),
    path("sync/labels/", label_schemes.schemes, name="label-schemes"),
    path("sync/labels/<int:pk>/", label_schemes.scheme, name="label-scheme"),
    path("sync/labels/<int:pk>/change/", label_schemes.change, name="change-labels"),
    path("issues/<int:number>/mirror/", panel.mirror, name="mirror"),
    path("issues/<int:number>/sync/", sync.sync_page, name="sync"),
    path("issues/<int:number>/sync/<slug:operation>/", sync.operate, name="sync-operation"),
]
