"""Sign-in through GitLab's OpenID Connect, against a provider over real HTTP; GitLab's groups become roles each
time."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from supportops.accounts.models import User
from supportops.accounts.roles import Role, roles_of
from tests.factories import person


class FakeProvider(ThreadingHTTPServer):
    """The four addresses of an OpenID Connect provider; ``claims`` is who signs in."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.claims, self.sent = {}, {}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        at = self.server.url
        if self.path == "/.well-known/openid-configuration":
            self._say(
                {
                    "issuer": at,
                    "authorization_endpoint": f"{at}/oauth/authorize",
                    "token_endpoint": f"{at}/oauth/token",
                    "userinfo_endpoint": f"{at}/oauth/userinfo",
                    "jwks_uri": f"{at}/keys",
                }
            )
        elif self.path == "/oauth/userinfo":
            self.server.sent["authorization"] = self.headers["Authorization"]
            self._say(self.server.claims)

    def do_POST(self):
        self.server.sent["token"] = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        id_token = jwt.encode(
            {"iss": self.server.url, "aud": "portal", **self.server.claims}, "x" * 32, algorithm="HS256"
        )
        self._say({"access_token": "token-of-the-person", "token_type": "Bearer", "id_token": id_token})

    def _say(self, data):
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def gitlab(settings):
    """A provider, and the portal configured for it."""
    server = FakeProvider()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.SOCIALACCOUNT_ONLY = True
    settings.GITLAB_GROUP_ROLES = {"acme/ops": "ops", "acme/managers": "managers"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "gitlab",
                    "name": "GitLab",
                    "client_id": "portal",
                    "secret": "secret",
                    "settings": {"server_url": server.url, "token_auth_method": "client_secret_post"},
                }
            ],
        }
    }
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def sign_in(client, gitlab, **claims):
    gitlab.claims = {"sub": "4711", "preferred_username": "rita", "email": "rita@example.com", "groups": [], **claims}
    away = client.post("/accounts/oidc/gitlab/login/")
    asked = parse_qs(urlsplit(away["Location"]).query)
    return asked, client.get("/accounts/oidc/gitlab/login/callback/", {"code": "abc", "state": asked["state"][0]})


@pytest.mark.django_db
def test_a_new_person_is_let_in_with_the_roles_of_their_groups(client, gitlab):
    asked, answer = sign_in(client, gitlab, groups=["acme/ops", "acme/else"])

    newcomer = User.objects.get(gitlab_username="rita")
    assert answer.status_code == 302 and client.session["_auth_user_id"] == str(newcomer.pk)
    assert asked["code_challenge_method"] == ["S256"]
    assert roles_of(newcomer) == {Role.OPS}
    assert not newcomer.has_usable_password()
    assert gitlab.sent["authorization"] == "Bearer token-of-the-person"


@pytest.mark.django_db
def test_a_person_an_administrator_made_is_recognised_by_their_gitlab_name(client, gitlab):
    known = person("rrequester", gitlab_username="Rita")

    sign_in(client, gitlab)

    assert client.session["_auth_user_id"] == str(known.pk)
    assert User.objects.get(pk=known.pk).gitlab_id == 4711


@pytest.mark.django_db
def test_changed_groups_change_the_roles_at_the_next_sign_in(client, gitlab):
    known = person("rrequester", gitlab_username="rita", groups=["us-federal"])
    sign_in(client, gitlab, groups=["acme/ops"])
    client.logout()

    sign_in(client, gitlab, groups=["acme/managers"])

    assert User.objects.get(pk=known.pk).group_names == {"managers", "us-federal"}


@pytest.mark.django_db
def test_there_is_no_local_password_then(client, gitlab):
    person("rita2")

    page = client.get("/accounts/login/")
    tried = client.post("/accounts/login/", {"login": "rita2", "password": "portal"})

    assert b'name="password"' not in page.content
    assert tried.status_code in {403, 405} and "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_a_forged_state_signs_nobody_in(client, gitlab):
    client.get("/accounts/oidc/gitlab/login/callback/", {"code": "abc", "state": "forged"})

    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_a_name_that_passed_to_another_gitlab_account_is_refused(client, gitlab):
    person("rrequester", gitlab_username="rita", gitlab_id=1)

    _, answer = sign_in(client, gitlab)

    assert answer.status_code == 403 and b"belonged to somebody else" in answer.content
    assert "_auth_user_id" not in client.session
