"""What a page reads: its statements under EXPLAIN (ANALYZE, BUFFERS), on PostgreSQL."""

import json
from contextlib import contextmanager

from django.db import connection

from supportops.accounts.models import User
from supportops.accounts.roles import Role
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.states import State


@contextmanager
def statements():
    """[(sql, params)] of every statement that runs inside."""
    found = []

    def note(execute, sql, params, many, context):
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def blocks_of(found):
    """{sql: blocks} of the reading statements among these: the 8 kB blocks each looked at, cached or not."""
    read = {}
    for sql, params in found:
        if sql.lstrip("( ").upper().startswith(("SELECT", "WITH", "EXECUTE")):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                told = cursor.fetchone()[0]
            plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
            read[sql] = read.get(sql, 0) + plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return read


def people():
    """{who: person} who look at pages: each has something to find there."""
    in_validation = Issue.objects.filter(state=State.VALIDATION).order_by("-number").first()
    return {
        "ops": User.objects.filter(groups__name=Role.OPS).order_by("pk").first(),
        "manager": in_validation.requester.reports_to or in_validation.requester,
        "requester": in_validation.requester,
    }


LISTS = {
    "list": "/issues/",
    "list, oldest first": "/issues/?sort=oldest",
    "list, last changed first": "/issues/?sort=updated",
    "list, one state": "/issues/?state=development",
    "list, all open": "/issues/?state=open",
    "list, one kind": "/issues/?kind=bug",
    "list, one owner": "/issues/?owner=me",
    "list, nobody's": "/issues/?owner=nobody",
    "list, one priority": "/issues/?priority=2",
    "list, no priority": "/issues/?priority=none",
    "list, one tracker": "/issues/?tracker={tracker}",
    "list, one system": "/issues/?system=Zendesk",
    "list, one customer": "/issues/?customer=Support",
    "list, mine": "/issues/?mine=on",
    "list, watched": "/issues/?watching=on",
    "list, all filters": "/issues/?state=development&kind=bug&priority=2&owner=me&system=Zendesk&customer=Support",
}
PAGES = {
    "start": "/",
    **LISTS,
    "queue": "/queues/triage/",
    "queue, mine": "/queues/development/?owner=me",
    "approvals": "/queues/approvals/",
    "to validate": "/queues/validation/",
    "late validation": "/queues/late-validation/",
    "sent back again": "/queues/raised/",
    "sync": "/queues/sync/",
    "my requests": "/mine/",
    "inbox": "/inbox/",
    "inbox, unread": "/inbox/?only=unread",
    "search": "/issues/?q=calendly+invite",
    "search, a rare word": "/issues/?q=nowhere",
    "request": "/issues/{request}/",
    "request with an approval": "/issues/{approved}/",
    "request that was validated": "/issues/{validated}/",
    "feature with gates": "/issues/{feature}/",
    "ended request": "/issues/{ended}/",
    "a step's form": "/issues/{request}/comment/",
    "form": "/new/bug/",
    "reports": "/reports/",
    "menu": "/menu/",
}


def address(page):
    """The page's address in this database; of requests, the first one of its kind."""
    seen = Issue.objects.filter(restricted_to=None).order_by("pk")
    first = {
        "approved": seen.filter(rounds__isnull=False),
        "validated": seen.filter(validations__isnull=False),
        "feature": seen.filter(kind=Kind.FEATURE),
        "ended": seen.filter(state=State.COMPLETED),
    }
    numbers = {name: issues.values_list("pk", flat=True).first() for name, issues in first.items()}
    return PAGES[page].format(request=2, tracker=Issue.objects.get(pk=2).tracker_id, **numbers)
