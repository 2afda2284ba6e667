"""People: at the portal's pages with a browser's manners, and in GitLab by its API."""

import random
import threading

import requests

from tests.faults.portal import ADMIN
from tests.soak.pages import Page, filled

AT_THE_PORTAL = ("requester", "colleague", "manager", "standin", "ops", "federal", "lead")
IN_GITLAB = ("requester", "colleague", "ops", "lead", "manager", "federal")
OUTSIDER = "colleague"
"""Never files, delegates or decides what is restricted, so nothing restricted may ever reach them."""
PASSWORD = "portal"
TIMEOUT = 30


class Away(Exception):
    """No answer, or one that says nothing about what was done."""


class Refused(Exception):
    """Answered, and nothing was done."""


class AtThePortal:
    """Somebody signed in once; every thread has a connection of its own with the same cookies."""

    def __init__(self, url, username, ledger):
        self.url, self.username, self._ledger = url, username, ledger
        self._mine, self._cookies, self._signing_in = threading.local(), None, threading.Lock()

    def get(self, path):
        """The page at this address."""
        return self._page(self._asked("GET", path))

    def text(self, path):
        """The answer at this address as (status, text), whatever it is."""
        reply = self._asked("GET", path)
        return reply.status_code, reply.text

    def post(self, path, sent, files=None):
        """Press a button: where the answer leads. Refused if it leads nowhere, Away if nobody knows."""
        reply = self._asked("POST", path, data=sent, files=files)
        if reply.status_code == 302:
            return reply.headers["Location"]
        raise Refused(f"{reply.status_code} at {path}")

    def fill_in(self, path, dice, words, *, page=None, files=None, **given):
        """Open the form at this address, fill in what it asks for, send it: where the answer leads."""
        form = (page or self.get(path.split("#")[0])).form_to(path.split("?")[0])
        if form is None:
            raise Refused(f"No form at {path}")
        return self.post(form.action, filled(form, random.Random(dice), words, **given), files)

    def _asked(self, method, path, **sent):
        session = self._session()
        reply = self._send(session, method, path, **sent)
        if reply.status_code == 302 and "/accounts/login/" in reply.headers.get("Location", ""):
            self._cookies = None
            del self._mine.session
            raise Refused("Signed out; nothing was done.")
        if reply.status_code == 500:
            self._ledger.fail(f"{method} {path} answered 500")
        if reply.status_code >= 500:
            self._ledger.hear_nothing(str(reply.status_code))
            raise Away(f"{reply.status_code} at {path}")
        return reply

    def _send(self, session, method, path, **sent):
        address = path if path.startswith("http") else self.url + path
        try:
            return session.request(
                method, address, headers={"Referer": self.url}, timeout=TIMEOUT, allow_redirects=False, **sent
            )
        except requests.RequestException as error:
            self._ledger.hear_nothing(type(error).__name__)
            raise Away(str(error)) from error

    def _session(self):
        if not hasattr(self._mine, "session"):
            session = requests.Session()
            with self._signing_in:
                if self._cookies is None:
                    self._sign_in(session)
                    self._cookies = session.cookies.copy()
            session.cookies.update(self._cookies)
            self._mine.session = session
        return self._mine.session

    def _sign_in(self, session):
        address = "/accounts/login/"
        form = self._page(self._send(session, "GET", address)).form_to(address)
        if form is None:
            raise Away("The sign-in page has no form.")
        given = {name: value for name, value in form.given.items() if name == "csrfmiddlewaretoken"}
        reply = self._send(session, "POST", address, data=given | {"login": self.username, "password": PASSWORD})
        if reply.status_code != 302:
            raise Away(f"{self.username} cannot sign in: {reply.status_code}")

    @staticmethod
    def _page(reply):
        return Page.read(reply.status_code, reply.text if "html" in reply.headers.get("Content-Type", "") else "")


class InGitLab:
    """Somebody in GitLab: what they may do there is the sandbox's to say."""

    def __init__(self, url, token=ADMIN):
        self.url, self._token = url, token

    def ask(self, method, path, *, by=None, **sent):
        """Ask the API as this person (None: the administrator); the JSON. Refused, or Away if nobody knows."""
        headers = {"PRIVATE-TOKEN": self._token} | ({"Sudo": by} if by else {})
        try:
            reply = requests.request(
                method, f"{self.url}/api/v4{path}", headers=headers, json=sent or None, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise Away(str(error)) from error
        if reply.status_code >= 500:
            raise Away(f"{reply.status_code} at {path}")
        if reply.status_code >= 300:
            raise Refused(f"{reply.status_code} at {path}: {reply.text[:200]}")
        return reply.json() if reply.content else None

    def every(self, path):
        """All rows of a list, page by page, as the administrator."""
        rows, page, mark = [], 1, "&" if "?" in path else "?"
        while found := self.ask("GET", f"{path}{mark}per_page=100&page={page}"):
            rows, page = rows + found, page + 1
        return rows
