"""Takes the README's picture from a running portal: ``python -m tests.browser.pictures URL NUMBER``."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM


def main(url, number):
    """Save the request's page, as ops see it, beside this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800}).new_page()
        page.goto("/accounts/login/")
        page.locator('form:has(input[name="login"][value="requester"]) button').click()
        page.goto(f"/issues/{number}/")
        page.screenshot(path=Path(__file__).parent / "pictures" / "request.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
