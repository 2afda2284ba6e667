"""Addresses of the gallery (staff only) and of the choice of colours."""

from django.urls import path

from supportops.ui import views

app_name = "ui"
urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("theme/", views.theme, name="theme"),
    path("<slug:page>/", views.sample, name="sample"),
]
