"""GitLab's name is not found, or somebody else answers under it: nothing is sent, and it is tried again (row 25)."""

import ast
import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.factories import file_request
from tests.gitlab.pushing import push, push_later
from tests.processes import ROOT
from workflow.gitlab.models.connection import Connection

pytestmark = [pytest.mark.django_db, pytest.mark.fault(25)]


def self_signed(folder):
    """A certificate for this machine that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    place = folder / "self-signed.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    place.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return place


class Impostor:
    """Answers under GitLab's address with a certificate nobody vouches for; remembers what it was told."""

    def __init__(self, folder):
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self_signed(folder))
        self.told, self.calls = b"", 0

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self):
        with suppress(OSError):  # the listener is closed when the test ends
            while True:
                talking, _ = self._listener.accept()
                self.calls += 1
                with talking, suppress(OSError), self._tls.wrap_socket(talking, server_side=True) as secure:
                    self.told += secure.recv(65536)

    def __exit__(self, *error):
        self._listener.close()


def test_a_name_that_is_not_found_is_tried_again(cast, mirrored, settings, monkeypatch):
    def not_found(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    issue = file_request(cast)
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", not_found)
        mirror = push(issue)
    assert (mirror.status, mirror.parked, mirror.creating_since) == ("behind", False, None)
    assert mirror.due_at is not None
    assert Connection.load().away_since is not None
    mirror = push_later(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


def test_a_certificate_nobody_vouches_for_is_told_nothing(cast, mirrored, settings, tmp_path):
    issue, right = file_request(cast), settings.GITLAB_URL
    with Impostor(tmp_path) as impostor:
        settings.GITLAB_URL = impostor.url
        mirror = push(issue)
    assert (mirror.status, mirror.parked) == ("behind", False)
    assert "certificate" in mirror.last_error
    assert (impostor.calls, impostor.told) == (1, b"")
    settings.GITLAB_URL = right
    assert push_later(issue).status == "in-step"


def test_no_code_of_ours_leaves_a_certificate_unchecked():
    for place in [*ROOT.glob("supportops/**/*.py"), *ROOT.glob("intake/**/*.py"), *ROOT.glob("workflow/**/*.py")]:
        text = place.read_text()
        for found in ast.walk(ast.parse(text)) if "verify" in text or "check_hostname" in text else ():
            named = isinstance(found, ast.keyword) and found.arg in {"verify", "ssl_verify", "check_hostname"}
            assert not (named and isinstance(found.value, ast.Constant) and found.value.value is False), place
