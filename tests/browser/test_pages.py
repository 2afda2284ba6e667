"""Every page a person lives in: no accessibility violation, no sideways scrolling, no console message; phone and
desk, light and dark."""

import json
import os
from pathlib import Path

import pytest

from tests.browser.person import Person

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    "requester": [
        "/",
        "/guide/",
        "/new/bug/",
        "/new/propose-change/",
        "/drafts/",
        "/mine/",
        "/issues/",
        "/inbox/",
        "/people/me/",
    ],
    "manager": ["/queues/approvals/", "/mine/"],
    "ops": ["/queues/triage/", "/queues/development/", "/reports/", "/issues/?q=nothing+like+this"],
    "admin": ["/ui/"],
}
SCREENS = [
    pytest.param({"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}, id="phone, dark"),
    pytest.param({"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}, id="desk, light"),
]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("username", PAGES)
def test_pages_are_sound(browser, portal, username, screen):
    person = Person(browser, portal, username, **screen)
    faults = {}
    for address in [*PAGES[username], *_own_request(person, username)]:
        person.page.goto(address)
        if found := [*_too_wide(person.page), *_violations(person.page)]:
            faults[address] = found
    person.context.close()

    assert (faults, person.problems) == ({}, [])


def _own_request(person, username):
    if username != "requester":
        return []
    return [f"/issues/{person.file('fix', title='The phone view is cut off')}/"]


def _too_wide(page):
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{wide} pixels too wide"] if wide > 0 else []


def _violations(page):
    """What axe-core finds; without its npm package only the rest is checked, except on CI."""
    if not AXE.exists():
        assert not os.environ.get("CI"), "axe-core is missing: npm ci --prefix tests/browser"
        return []
    # Evaluated by the driver, which the page's Content-Security-Policy does not bind.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [json.dumps({"rule": rule["id"], "where": [node["target"] for node in rule["nodes"][:3]]}) for rule in found]
