"""The administration under the portal's strict content security policy."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("who", ["admin", "ops"])
def test_every_list_and_form_opens_without_a_violation(who, browser, portal):
    person = Person(browser, portal, who)
    person.page.goto("/admin/")
    lists = person.page.locator("#content-main th a").evaluate_all("all => all.map(a => a.getAttribute('href'))")

    statuses = {}
    for address in lists:
        statuses[address] = person.page.goto(address).status
        row = person.page.locator("#result_list tbody th a").first
        if row.count() and (row.get_attribute("href") or "").startswith("/admin/"):
            with person.page.expect_navigation():
                row.click()

    assert len(statuses) >= 20
    assert set(statuses.values()) == {200}
    assert person.problems == []


def test_a_manager_is_chosen_by_typing_a_name(browser, portal):
    person = Person(browser, portal, "admin")
    person.page.goto("/admin/accounts/user/?q=standin")
    with person.page.expect_navigation():
        person.page.locator("#result_list tbody th a").first.click()

    person.page.locator(".field-reports_to .select2-selection").click()
    person.page.keyboard.type("Lea")
    person.page.locator(".select2-results__option", has_text="Lea Lead").click()

    expect(person.page.locator(".field-reports_to .select2-selection")).to_contain_text("Lea Lead")
    assert person.problems == []
