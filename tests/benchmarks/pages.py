"""``make benchmark``: the portal's pages, filing and a step, beside a bare Django page of the same server.

Real: gunicorn with two processes of four threads, the database, eight people at once who keep their connections. Each
operation is measured between two looks at the bare page, because a machine's speed drifts; its ratio is to their mean.
Load data of each size is written once, and kept for the next time in a database of its own, ``supportops_benchmark_…``.
``python -m tests.benchmarks.pages --sizes 1000 100000``.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from itertools import count, cycle
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import psycopg

from tests.benchmarks.receiver import processor_time
from tests.browser.portal import free_port
from tests.faults.portal import ROOT

AT_ONCE = 8
PAGES = {
    "start": "/",
    "list": "/issues/",
    "list, 500 rows deep": "/issues/?after={deep}",
    "queue": "/queues/development/",
    "queue, deep": "/queues/development/?after={deep_in_queue}",
    "mine": "/mine/",
    "inbox": "/inbox/",
    "search": "/issues/?q=calendly+invite",
    "request, 50 comments": "/issues/{fifty}/",
    "one of 24 of those": "/issues/{one_of_many}/",
    "request, 2,000 comments": "/issues/{many}/",
    "reports": "/reports/",
    "form": "/new/bug/",
}
LIKE_A_REAL_ONE = {
    "SAMPLE": "false",
    "ALLOWED_HOSTS": "127.0.0.1",
    "BEHIND_PROXY": "true",
    "SECRET_KEY": "a secret of no portal but the one that is measured",
    "GITLAB_URL": "https://gitlab.invalid",
    "GITLAB_TOKEN": "none",
    "GITLAB_WEBHOOK_SECRET": "none",
}
HEADERS = {"X-Forwarded-Proto": "https", "Host": "127.0.0.1"}


class Pace(NamedTuple):
    """What was measured of one operation: how many a second, percentiles in milliseconds, the server's CPU each."""

    rate: float
    half: float
    most: float
    cpu: float


class Server:
    """Gunicorn with two processes of four threads on a port of its own."""

    def __init__(self, folder, settings, application):
        self.port = free_port()
        how = ("--no-control-socket", "--worker-class", "gthread", "--workers", "2", "--threads", "4")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", application, *how, "--bind", f"127.0.0.1:{self.port}"],
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": settings},
            stdout=(folder / f"{self.port}.log").open("w"),
            stderr=subprocess.STDOUT,
        )

    def measure(self, operation, seconds):
        """Pace of ``operation(agent)`` as eight agents do it for so many seconds, after a moment to warm up."""
        self.run(operation, min(1.0, seconds / 2))
        pids = [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]
        busy, began = sum(map(processor_time, pids)), time.perf_counter()
        times = sorted(self.run(operation, seconds))
        took, busy = time.perf_counter() - began, sum(map(processor_time, pids)) - busy
        middle, most = statistics.median(times) * 1000, times[int(len(times) * 0.95)] * 1000
        return Pace(len(times) / took, middle, most, busy / len(times) * 1000)

    def run(self, operation, seconds):
        """[seconds each took]; what an agent raises ends the measurement."""
        until, times, wrong = time.perf_counter() + seconds, [], []

        def work(number):
            agent = Agent(self.port, number)
            try:
                while time.perf_counter() < until and not wrong:
                    began = time.perf_counter()
                    operation(agent)
                    times.append(time.perf_counter() - began)
            except Exception as error:
                wrong.append(error)

        agents = [threading.Thread(target=work, args=(number,)) for number in range(AT_ONCE)]
        for agent in agents:
            agent.start()
        for agent in agents:
            agent.join()
        if wrong:
            raise wrong[0]
        return times


