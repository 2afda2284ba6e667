"""Addresses of the catalogue (domain.md §8)."""

from django.urls import path

from intake.views import drafts, new, start

urlpatterns = [
    path("", start.start, name="start"),
    path("guide/", start.guide, name="guide"),
    path("new/<slug:key>/", new.new, name="new"),
    path("new/<slug:key>/autosave/", new.autosave, name="autosave"),
    path("new/<slug:key>/similar/", new.similar, name="similar"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/<uuid:submission>/", drafts.draft, name="draft"),
    path("drafts/<uuid:submission>/discard/", drafts.discard, name="discard"),
]
