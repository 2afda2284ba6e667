"""What the door tells the apps around it: the core knows neither GitLab's mirror nor the notices.

All but ``issue_changed`` are sent inside the transaction of the change, so that what a receiver writes stands or falls
with it; a receiver that raises undoes the change. ``issue_changed`` follows the commit and only wakes somebody up.
"""

from functools import partial

from django.db import transaction
from django.dispatch import Signal

from workflow.crashpoints import crashpoint

event_recorded = Signal()
"""With ``issue``, ``event``, ``mentioned`` (ids of people): something was done and stands in the history."""
person_needed = Signal()
"""With ``issue``, ``event``, ``person``: the event needs this person now, whatever else they hear."""
comment_written = Signal()
"""With ``issue``, ``comment``, ``by`` (None: somebody the portal does not know), ``mentioned`` (ids of people)."""
person_asked_in = Signal()
"""With ``issue``, ``comment``, ``person``: the comment asks this person to join the discussion."""
attachment_given = Signal()
"""With ``issue``, ``attachment``: a file belongs to the request from now on."""
issues_linked = Signal()
"""With ``link``: two requests belong together."""
tracker_given = Signal()
"""With ``issue``: it was filed, or reclassified; it has a tracker from now on, or none."""
content_changed = Signal()
"""With ``issue``: what is shown of it changed without an event of its own."""
draft_wanted = Signal()
"""With ``entry`` (its route's key), ``owner``, ``title``, ``description``, ``rows``, ``continues``: somebody is to
finish a form that is filled with what is known. Its one receiver returns the form's address."""
news_told = Signal()
"""With ``people``, ``title``, ``text``, ``path``, ``button``: something to hear of that is no request."""
news_settled = Signal()
"""With ``path``: whatever was told about this page is dealt with."""
issue_changed = Signal()
"""Sent once the change is committed, with ``number``."""


def announce(number: int) -> None:
    """Send ``issue_changed`` when the running transaction commits; a receiver that fails costs nobody anything."""
    transaction.on_commit(partial(_tell, number), robust=True)


def _tell(number: int) -> None:
    crashpoint("committed")
    issue_changed.send_robust(sender=None, number=number)
