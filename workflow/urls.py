"""Every address of the requests."""

from django.urls import include, path

urlpatterns = [
    path("", include("workflow.issue_urls")),
    path("", include("workflow.list_urls")),
]
