"""Wiring, and what both apps share; no rule about requests."""

from supportops.celery import app as celery_app

__all__ = ["celery_app"]
