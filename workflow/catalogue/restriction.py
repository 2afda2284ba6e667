"""Who handles what somebody marked confidential, and where what is restricted may not go."""

from django.contrib.auth.models import Group

from workflow.catalogue.models import Tracker

CONFIDENTIAL_GROUP = "confidential"


def confidential_group() -> Group:
    """The group that reads requests marked confidential on a route that is not restricted itself."""
    return Group.objects.get_or_create(name=CONFIDENTIAL_GROUP)[0]


def lets_out(here: Tracker | None, there: Tracker | None) -> str | None:
    """Why nothing of a request in the tracker ``here`` may go on in ``there``, in words; None if it may.

    A restricted tracker lets nothing out: in an open project even a confidential issue shows to its members.
    Either may be None (no tracker).
    """
    if here and there and here.confidential_only and not there.confidential_only:
        return f"{here} is restricted and {there} is open to more people. File a new request there instead."
    return None
