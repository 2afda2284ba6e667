"""A browser's side of the pages: signed in as somebody, asking and posting."""

import pytest


class Visitor:
    """Asks for and posts to a request's addresses as one person."""

    def __init__(self, client, person):
        self.client = client
        self.person = person
        client.force_login(person)

    def get(self, issue, place="", query=""):
        """The answer to a GET of the request's page, or of a place below it."""
        return self.client.get(self.address(issue, place) + query)

    def post(self, issue, place, /, **data):
        """The answer to a POST; the version is the request's present one unless given."""
        return self.client.post(self.address(issue, place), data)

    @staticmethod
    def address(issue, place):
        """The path of the page."""
        number = getattr(issue, "pk", issue)
        return f"/issues/{number}/{place}/" if place else f"/issues/{number}/"


@pytest.fixture
def visit(client):
    """``visit(person)``: that person at a browser."""
    return lambda person: Visitor(client, person)


@pytest.fixture(autouse=True)
def files_of_their_own(settings, tmp_path):
    """Attachments of a test go with it."""
    settings.MEDIA_ROOT = tmp_path / "attachments"
