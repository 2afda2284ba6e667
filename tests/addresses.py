"""Every address of the portal, who may open it, and what others get: the one table the sweeps read.

Steps and siblings take who may from the matrix (tests/workflow/matrix.py).
"""

from dataclasses import dataclass

from django.core.files.uploadedfile import SimpleUploadedFile

from intake.models import Draft
from tests.factories import Cast, file_request, person
from tests.workflow.matrix import BUG, FEATURE, allowed
from workflow.actions import comment, store_file
from workflow.catalogue.models import Entry
from workflow.gitlab.models.connection import LabelScheme
from workflow.models import Attachment, Issue
from workflow.notifications.models import Notice
from workflow.queues import QUEUES
from workflow.verbs import Act, Verb

ROLES = ("requester", "manager", "ops", "lead", "admin", "stranger")
"""Of the matrix' roles those that meet every kind of refusal."""
OUTSIDERS = ("manager", "ops", "lead", "admin", "stranger")
"""Everybody for whom a restricted request of the requester does not exist."""
OPS = {"ops", "lead"}
READ, FORM, ONLY_POST = {"GET", "HEAD"}, {"GET", "HEAD", "POST"}, {"POST"}
UNKNOWN, HUGE = 987_654_321, 10**30
CANARY = "Canary serinus"
"""In the title of everything hidden; a search for its first word must not bring the second."""


@dataclass(frozen=True)
class Address:
    """``path`` with places in braces, the ``methods`` it takes, who may (``only``; None: everybody who signed in).

    ``else_``: the status for others. ``opens``: the status of a GET by who may. ``public``: the status for who has not
    signed in, None where they must first.
    """

    path: str
    methods: frozenset = frozenset(READ)
    only: frozenset | None = None
    else_: int = 403
    opens: int = 200
    public: int | None = None

    @property
    def of_request(self):
        """Whether it is about one request."""
        return self.path.startswith("/issues/{")

    def expected(self, role):
        """The status of a GET by this role."""
        if self.only is not None and role not in self.only and self.else_ == 404:
            return 404
        if "GET" not in self.methods:
            return 405
        return self.opens if self.only is None or role in self.only else self.else_


def _page(path, **rest):
    return Address(path, frozenset(READ), **rest)


def _form(path, **rest):
    return Address(path, frozenset(FORM), **rest)


def _button(path, **rest):
    return Address(path, frozenset(ONLY_POST), **rest)


def _of(queue):
    return OPS if queue.ops_only else None


