"""Settings: one file, read once from the environment, typed, and refused when half-configured.

Two setups. *Sample* (no SECRET_KEY, or SAMPLE=true): one process, SQLite, the sandbox GitLab, sample people,
loopback only.
*Real* (SECRET_KEY set): every protection on, and what is missing is named with the way to set it.
"""

import contextlib
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from supportops import data_folder

django_stubs_ext.monkeypatch()  # so that a form or an admin may say of which model it is: ModelForm[Tracker]

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(eager=False)


def _listed(name: str) -> list[str]:
    """A list between commas, without the blanks around its parts and without empty ones."""
    parts: list[str] = env.list(name, [])
    return [part.strip() for part in parts if part.strip()]


VAR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
_secret_key = env.str("SECRET_KEY", "")
SAMPLE = env.bool("SAMPLE", not _secret_key)
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = _listed("ALLOWED_HOSTS")
PORT = env.int("PORT", 8000, validate=validate.Range(1, 65535))
ATTACHMENT_MORE_ENDINGS = _listed("ATTACHMENT_MORE_ENDINGS")
SANDBOX_PORT = env.int("SANDBOX_PORT", 8929, validate=validate.Range(1, 65535))
_database = env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR / 'portal.sqlite3'}")
DATABASE_POOLED = env.bool("DATABASE_POOLED", False)  # a pooler in transaction mode (PgBouncer) stands in between
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "memory://localhost/")
TIME_ZONE = env.str("TIME_ZONE", "UTC")
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
_own_host = "" if SAMPLE or DEBUG else next((host.lstrip(".") for host in ALLOWED_HOSTS if host != "*"), "")
PORTAL_URL = env.str("PORTAL_URL", f"https://{_own_host}" if _own_host else f"http://127.0.0.1:{PORT}")
LOG_LEVEL = env.log_level("LOG_LEVEL", logging.WARNING if SAMPLE else logging.INFO)

GITLAB_URL = env.str("GITLAB_URL", "")
GITLAB_TOKEN = env.str("GITLAB_TOKEN", "")
GITLAB_BOT_USERNAME = env.str("GITLAB_BOT_USERNAME", "")
GITLAB_WEBHOOK_SECRET = _listed("GITLAB_WEBHOOK_SECRET")
GITLAB_WEBHOOK_SIGNING_TOKEN = _listed("GITLAB_WEBHOOK_SIGNING_TOKEN")
GITLAB_OIDC_CLIENT_ID = env.str("GITLAB_OIDC_CLIENT_ID", "")
GITLAB_OIDC_SECRET = env.str("GITLAB_OIDC_SECRET", "")
GITLAB_OIDC_URL = env.str("GITLAB_OIDC_URL", "") or GITLAB_URL
GITLAB_GROUP_ROLES: dict[str, str] = env.dict("GITLAB_GROUP_ROLES", {})
GITLAB_QUARANTINE_SECONDS = env.int("GITLAB_QUARANTINE_SECONDS", 3 if DEBUG or SAMPLE else 150)
GITLAB_TIMEOUT_SECONDS = env.float("GITLAB_TIMEOUT_SECONDS", 20)
GITLAB_LEASE_SECONDS = env.int("GITLAB_LEASE_SECONDS", 120)
GITLAB_DELIVERIES_KEPT_DAYS = env.int("GITLAB_DELIVERIES_KEPT_DAYS", 14, validate=validate.Range(1))
GITLAB_FIGURES_KEPT_DAYS = env.int("GITLAB_FIGURES_KEPT_DAYS", 90, validate=validate.Range(2))
GITLAB_WORDS_GRACE_SECONDS = env.int("GITLAB_WORDS_GRACE_SECONDS", 5)

# Telling people (workflow/notices): ways out of the portal, and when.
_email_url = env.str("EMAIL_URL", "")
_email = env.dj_email_url("EMAIL_URL", "dummy:")
_sender = "" if _email_url and not SAMPLE else "SupportOps <supportops@localhost>"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", _sender)
EMAIL_REPLY_TO = env.str("EMAIL_REPLY_TO", "")
SLACK_BOT_TOKEN = env.str("SLACK_BOT_TOKEN", "")
SLACK_API_URL = env.str("SLACK_API_URL", "https://slack.com/api/")
TELL_AFTER_SECONDS = env.int("TELL_AFTER_SECONDS", 120)
TELL_AT_LATEST_SECONDS = env.int("TELL_AT_LATEST_SECONDS", 600)
TELL_ATTEMPTS = env.int("TELL_ATTEMPTS", 8)
DIGEST_HOUR = env.int("DIGEST_HOUR", 9, validate=validate.Range(0, 23))
REMIND_APPROVER_AFTER_WORKING_DAYS = env.int("REMIND_APPROVER_AFTER_WORKING_DAYS", 2)
TELL_MANAGER_AFTER_WORKING_DAYS = env.int("TELL_MANAGER_AFTER_WORKING_DAYS", 5)
LEAD_DELEGATES_AFTER_WORKING_DAYS = env.int("LEAD_DELEGATES_AFTER_WORKING_DAYS", 5)
REMIND_DISCUSSION_DAYS_BEFORE = env.int("REMIND_DISCUSSION_DAYS_BEFORE", 3)
REVIEW_BLOCKED_EVERY_DAYS = env.int("REVIEW_BLOCKED_EVERY_DAYS", 7, validate=validate.Range(1))
env.seal()


