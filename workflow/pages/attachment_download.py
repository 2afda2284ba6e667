"""A file leaves the portal only here, to whoever may see its request."""

from django.http import FileResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from workflow.models import Attachment
from workflow.pages.access import LARGEST_NUMBER, no_such_request, visible_issue
from workflow.permissions import sees_internal

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types a browser may show in place; everything else is saved."""
HARMLESS = "default-src 'none'; sandbox"


@require_safe
@never_cache
def attachment(request: AuthenticatedHttpRequest, number: int, pk: int) -> FileResponse:
    """The file ``pk`` of this request. Internal ones exist for Support Operations only."""
    issue = visible_issue(request, number)
    found = issue.attachments.select_related("comment").filter(pk=pk).first() if pk <= LARGEST_NUMBER else None
    if found is None or (found.internal and not sees_internal(request.user)) or _deleted(found):
        raise no_such_request()
    try:
        opened = found.file.open("rb")
    except FileNotFoundError:
        raise no_such_request() from None
    shown = found.content_type in SHOWN
    response = FileResponse(opened, as_attachment=not shown, filename=found.name, content_type=found.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = HARMLESS
    return response


def _deleted(found: Attachment) -> bool:
    return found.comment is not None and found.comment.deleted_at is not None
