"""The administration under the portal's strict content security policy."""

import pytest

from tests.browser.person import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]  # one portal for all of them


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
            row.click()
            person.page.wait_for_load_state()

    assert len(statuses) >= 20
    assert set(statuses.values()) == {200}
    assert person.problems == []


def test_a_manager_is_chosen_by_typing_a_name(browser, portal):
    person = Person(browser, portal, "admin")
    person.page.goto("/admin/accounts/user/?q=standin")
    person.page.locator("#result_list tbody th a").first.click()

    person.page.locator(".field-reports_to .select2-selection").click()
    person.page.keyboard.type("Lea")
    person.page.locator(".select2-results__option", has_text="Lea Lead").click()

    assert "Lea Lead" in person.page.locator(".field-reports_to .select2-selection").inner_text()
    assert person.problems == []
