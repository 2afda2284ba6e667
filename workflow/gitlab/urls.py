"""Where GitLab calls."""

from django.urls import path

from workflow.gitlab.webhooks import receive

urlpatterns = [path("hooks/gitlab/", receive, name="gitlab_hook")]
