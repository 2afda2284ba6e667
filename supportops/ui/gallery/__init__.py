"""Realistic sample data for the gallery; nothing here is stored, and nothing outside the gallery reads it."""

from supportops.ui.gallery.pages import PAGES, gallery

__all__ = ["PAGES", "gallery"]
