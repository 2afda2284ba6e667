"""The portal's addresses and the receiver's."""

from django.urls import include, path

urlpatterns = [path("", include("supportops.urls")), path("", include("workflow.gitlab.urls"))]
