"""How the portal learns its ways out: one address for mail, one token for Slack, and words for what is missing."""

import json

import pytest

from tests.processes import portal_python

REAL = {"SAMPLE": "false", "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "supportops.example.com"}
SHOW = (
    "import json; from django.conf import settings as s; "
    "print(json.dumps([s.EMAIL_BACKEND.split('.')[-2], s.SENDS_EMAIL, s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_TLS, "
    "s.EMAIL_TIMEOUT]))"
)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({}, ["filebased", True, None, None, False, 10]),
        (REAL, ["dummy", False, None, None, False, 10]),
        (
            {**REAL, "EMAIL_URL": "smtp://u:p@mail.example.com:587/?tls=true", "DEFAULT_FROM_EMAIL": "a@example.com"},
            ["smtp", True, "mail.example.com", 587, True, 10],
        ),
    ],
    ids=["sample", "real without mail", "real with mail"],
)
def test_mail_is_set_up_by_one_address(given, seen):
    answer = portal_python(SHOW, **{"EMAIL_URL": "", "DEFAULT_FROM_EMAIL": "", **given})
    assert json.loads(answer.stdout) == seen, answer.stderr


def test_mail_without_a_sender_is_half_configured():
    answer = portal_python("", **REAL, EMAIL_URL="smtp://mail.example.com", DEFAULT_FROM_EMAIL="")
    assert "DEFAULT_FROM_EMAIL: name the sender" in answer.stderr
