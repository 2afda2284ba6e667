"""Files of GitLab comments: taken along with the comment, or fetched later by themselves and given up in the end.

A file that cannot be had keeps nothing waiting: its comment is in the portal already and names it (reliability.md §2,
row 55).
"""

from functools import partial

import structlog
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions import Incomplete, store_file
from workflow.actions.from_gitlab import receive_file
from workflow.gitlab.circuit_breaker import hears, is_there
from workflow.gitlab.client import ReadingGateway, open_reader
from workflow.gitlab.errors import Gone, Permanent, Retryable
from workflow.gitlab.failures import FetchWork, handle_failure
from workflow.gitlab.models import PendingFile
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.session import insist
from workflow.models import Attachment
from workflow.models.outgoing import lease_time, new_token
from workflow.states import Source

log = structlog.get_logger(__name__)
SHARE = 0.8
"""How much of each budget files may use up, as looks."""


def download(
    gateway: ReadingGateway, project_id: int, secret: str, name: str, author: User | None
) -> Attachment | None:
    """The file as a stored attachment, or None where the portal takes no such files. Raises what reading raises."""
    try:
        content = gateway.download(project_id, secret, name, largest=settings.ATTACHMENT_MAX_BYTES)
        if not content:
            raise Retryable("GitLab sent nothing of it.")
        stored = store_file(SimpleUploadedFile(name, content), by=author)
    except Gone:
        raise
    except (Permanent, Incomplete) as error:
        log.info("gitlab_file_not_taken", reason=str(error))
        return None
    Attachment.objects.filter(pk=stored.pk).update(source=Source.GITLAB)
    return stored


def due_files(limit: int = 50) -> list[int]:
    """Ids of files to fetch now; none while the connection is paused or GitLab away."""
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return []
    return list(PendingFile.objects.due().filter(parked=False).values_list("pk", flat=True)[:limit])


def fetch_file(pk: int) -> None:
    """Fetch one file, if it is due and nobody else is at it, and give it to its comment."""
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return
    row = _claimed(pk)
    if row is None:
        return
    gateway = open_reader(meter=partial(connection.spend, share=SHARE), heard=hears(connection))
    try:
        stored = None if row.comment.deleted_at else _stored(gateway, row)
    except Exception as error:  # whatever it is, the row must be let go of, and a person told in the end
        insist(partial(handle_failure, error, FetchWork(connection, gateway, row)))
        return
    with transaction.atomic():
        if row.held().delete()[0] and stored is not None:
            receive_file(row.comment, stored)


def _stored(gateway: ReadingGateway, row: PendingFile) -> Attachment | None:
    return download(gateway, row.project_id, row.secret, row.name, row.comment.author)


def _claimed(pk: int) -> PendingFile | None:
    """The row under a lease; the attempt is counted before it is made, so that one that kills workers ends too."""
    now, token = timezone.now(), new_token()
    due = PendingFile.objects.due(now).filter(pk=pk, parked=False)
    if not due.update(leased_until=now + lease_time(), lease=token, attempts=F("attempts") + 1):
        return None
    return PendingFile.objects.select_related("comment__author").filter(pk=pk, lease=token).first()
