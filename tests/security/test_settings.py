"""The portal starts whole or says what is missing; in the production setting every protection is on."""

import json
import secrets

import pytest

from tests.processes import run

KEY = secrets.token_urlsafe(50)
REAL = {
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "supportops.example.com",
    "GITLAB_URL": "https://gitlab.example.com",
    "GITLAB_TOKEN": "a-token",
    "GITLAB_WEBHOOK_SIGNING_TOKEN": "whsec_c2VjcmV0",
}


@pytest.fixture
def start(tmp_path):
    """``start(**environment)``: read the settings in a process of its own, with data of its own."""

    def read(**environment):
        own = {"VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3"}
        return run("-c", "import supportops.settings", **own, **environment)

    return read


def without(*names, **more):
    """The real setting, less some variables, with others."""
    return {name: value for name, value in REAL.items() if name not in names} | more


HALF = (
    # what is set, and the words that say what to do
    (without("SECRET_KEY", SAMPLE="false"), "SECRET_KEY: set it to a long random text"),
    (without("SECRET_KEY"), "SECRET_KEY: the sample setup answers on this machine only; to serve supportops"),
    (without("ALLOWED_HOSTS"), "ALLOWED_HOSTS: name the host people type"),
    (without("GITLAB_TOKEN"), "GITLAB_TOKEN: set the bot's access token (scope api) for https://gitlab.example.com"),
    (without("GITLAB_WEBHOOK_SIGNING_TOKEN"), "GITLAB_WEBHOOK_SIGNING_TOKEN (or GITLAB_WEBHOOK_SECRET): set the"),
    (without(GITLAB_OIDC_CLIENT_ID="portal"), "GITLAB_OIDC_SECRET and GITLAB_OIDC_URL"),
    (without(GITLAB_QUARANTINE_SECONDS="3"), "GITLAB_QUARANTINE_SECONDS: 150 or more"),
    (without(PORT="eighty"), "PORT"),
    (without(DEBUG="perhaps"), "DEBUG"),
    (without(GITLAB_TIMEOUT_SECONDS="long"), "GITLAB_TIMEOUT_SECONDS"),
)


@pytest.mark.parametrize(("environment", "words"), HALF, ids=[words[:40] for _, words in HALF])
def test_half_a_configuration_is_refused_with_what_to_set(environment, words, start):
    ended = start(**environment)

    assert ended.returncode != 0
    assert words in ended.stderr


def test_everything_missing_is_named_at_once(start):
    ended = start(SAMPLE="false", GITLAB_URL="https://gitlab.example.com")

    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "GITLAB_TOKEN", "GITLAB_WEBHOOK_SIGNING_TOKEN"):
        assert f"- {name}" in ended.stderr


def test_no_secret_stands_in_the_refusal(start):
    ended = start(**without("ALLOWED_HOSTS", PORT="eighty"))

    assert ended.returncode != 0
    assert not any(secret in ended.stderr for secret in (KEY, "a-token", "whsec_c2VjcmV0"))


@pytest.mark.parametrize("environment", [{}, REAL, without("GITLAB_WEBHOOK_SIGNING_TOKEN", GITLAB_WEBHOOK_SECRET="x")])
def test_a_whole_configuration_starts(environment, start):
    ended = start(**environment)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_django_finds_nothing_to_warn_of_in_the_production_setting(tmp_path):
    own = {"VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3"}

    ended = run("-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING", **own, **REAL)

    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout


def test_a_weak_setting_would_be_warned_of(tmp_path):
    own = {"VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3"}

    ended = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **own, **without(DEBUG="true"))

    assert ended.returncode == 1
    assert "security.W018" in ended.stderr


PRODUCTION = {
    "DEBUG": False,
    "SESSION_COOKIE_NAME": "__Host-sessionid",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "CSRF_COOKIE_NAME": "__Host-csrftoken",
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31536000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "USE_X_FORWARDED_HOST": False,
    "SECURE_PROXY_SSL_HEADER": None,
    "GITLAB_QUARANTINE_SECONDS": 150,
    "SAMPLE": False,
}


def test_every_protection_is_on_in_the_production_setting(tmp_path):
    own = {"VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3"}
    names = json.dumps(list(PRODUCTION))
    tell = f"import json; from django.conf import settings; print(json.dumps([getattr(settings, n) for n in {names}]))"

    ended = run("-c", tell, **own, **REAL)

    assert dict(zip(PRODUCTION, json.loads(ended.stdout), strict=True)) == PRODUCTION, ended.stderr


def test_the_sample_people_are_offered_nowhere_but_in_the_sample_setup(settings, client, cast):
    settings.SAMPLE = False

    page = client.get("/accounts/login/").content.decode()

    assert "Rita Requester" not in page
    assert 'value="portal"' not in page


def test_lists_forgive_blanks_and_empty_parts(tmp_path):
    own = {"VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3"}
    code = "from django.conf import settings; print(settings.GITLAB_WEBHOOK_SECRET, settings.ALLOWED_HOSTS)"
    ended = run(
        "-c", code, **own, **without(GITLAB_WEBHOOK_SECRET="old, new ,", ALLOWED_HOSTS=" a.example , b.example")
    )
    assert "['old', 'new'] ['a.example', 'b.example']" in ended.stdout, ended.stderr
