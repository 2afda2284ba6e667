"""A person with a token, talking to the sandbox over HTTP; and a receiver of webhooks."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import requests

PATIENCE = 30
"""Seconds after which a call has failed, on the busiest machine."""
TRACKER = "gitlab-com/gl-security/corp/cust-support-ops/issue-tracker"
OTHER = "gitlab-com/support/team"
RESTRICTED = "gitlab-com/support/support-ops/zendesk-us-federal"


def project(path):
    """The address of a project in the API."""
    return f"/projects/{quote(path, safe='')}"


class Person:
    """Calls the API with one token. Replies are requests' own."""

    def __init__(self, url, token):
        self.url, self.token = url, token
        self.session = requests.Session()
        if token:
            self.session.headers["PRIVATE-TOKEN"] = token

    def call(self, method, path, **options):
        base = self.url if path.startswith("/sandbox") else f"{self.url}/api/v4"
        return self.session.request(method, base + path, timeout=options.pop("timeout", PATIENCE), **options)

    def get(self, path, **params):
        return self.call("GET", path, params=params)

    def post(self, path, json=None, **options):
        return self.call("POST", path, json=json, **options)

    def put(self, path, json=None):
        return self.call("PUT", path, json=json)

    def delete(self, path):
        return self.call("DELETE", path)

    def issue(self, path=TRACKER, **fields):
        """A new issue, as the API answers it."""
        reply = self.post(f"{project(path)}/issues", {"title": "Something is broken"} | fields)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def note(self, issue, body, **fields):
        return self.post(f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes", {"body": body} | fields)

    def fresh(self, issue):
        return self.get(f"/projects/{issue['project_id']}/issues/{issue['iid']}").json()

    def edit(self, issue, **fields):
        return self.put(f"/projects/{issue['project_id']}/issues/{issue['iid']}", fields)

    def system_notes(self, issue):
        rows = self.get(f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes", activity_filter="only_activity")
        return [row["body"] for row in rows.json()]


class Receiver:
    """A place hooks are sent to: keeps (headers, raw body) and answers `status`."""

    def __init__(self):
        self.received, self.status = [], 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((dict(self.headers.items()), body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(self, count, seconds=PATIENCE):
        """Wait until `count` hooks have arrived; returns them all."""
        until = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.received) >= count, f"{len(self.received)} of {count} hooks arrived"
        return self.received

    def close(self):
        self.server.shutdown()
        self.server.server_close()
