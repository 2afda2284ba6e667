"""Somebody who files requests at a portal that may be away, and counts what came of it."""

import random
import time
from collections import Counter

import requests

from tests.faults.nightly.servers import until
from tests.soak.pages import Page, filled

PATIENCE = 400
ANSWERED_WITHIN = 60


class Away(Exception):
    """No answer, or a 503: nothing is known, the same may be sent again."""


class Refused(Exception):
    """Answered, and nothing was done."""


class Person:
    """Somebody signed in with a browser's manners. ``faults``: what nobody should be answered."""

    def __init__(self, url, username):
        self.username, self.faults = username, []
        self._url, self._session = url, None

    def get(self, path):
        """The page at this address."""
        reply = self._asked("GET", path)
        return Page.read(reply.status_code, reply.text)

    def post(self, path, sent, files=None):
        """Press a button: where the answer leads."""
        reply = self._asked("POST", path, data=sent, files=files)
        if reply.status_code != 302:
            raise Refused(f"{reply.status_code} at {path}")
        return reply.headers["Location"]

    def _asked(self, method, path, **sent):
        if self._session is None:
            self._sign_in()
        reply = self._send(method, path, **sent)
        if "/accounts/login/" in reply.headers.get("Location", ""):
            self._session = None
            raise Refused("Signed out; nothing was sent.")
        return reply

    def _sign_in(self):
        address, self._session = "/accounts/login/", requests.Session()
        try:
            page = self._send("GET", address)
            form = Page.read(page.status_code, page.text).form_to(address)
            token = {"csrfmiddlewaretoken": form.fields["csrfmiddlewaretoken"].value}
            reply = self._send("POST", address, data=token | {"login": self.username, "password": "portal"})
            if reply.status_code != 302:
                raise Away(f"{reply.status_code}: {self.username} cannot sign in")
        except Exception:
            self._session = None
            raise

    def _send(self, method, path, **sent):
        try:
            reply = self._session.request(
                method,
                self._url + path,
                headers={"Referer": self._url},
                timeout=ANSWERED_WITHIN,
                allow_redirects=False,
                **sent,
            )
        except requests.RequestException as error:
            raise Away(str(error)) from error
        if reply.status_code == 500:
            self.faults.append(f"{method} {path} answered 500")
        if reply.status_code >= 500:
            raise Away(f"{reply.status_code} at {path}")
        return reply


class Resident:
    """A requester at a House."""

    def __init__(self, house, name="requester"):
        self.house, self.person = house, Person(house.url, name)
        self.filed = {}
        """Number of every acknowledged request: {title: number}."""
        self.slowest = 0.0

    def file(self, title, patience=PATIENCE):
        """File a bug; sent again, the same form, until somebody acknowledges it."""
        path, ends, posted = "/new/bug/", time.monotonic() + patience, None
        while True:
            try:
                posted = posted or self._form(path, title)
                begun = time.monotonic()
                where = self.person.post(path, posted)
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.filed[title] = int(where.split("/")[2])
                return self.filed[title]
            except (Away, Refused):
                if time.monotonic() > ends:
                    raise
                time.sleep(0.3)

    def _form(self, path, title):
        form = self.person.get(path).form_to(path)
        if form is None:
            raise Away(f"No form at {path}")
        words = filled(form, random.Random(1), lambda name: f"Words for {name}", title=title)
        return words | {"action": "submit"}

    def say(self, number, body):
        """Comment on a request."""
        path = f"/issues/{number}/comment/"
        form = self.person.get(f"/issues/{number}/").form_to(path)
        self.person.post(path, form.given | {"body": body})

    def titles_in_gitlab(self):
        """How many issues GitLab has of each title."""
        found, page = Counter(), 1
        while rows := self.house.gitlab("GET", f"/api/v4/issues?scope=all&per_page=100&page={page}"):
            found.update(row["title"] for row in rows)
            page += 1
        return found

    def in_step(self):
        """Whether the mirror of every acknowledged request is in step."""
        mirrors = self.house.mirrors()
        return all(mirrors.get(number, ("", None, ""))[0] == "in-step" for number in self.filed.values())

    def everything_arrived_once(self, patience=PATIENCE):
        """I1: wait until all mirrors are in step, then hold every title against GitLab."""
        until(self.in_step, patience, self._behind)
        found = self.titles_in_gitlab()
        assert {title: found[title] for title in self.filed} == dict.fromkeys(self.filed, 1)
        assert self.person.faults == []

    def _behind(self):
        late = {number: row for number, row in self.house.mirrors().items() if row[0] != "in-step"}
        ends = "\n".join(f"--- {name}\n{text[-1500:]}" for name, text in self.house.logs())
        return f"Not in step: {late}\n{ends}"
