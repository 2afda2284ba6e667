"""Loaded into python-gitlab's own functional tests: puts the sandbox where their fixtures expect a Docker container."""

import os
from urllib.parse import urlsplit

import pytest


class Container:
    """What pytest-docker's `docker_services` would be asked."""

    def port_for(self, service, container_port):
        return urlsplit(os.environ["SANDBOX_URL"]).port

    def wait_until_responsive(self, timeout, pause, check):
        """The sandbox answers before the tests start."""


@pytest.fixture(scope="session")
def docker_ip():
    return urlsplit(os.environ["SANDBOX_URL"]).hostname


@pytest.fixture(scope="session")
def docker_services():
    return Container()


def pytest_collection_finish(session):
    """Their token comes from a Rails command run in the container: hand over the sandbox's instead.

    A container may hold what an earlier run left; the sandbox is new, so there is nothing to reset.
    """
    import tests.functional.conftest as theirs

    theirs.check_output = lambda command: os.environ["SANDBOX_TOKEN"].encode()
    theirs.reset_gitlab = lambda gl: None