TABLE = {
    "start": [_page("/"), _page("/?q=zendesk")],
    "guide": [_page("/guide/")],
    "new": [_form(f"/new/{key}/") for key in ("bug", "calendly", "propose-change", "macros-us-federal", "question")],
    "autosave": [_button("/new/bug/autosave/")],
    "similar": [_page("/new/bug/similar/")],
    "drafts": [_page("/drafts/")],
    "draft": [_page("/drafts/{draft}/", only={"requester"}, else_=404, opens=302)],
    "discard": [_button("/drafts/{draft}/discard/", only={"requester"})],
    "issue": [_page("/issues/{bug}/"), _page("/issues/{feature}/")],
    "gate": [_form("/issues/{feature}/gate/", only=OPS), _form("/issues/{bug}/gate/", only=set())],
    "mirror": [_page("/issues/{bug}/mirror/")],
    "sync": [_page("/issues/{bug}/sync/")],
    "sync-operation": [
        _button(f"/issues/{{bug}}/sync/{name}/", only=OPS) for name in ("retry", "skip", "let-go", "recreate", "relink")
    ],
    "sync-pause": [_form("/sync/pause/", only=OPS)],
    "sync-resume": [_button("/sync/resume/", only=OPS)],
    "sync-retry": [_button("/sync/retry/", only=OPS)],
    "label-schemes": [_page("/sync/labels/", only=OPS | {"admin"})],
    "label-scheme": [_page("/sync/labels/{scheme}/", only=OPS | {"admin"})],
    "change-labels": [_button("/sync/labels/{scheme}/change/", only={"lead", "admin"})],
    "attachment": [
        _page("/issues/{bug}/attachments/{file}/"),
        _page("/issues/{bug}/attachments/{internal_file}/", only=OPS, else_=404),
    ],
    **{
        str(act): [_form(f"/issues/{{bug}}/{act}/", only=allowed(BUG, "triage", act))] for act in Act if act != Act.GATE
    },
    "step": [_form(f"/issues/{{bug}}/{verb}/", only=allowed(BUG, "triage", verb)) for verb in Verb],
    "mine": [_page("/mine/")],
    "suggest": [_page("/people/suggest/?q=re"), _page("/people/suggest/?q=fin&for=names")],
    "issues": [_page("/issues/"), _page("/issues/?format=csv"), _page("/issues/?q=number")],
    "queue": [_page(f"/queues/{name}/", only=_of(queue)) for name, queue in QUEUES.items()],
    "bulk": [_form(f"/queues/{name}/bulk/", only=_of(queue), opens=302) for name, queue in QUEUES.items()],
    "inbox": [_page("/inbox/"), _page("/inbox/?only=unread")],
    "inbox-read": [_button("/inbox/{notice}/read/")],
    "inbox-read-all": [_button("/inbox/read/")],
    "notice-preferences": [_form("/people/me/notices/")],
    "reports": [_page("/reports/", only=OPS), _page("/reports/?format=csv", only=OPS)],
    "menu": [_page("/menu/")],
    "me": [_form("/people/me/")],
    "healthz": [_page("/healthz", public=200)],
    "readyz": [_page("/readyz", public=200)],
    "metrics": [_page("/metrics", public=200)],
    "account_login": [_form("/accounts/login/", public=200, opens=302)],
    "account_logout": [_form("/accounts/logout/")],
    "ui:gallery": [_page("/ui/", only={"admin"}, else_=404)],
    "ui:sample": [_page("/ui/request/", only={"admin"}, else_=404)],
    "ui:theme": [_button("/ui/theme/")],
}
"""{name of the address: [Address]}; a new one without an entry fails the sweep."""
ADDRESSES = [address for addresses in TABLE.values() for address in addresses]
BELONG_TO_OTHERS = ("admin:", "account_", "socialaccount_", "openid_connect_", "gitlab_hook")
"""Django's administration (tests/admin), allauth's own pages, and GitLab's way in (tests/gitlab/inbound), where a
signature takes the place of signing in. Sign-in and sign-out are in the table all the same."""


class World:
    """One of everything that an address can name. ``number`` is what {bug} and {feature} stand for."""

    def __init__(self):
        self.cast = Cast()
        self.people = {role: getattr(self.cast, role, None) or person(role) for role in ROLES}
        self.bug = self._request(BUG)
        self.feature = file_request(self.cast, FEATURE)
        self.hidden_bug = self._request(BUG, title=f"{CANARY} bug", confidential=True)
        self.hidden_feature = file_request(self.cast, FEATURE, title=f"{CANARY} feature", confidential=True)
        requester = self.cast.requester
        self.draft = Draft.objects.create(
            entry=Entry.objects.get(route__key="bug"), owner=requester, originator=requester, data={"title": ["Half"]}
        )
        self.scheme = LabelScheme.objects.get(name="2026")
        self.notice = Notice.objects.filter(person=requester, issue=self.bug).first()

    def _request(self, kind, **fields):
        issue = file_request(self.cast, kind, **fields)
        inside = self.cast.requester if fields else self.cast.ops
        comment(issue.pk, "Seen here too", by=inside, files=[_file(inside)])
        if not fields:
            comment(issue.pk, "Canary of the note", by=inside, internal=True, files=[_file(inside)])
        return Issue.objects.get(pk=issue.pk)

    def path(self, address, *, hidden=False, number=None):
        """The address with its places filled; ``number`` instead of every request's, or the hidden requests'."""
        bug, feature = (self.hidden_bug, self.hidden_feature) if hidden else (self.bug, self.feature)
        files = Attachment.objects.filter(issue=bug)
        return address.path.format(
            bug=number or bug.pk,
            feature=number or feature.pk,
            draft=self.draft.submission,
            notice=self.notice.pk,
            scheme=self.scheme.pk,
            file=files.filter(internal=False).get().pk,
            internal_file=(files.filter(internal=True).first() or files.get()).pk,
        )


def _file(by):
    return store_file(SimpleUploadedFile("notes.txt", b"what was seen"), by=by)
