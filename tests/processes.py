"""The portal's code in a process of its own, in a setting of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATION = (
    "SAMPLE",
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "VAR_DIR",
    "LOG_LEVEL",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
)


def environment(**given):
    """This process's environment without any setting of the portal, and with the given ones."""
    ours = {name for name in os.environ if name in CONFIGURATION or name.startswith("GITLAB_")}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {**inherited, "PYTHONDONTWRITEBYTECODE": "1", "DJANGO_SETTINGS_MODULE": "supportops.settings", **given}


def run(*command, **given):
    """Run Python with these arguments at the root of the repository; the finished process with its text."""
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment(**given), capture_output=True, text=True, timeout=60
    )


def portal_python(code, **given):
    """Run ``code`` with the portal set up in the sample setting, unless ``given`` says otherwise."""
    given = {"SAMPLE": "true", "VAR_DIR": os.environ["VAR_DIR"], "LOG_LEVEL": "40", **given}
    return run("-c", f"import django; django.setup(); {code}", **given)
