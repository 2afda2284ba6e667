import pytest

from tests.gitlab_faults import FaultyApplication
from tests.gitlab_sandbox.client import Person, Receiver
from tests.gitlab_sandbox.filled import Filled
from workflow.gitlab_sandbox import SandboxServer

TOKEN = "root-token"


def new_token(root, username, scopes=("api",), **fields):
    """A token of that person, as an administrator gives one."""
    user = root.get("/users", username=username).json()[0]["id"]
    made = root.post(f"/users/{user}/personal_access_tokens", {"name": "test", "scopes": scopes, **fields})
    assert made.status_code == 201, made.text
    return made.json()["token"]


@pytest.fixture(scope="session")
def filled_sandbox(tmp_path_factory):
    """The sandbox's data at its first start."""
    return Filled(tmp_path_factory.mktemp("filled-sandbox"), [TOKEN])


@pytest.fixture
def sandbox(tmp_path, filled_sandbox):
    place = filled_sandbox.into(tmp_path / "gitlab", TOKEN)
    with SandboxServer(place, TOKEN, application=FaultyApplication) as server:
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
            token = new_token(root, username)
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