class Agent:
    """A person with a browser that keeps its connection."""

    sessions = ()

    def __init__(self, port, number):
        self.connection, self.number = HTTPConnection("127.0.0.1", port, timeout=120), number
        self.headers = HEADERS | {
            "Cookie": "; ".join(f"{name}={self.sessions[number]}" for name in ("sessionid", "__Host-sessionid"))
        }

    def get(self, path):
        """The page's text."""
        self.connection.request("GET", path, headers=self.headers)
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise AssertionError(f"{path}: {reply.status}")
        if cookie := re.search(r"__Host-csrftoken=(\w+)", reply.headers.get("Set-Cookie", "")):
            self.token = cookie[1]
        return text.decode()

    def fill_in(self, path, answers):
        """Look at a form, post it with these answers and with what it carries; it must be taken."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.get(path)))
        headers = self.headers | {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"https://127.0.0.1{path}",
            "Cookie": f"{self.headers['Cookie']}; __Host-csrftoken={self.token}",
        }
        self.connection.request("POST", path, urlencode(hidden | answers, doseq=True), headers)
        reply = self.connection.getresponse()
        text = reply.read().decode()
        if reply.status != 302:
            errors = re.findall(r'class="[^"]*error[^"]*"[^>]*>([^<]+)', text)
            raise AssertionError(f"{path}: {reply.status} {errors[:3]}")


def measure_one(size, people, seconds, only):
    """{operation: what was measured} in a database of this size, of those whose name contains ``only``."""
    import django

    django.setup()
    numbers = _filled(size, people)
    Agent.sessions = _sessions()
    folder = Path(os.environ["VAR_DIR"])
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"], cwd=ROOT, check=True)
    portal = Server(folder, "supportops.settings", "supportops.wsgi")
    floor = Server(folder, "tests.benchmarks.floor", "django.core.wsgi:get_wsgi_application()")
    try:
        for server, path in ((portal, "/healthz"), (floor, "/")):
            _until_it_answers(server, path)
        return _measured(portal, floor, numbers, seconds, only)
    finally:
        for server in (portal, floor):
            server.process.terminate()
            server.process.wait(30)
        for log in folder.glob("*.log"):
            if "Traceback" in log.read_text():
                print(log.read_text()[-3000:], file=sys.stderr)


def _measured(portal, floor, numbers, seconds, only):
    found = {}
    before = floor.measure(lambda agent: agent.get("/"), seconds / 2)
    for name, operation in _operations(numbers).items():
        if only not in name:
            continue
        pace = portal.measure(operation, seconds)
        after = floor.measure(lambda agent: agent.get("/"), seconds / 2)
        bare = (before.rate + after.rate) / 2
        found[name] = pace._asdict() | {"share": pace.rate / bare, "floor": bare, "floor_cpu": after.cpu}
        share = found[name]["share"]
        print(f"  {name:28}{pace.rate:8.1f}/s, {share:.0%} of {bare:.0f}; {pace.cpu:.1f} ms of CPU", file=sys.stderr)
        before = after
    for name, read in _reading(found.keys() & PAGES.keys(), numbers):
        found[name] |= read
    return found


def _operations(numbers):
    answers, turn, places = _answers(), count(), cycle(numbers["talkative"])

    def look(path):
        return lambda agent: agent.get(path.format(**numbers, one_of_many=next(places)))

    asked = {name: look(path) for name, path in PAGES.items()}
    steps = {}

    def step(agent):
        mine = numbers["steps"][agent.number :: AT_ONCE]
        number = mine[next(turn) % len(mine)]
        shelved = steps.get(number, False)
        agent.fill_in(
            f"/issues/{number}/{'resume' if shelved else 'shelve'}/", {"text": "Later, when there is time for it."}
        )
        steps[number] = not shelved

    return asked | {"file a request": lambda agent: agent.fill_in("/new/bug/", answers), "a step": step}


def _reading(names, numbers):
    """Yields (page, its statements and blocks) as a member of Support Operations sees it, looked at a second time."""
    from django.db import connection
    from django.test import Client

    from tests.benchmarks.reading import blocks_of, statements

    client = Client(HTTP_X_FORWARDED_PROTO="https", HTTP_HOST="127.0.0.1")
    client.cookies["__Host-sessionid"] = Agent.sessions[0]
    for name in names:
        for _ in range(2):
            with statements() as sent:
                path = PAGES[name].format(**numbers, one_of_many=numbers["talkative"][0])
                assert client.get(path).status_code == 200
        blocks = sum(blocks_of(sent).values()) if connection.vendor == "postgresql" else None
        yield name, {"statements": len(sent), "blocks": blocks}


def _filled(size, people):
    """The database with load data and two talkative requests; {name: numbers}."""
    from django.core.management import call_command

    from workflow.models import Issue
    from workflow.pages.paging import _written
    from workflow.queues import ORDER, in_order
    from workflow.states import State
    from workflow.verbs import Verb

    call_command("migrate", verbosity=0, interactive=False)
    if not Issue.objects.exists():
        call_command("seed_catalogue", verbosity=0)
        call_command("seed_label_schemes", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("seed_load", requests=size, people=people)
    call_command("count_reports")
    many, fifty = Issue.objects.order_by("number").values_list("number", flat=True)[:2]
    triage = Issue.objects.filter(state=State.TRIAGE, restricted_to=None).select_related("route").order_by("-number")
    steps = [issue.pk for issue in triage[:4_000] if issue.can(Verb.SHELVE)]
    development = list(in_order(Issue.objects.filter(state=State.DEVELOPMENT))[:500])
    return {
        "fifty": fifty,
        "many": many,
        "steps": steps[:400],
        "talkative": _talkative(),
        "deep": Issue.objects.order_by("-number")[500:501].get().pk,
        "deep_in_queue": _written(development[len(development) // 2], ORDER),
    }


def _talkative():
    """Numbers of 24 requests with fifty comments each, no two alike: what a text looks like is kept by the process."""
    from django.utils import timezone

    from workflow.models import Comment, Issue

    found = list(Issue.objects.order_by("number")[10:34])
    for issue in found:
        missing = range(issue.comments.count(), 50)
        words = f"About **{issue.reference}**: see `log`, then https://example.com/{issue.pk}.\n\n- first\n- then "
        Comment.objects.bulk_create(
            Comment(issue=issue, author=issue.requester, body=f"{words}{number}", created_at=timezone.now())
            for number in missing
        )
    return [issue.pk for issue in found]


def _sessions():
    """Of eight members of Support Operations, signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from supportops.accounts.models import User

    found = []
    for person in User.objects.ops().order_by("pk")[:AT_ONCE]:
        session = SessionStore()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(person.pk), settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        found.append(session.session_key)
    return found