def _refuse_half_configured() -> None:
    """Raise ImproperlyConfigured naming every missing variable and how to set it."""
    missing = []
    if not SAMPLE and not _secret_key:
        missing.append(
            "SECRET_KEY: set it to a long random text, for example from "
            '`python -c "import secrets; print(secrets.token_urlsafe(50))"` (or use SAMPLE=true to try the portal)'
        )
    if not SAMPLE and not DEBUG and not ALLOWED_HOSTS:
        missing.append("ALLOWED_HOSTS: name the host people type, for example supportops.example.com")
    outside = {host for host in ALLOWED_HOSTS if host not in {"localhost", "127.0.0.1", "[::1]", "testserver"}}
    if SAMPLE and outside:
        missing.append(
            "SECRET_KEY: the sample setup answers on this machine only; to serve "
            f"{', '.join(sorted(outside))} set SECRET_KEY"
        )
    if GITLAB_URL and not GITLAB_TOKEN:
        missing.append("GITLAB_TOKEN: set the bot's access token (scope api) for " + GITLAB_URL)
    if GITLAB_URL and not SAMPLE and not (GITLAB_WEBHOOK_SECRET or GITLAB_WEBHOOK_SIGNING_TOKEN):
        missing.append("GITLAB_WEBHOOK_SIGNING_TOKEN (or GITLAB_WEBHOOK_SECRET): set the secret the hooks carry")
    if not SAMPLE and not DEBUG and GITLAB_QUARANTINE_SECONDS < 150:
        missing.append(
            "GITLAB_QUARANTINE_SECONDS: 150 or more; a creation that GitLab commits late would be made twice otherwise"
        )
    if GITLAB_OIDC_CLIENT_ID and not (GITLAB_OIDC_SECRET and GITLAB_OIDC_URL):
        missing.append("GITLAB_OIDC_SECRET and GITLAB_OIDC_URL: sign-in through GitLab needs all three")
    if _email_url and not DEFAULT_FROM_EMAIL:
        missing.append("DEFAULT_FROM_EMAIL: name the sender, for example SupportOps <supportops@example.com>")
    if missing:
        raise ImproperlyConfigured("SupportOps is only half configured.\n  - " + "\n  - ".join(missing))


def _kept_secret(name: str) -> str:
    """A random secret that lives in var/ from the first start on; only the sample setup and the sandbox use these."""
    place, new = VAR / name, VAR / f"{name}.{os.getpid()}"
    try:
        if not place.exists():
            VAR.mkdir(parents=True, exist_ok=True)
            new.touch(0o600)
            new.write_text(secrets.token_urlsafe(50))
            new.replace(place)  # whole or not at all: a disk may be full
        return place.read_text().strip()
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise ImproperlyConfigured(data_folder.complaint(VAR, error) or f"{place}: {error}") from error


_refuse_half_configured()
SECRET_KEY = _secret_key or _kept_secret("secret_key")
USES_SANDBOX = not GITLAB_URL
if USES_SANDBOX:
    GITLAB_URL = f"http://127.0.0.1:{SANDBOX_PORT}"
    GITLAB_TOKEN = GITLAB_TOKEN or _kept_secret("sandbox_bot_token")
    SANDBOX_ADMIN_TOKEN = _kept_secret("sandbox_admin_token")
    GITLAB_WEBHOOK_SECRET = GITLAB_WEBHOOK_SECRET or [_kept_secret("sandbox_hook_secret")]
if SAMPLE and not ALLOWED_HOSTS:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "supportops.accounts.apps.AccountsConfig",
    "supportops.ui",
    "supportops.portal",
    "workflow.catalogue",
    "workflow",
    "workflow.gitlab",
    "workflow.notifications",
    "intake",
    "supportops.accounts.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_filters",
    "django_fsm",
    "django_htmx",
    "django_structlog",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "supportops.accounts.middleware.SignedInPagesAreNotKept",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "supportops.accounts.middleware.PersonTimeZone",
    "workflow.pages.refusals.RefusalsBecomePages",
]

