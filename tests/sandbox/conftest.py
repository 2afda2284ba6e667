import pytest

from tests.sandbox.client import Person, Receiver
from tests.sandbox.filled import Filled
from workflow.gitlab.sandbox import SandboxServer

TOKEN = "root-token"


@pytest.fixture(scope="session")
def filled_sandbox(tmp_path_factory):
    """The sandbox's data at its first start."""
    return Filled(tmp_path_factory.mktemp("filled-sandbox"), [TOKEN])


@pytest.fixture
def sandbox(tmp_path, filled_sandbox):
    with SandboxServer(filled_sandbox.into(tmp_path / "gitlab", TOKEN), TOKEN) as server:
        yield server


@pytest.fixture
def premium(tmp_path, filled_sandbox):
    data = filled_sandbox.into(tmp_path / "premium", TOKEN, premium=True)
    with SandboxServer(data, TOKEN, premium=True) as server:
        yield server


@pytest.fixture
def log_in():
    """`log_in(server, "ops")`: that person; "root" is the administrator, None a stranger."""
    people = []

    def person(server, username):
        token = {"root": TOKEN, "support-bot": server.bot_token, None: None}.get(username)
        if username and token is None:
            root = person(server, "root")
            token = root.post("/sandbox/tokens", {"username": username}).json()["token"]
        people.append(Person(server.url, token))
        return people[-1]

    yield person
    for one in people:
        one.session.close()


@pytest.fixture
def root(sandbox, log_in):
    return log_in(sandbox, "root")


@pytest.fixture
def bot(sandbox, log_in):
    return log_in(sandbox, "support-bot")


@pytest.fixture
def ops(sandbox, log_in):
    return log_in(sandbox, "ops")


@pytest.fixture
def receiver():
    place = Receiver()
    yield place
    place.close()
