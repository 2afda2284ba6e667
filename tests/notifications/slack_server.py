"""A small Slack over HTTP: it checks what it is asked as Slack does, keeps it, and answers as the test says."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TOKEN = "xoxb-of-the-test"


class SlackServer:
    """Answers chat.postMessage; ``answers`` are given out in turn, then ok. ``posted`` holds what was accepted."""

    def __init__(self):
        self.asked, self.posted, self.answers = [], [], []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self):
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, status=200, headers=(), silent=False, **body):
        """What the next request gets; ``silent``: it is taken, and the line goes dead."""
        self.answers.append((status, dict(headers), silent, body))

    def _handler(self):
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                slack.asked.append(body)
                problem = slack._problem(self.path, self.headers, body)
                status, headers, silent, answer = (
                    (200, {}, False, {"ok": False, "error": problem})
                    if problem
                    else slack.answers.pop(0)
                    if slack.answers
                    else (200, {}, False, {"ok": True, "ts": "1.2", "channel": "D1"})
                )
                if silent or answer.get("ok"):
                    slack.posted.append(body)
                if silent:
                    self.connection.close()
                    return
                payload = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *args):
                """Tests read what was asked, not a log."""

        return Handler

    @staticmethod
    def _problem(path, headers, body):
        """Slack's error for a request that is not one of chat.postMessage's, or None."""
        if path != "/api/chat.postMessage":
            return "unknown_method"
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return "invalid_auth"
        if not body.get("channel", "").startswith("U"):
            return "channel_not_found"
        texts = [block["text"]["text"] for block in body["blocks"] if block["type"] == "section"]
        if len(body["blocks"]) > 50 or any(len(text) > 3000 for text in texts) or not body.get("text"):
            return "invalid_blocks"
        return None