ROOT_URLCONF = "supportops.urls"
WSGI_APPLICATION = "supportops.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "supportops.portal.menu.menu",
            ],
        },
    }
]
FORM_RENDERER = "supportops.ui.forms.Renderer"

if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
    _database["TEST"] = {"NAME": str(VAR / "test.sqlite3")}  # a file: races need real connections
elif _database["ENGINE"] == "django.db.backends.postgresql":
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # a page says 503 sooner than a proxy gives up
    if DATABASE_POOLED:
        _database["DISABLE_SERVER_SIDE_CURSORS"] = True  # they outlive no transaction there
    else:
        # Compiling a plan pays for minutes of work, not for milliseconds. What a connection has planned once (see
        # supportops/statements.py) is not planned again for each person.
        _database["OPTIONS"].setdefault("options", "-c jit=off -c plan_cache_mode=force_generic_plan")
# Kept between requests, and looked at before it is used again: connecting takes longer than most pages read.
_database["CONN_MAX_AGE"] = 300
_database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Only the limits of sign-in are in it: in the database, without which nobody signs in anyway, so that a broker that is
# away or hangs keeps nobody out.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if SAMPLE
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "supportops.accounts.signin.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "supportops.accounts.signin.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # for SESSION_COOKIE_AGE; nobody is asked
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SOCIALACCOUNT_ONLY = bool(GITLAB_OIDC_CLIENT_ID)
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_PROVIDERS = {}
if GITLAB_OIDC_CLIENT_ID:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "gitlab",
                "name": "GitLab",
                "client_id": GITLAB_OIDC_CLIENT_ID,
                "secret": GITLAB_OIDC_SECRET,
                "settings": {"server_url": GITLAB_OIDC_URL, "token_auth_method": "client_secret_post"},
            }
        ],
    }

SENDS_EMAIL = bool(_email_url) or SAMPLE
if not _email_url:  # the sample setup writes its mails into files; a real one sends none until it is told how
    _backend = "filebased" if SAMPLE else "dummy"
    _email["EMAIL_BACKEND"] = f"django.core.mail.backends.{_backend}.EmailBackend"
    _email["EMAIL_FILE_PATH"] = str(VAR / "mail")
EMAIL_BACKEND, EMAIL_FILE_PATH = _email["EMAIL_BACKEND"], _email["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"], _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _email["EMAIL_USE_TLS"], _email["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = _email["EMAIL_TIMEOUT"] or 10  # seconds; the worker's threads know no time limit of their own

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": {"BACKEND": "supportops.storage.WholeFiles"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Outside STATIC and with no URL of its own: attachments leave only through the view that checks who may read them.
MEDIA_ROOT = VAR / "attachments"
MEDIA_URL = ""
ATTACHMENT_MAX_BYTES = 10 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

_gitlab_origin = "{0.scheme}://{0.netloc}".format(urlsplit(GITLAB_OIDC_URL or GITLAB_URL))
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Sign-in answers a POST with a redirect to GitLab; Chromium applies form-action to that redirect too.
        "form-action": [SELF, _gitlab_origin],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "supportops.ui.views.csrf_failure"
if not SAMPLE and not DEBUG:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True

# Celery is an alarm clock: every due time lives in the database (see architecture.md, "Mechanisms that are decided").
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page must not wait for a broker: one that is away took 6 s with kombu's own retries, one that takes the connection
# and never answers as long as it liked.
CELERY_BROKER_CONNECTION_TIMEOUT = 1
_QUICKLY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
CELERY_BROKER_TRANSPORT_OPTIONS: Mapping[str, float]
if CELERY_BROKER_URL.startswith("rediss://") and "ssl_cert_reqs=" not in CELERY_BROKER_URL:
    # Celery checks no certificate unless it is told to; the address may still say ?ssl_cert_reqs=none.
    CELERY_BROKER_URL += f"{'&' if '?' in CELERY_BROKER_URL else '?'}ssl_cert_reqs=required"
if CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "socket_connect_timeout": 1,
        "socket_timeout": 1.5,
        **_QUICKLY,
    }
elif CELERY_BROKER_URL.startswith("memory"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.2}  # seconds; idle, a fourth of the work of 0.05
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = _QUICKLY
CELERY_TIMEZONE = TIME_ZONE
LOGGING_CONFIG = "supportops.logs.configure"
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
LOGGING = {"level": LOG_LEVEL, "json": not SAMPLE and not DEBUG}
