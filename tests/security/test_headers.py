"""What every page tells the browser, whoever asks and whatever the answer."""

import pytest

from tests.addresses import ADDRESSES
from workflow.models import Attachment

CSP = "Content-Security-Policy"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PAGES = [address for address in ADDRESSES if "GET" in address.methods]


def directives(answer):
    """{directive: [sources]} of the answer's policy."""
    parts = (part.split() for part in answer.headers.get(CSP, "").split(";") if part.strip())
    return {name: sources for name, *sources in parts}


def problems(answer):
    """What is wrong with the headers of an answer that anybody may get."""
    found = [name for name, value in ALWAYS.items() if answer.headers.get(name) != value]
    policy = directives(answer)
    if policy.get("default-src") != ["'none'"]:
        found.append("default-src")
    if answer["Content-Type"].startswith("text/html"):
        found += [name for name in ("base-uri", "frame-ancestors") if policy.get(name) != ["'none'"]]
        found += [name for name in ("script-src", "style-src") if policy.get(name) != ["'self'"]]
        found += [name for name in ("form-action",) if "'self'" not in policy.get(name, []) or "*" in policy[name]]
    found += [word for word in ("unsafe-inline", "unsafe-eval", "http:", "https: ", "*") if word in _sources(policy)]
    return found


def _sources(policy):
    return [source for sources in policy.values() for source in sources]


@pytest.mark.parametrize("role", ["requester", "ops", "admin"])
def test_every_page_is_strict_and_leaves_no_copy(role, world, signed_in):
    client = signed_in(world.people[role])

    wrong = {}
    for address in PAGES:
        answer = client.get(world.path(address))
        if answer.streaming:
            answer.getvalue()
        found = problems(answer)
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            found.append("Cache-Control")
        if found:
            wrong[world.path(address)] = found

    assert wrong == {}


FOR_EVERYBODY = (
    "/accounts/login/",
    "/",
    "/nothing/",
    "/accounts/signup/",
    "/admin/",
    "/healthz",
    "/readyz",
    "/metrics",
)


@pytest.mark.parametrize("path", FOR_EVERYBODY)
def test_pages_for_everybody_are_strict_too(path, client, db):
    assert problems(client.get(path, follow=True)) == []


REFUSED = (
    ("get", "/issues/987654321/", 404),
    ("get", "/reports/", 403),
    ("put", "/inbox/", 405),
    ("post", "/new/bug/", 422),
)


@pytest.mark.parametrize(("method", "path", "status"), REFUSED)
def test_answers_that_refuse_are_strict_too(method, path, status, world, signed_in):
    answer = getattr(signed_in(world.people["stranger"]), method)(path)

    assert (answer.status_code, problems(answer)) == (status, [])
    assert "no-store" in answer["Cache-Control"]


def test_the_administration_is_strict_too(world, signed_in):
    client = signed_in(world.cast.admin)

    paths = ("/admin/", "/admin/accounts/user/", "/admin/workflow/issue/", "/admin/password_change/", "/admin/jsi18n/")

    assert [path for path in paths if problems(client.get(path))] == []


def test_a_file_runs_nothing_wherever_it_is_opened(world, signed_in):
    file = Attachment.objects.filter(issue=world.bug, internal=False).get()

    answer = signed_in(world.cast.requester).get(f"/issues/{world.bug.pk}/attachments/{file.pk}/")
    answer.getvalue()

    assert directives(answer)["sandbox"] == []
    assert answer["Content-Disposition"].startswith("attachment")
    assert (answer["X-Content-Type-Options"], problems(answer)) == ("nosniff", [])


def test_cookies_are_not_for_scripts(client, world):
    client.post("/accounts/login/", {"login": "requester", "password": "portal"})

    session = client.cookies["sessionid"]

    assert (session["httponly"], session["samesite"]) == (True, "Lax")


class Answer(dict):
    """An answer with nothing but headers."""

    headers = property(lambda self: self)


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("", "default-src"),
        ("default-src 'none'; script-src 'self' 'unsafe-inline'", "script-src"),
        ("default-src 'none'; script-src *", "script-src"),
        ("default-src 'self'", "default-src"),
    ],
)
def test_a_lax_policy_would_be_noticed(policy, problem):
    assert problem in problems(Answer({"Content-Type": "text/html", CSP: policy, **ALWAYS}))