def _answers():
    """What the form of a bug is filled in with."""
    from django import forms

    from intake.forms import RequestForm
    from supportops.accounts.models import User
    from workflow.catalogue.models import Entry

    form = RequestForm(Entry.objects.get(route__key="bug"), requester=User.objects.ops().first())
    answers = {}
    for name, field in form.fields.items():
        if name in ("attachments", "confidential"):
            continue
        if isinstance(field, forms.ChoiceField):
            answers[name] = next(value for value, _ in field.choices if value)
        elif isinstance(field, forms.URLField):
            answers[name] = "https://example.com/"
        else:
            answers[name] = "Words about what does not work as it did yesterday."
    return answers | {"action": "submit"}


def _until_it_answers(server, path):
    for _ in range(100):
        try:
            return Agent(server.port, 0).get(path)
        except (OSError, AssertionError) as error:
            wrong = error
            time.sleep(0.1)
    raise TimeoutError(f"gunicorn does not answer {path}: {wrong}")


def _database(url, size):
    """The address of the database of this size, made if it is missing."""
    name = f"supportops_benchmark_{size}"
    with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


def main(sizes, seconds, people, only):
    """Measure each size in a process of its own, and print one table."""
    tables = {}
    for size in sizes:
        url = os.environ.get("DATABASE_URL", "")
        place = (
            _database(url, size)
            if url.startswith("postgres")
            else f"sqlite:///{Path(tempfile.gettempdir(), f'supportops_benchmark_{size}.sqlite3')}"
        )
        environment = (
            os.environ | LIKE_A_REAL_ONE | {"DATABASE_URL": place, "DJANGO_SETTINGS_MODULE": "supportops.settings"}
        )
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.pages",
            "--one",
            str(size),
            "--seconds",
            str(seconds),
            "--people",
            str(people),
            "--only",
            only,
        ]
        with tempfile.TemporaryDirectory(prefix="supportops-measure-") as folder:
            environment["VAR_DIR"] = folder
            told = subprocess.run(
                command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            ).stdout
        tables[size] = json.loads(told.splitlines()[-1])
    _print(tables)


HEAD = f"{'':26}{'a second':>9}{'of floor':>9}{'half ms':>9}{'95 % ms':>9}{'CPU ms':>8}{'of floor':>9}"
HEAD += f"{'statements':>11}{'blocks':>8}"


def _print(tables):
    first = min(tables)
    for size, found in tables.items():
        print(f"\n{size:,} requests\n{HEAD}  slower than at {first:,}")
        for name, row in found.items():
            times = f"{row['half']:9.0f}{row['most']:9.0f}{row['cpu']:8.1f}{row['floor_cpu'] / row['cpu']:9.0%}"
            read = f"{row.get('statements') or '':>11}{row.get('blocks') or '':>8}"
            slower = tables[first][name]["share"] / row["share"]
            print(f"{name:26}{row['rate']:9.1f}{row['share']:9.0%}{times}{read}{slower:8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--one", type=int, help="measure this size in the database that DATABASE_URL names")
    parser.add_argument("--only", default="", help="what the names of the operations contain")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure_one(given.one, given.people, given.seconds, given.only)))
    else:
        main(given.sizes, given.seconds, given.people, given.only)
