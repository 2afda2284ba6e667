"""Addresses of the catalogue (domain.md §8)."""

from django.urls import path

from intake.pages import drafts, request_form, start

urlpatterns = [
    path("", start.start, name="start"),
    path("guide/", start.guide, name="guide"),
    path("new/<slug:key>/", request_form.new, name="new"),
    path("new/<slug:key>/autosave/", request_form.autosave, name="autosave"),
    path("new/<slug:key>/similar/", request_form.similar, name="similar"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/<uuid:submission>/", drafts.draft, name="draft"),
    path("drafts/<uuid:submission>/discard/", drafts.discard, name="discard"),
]
