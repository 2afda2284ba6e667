"""Somebody at the browser: signs in with one click, finds a request, presses what the page offers."""

import re
import time

from playwright.sync_api import expect

PATIENCE = 60
"""Seconds after which something is given up; no promise, which a busy machine could break."""
expect.set_options(timeout=PATIENCE * 1000)


class Person:
    """A browser of one sample person, signed in on the way to ``arrives``."""

    def __init__(self, browser, portal, username, *, arrives="/accounts/login/", **context):
        self.portal, self.username = portal, username
        self.context = browser.new_context(base_url=portal.url, **context)
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page = self.context.new_page()
        self.problems = []
        self.page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.sign_in(arrives)

    def sign_in(self, arrives="/accounts/login/"):
        """One click on what the sign-in page offers, which is met on the way to ``arrives``."""
        self.page.goto(arrives)
        self.page.locator(f'form:has(input[name="login"][value="{self.username}"]) button').click()
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)

    def fill(self, **values):
        """Fill fields of the page's form by name: texts, choices, ticks."""
        for name, value in values.items():
            field = self.page.locator(f'main [name="{name}"]')
            kind = field.first.evaluate("e => e.tagName + ':' + (e.type || '')")
            if kind.startswith("SELECT"):
                field.select_option(value=str(value))
            elif kind == "INPUT:radio":
                self.page.locator(f'main [name="{name}"][value="{value}"]').check(force=True)
            elif kind == "INPUT:checkbox":
                field.first.set_checked(bool(value), force=True)
            else:
                field.fill(str(value))

    def answer_what_is_required(self, form="main form", **values):
        """Fill in ``values``, and something sensible in every other required field of the form that is still empty."""
        self.fill(**values)
        for field in self.page.locator(f"{form} [required]").all():
            name, kind = field.get_attribute("name"), field.evaluate("e => e.tagName + ':' + (e.type || '')")
            if name in values or not field.is_visible():
                continue
            if kind.startswith("SELECT"):
                if not field.input_value():
                    field.select_option(index=1)
            elif kind in {"INPUT:radio", "INPUT:checkbox"}:
                group = self.page.locator(f'main [name="{name}"]')
                if not group.evaluate_all("all => all.some(e => e.checked)"):
                    group.first.check(force=True)
            elif not field.input_value():
                field.fill(
                    {"INPUT:number": "3", "INPUT:url": "https://example.com/", "INPUT:email": "a@example.com"}.get(
                        kind, "What is needed here"
                    )
                )

    def file(self, key, **values):
        """File a request through its form and return its number."""
        self.page.goto(f"/new/{key}/")
        self.answer_what_is_required(**values)
        self.page.locator('main button.button--primary[value="submit"]').click()
        self.page.wait_for_url(re.compile(r"/issues/\d+/"))
        return int(re.search(r"/issues/(\d+)/", self.page.url)[1])

    def take(self, number, verb, **given):
        """Open the verb's form from the request's address and take the step."""
        self.page.goto(f"/issues/{number}/{verb}/")
        self.answer_what_is_required(**given)
        self.page.locator("main form button.button--primary").first.click()
        self.page.wait_for_url(re.compile(rf"/issues/{number}/$"))

    def schedule_far_ahead(self, number):
        """Plan the request into the furthest milestone, or the calendar may start it meanwhile. Returns its title,
        which the page shows with its days behind it."""
        self.page.goto(f"/issues/{number}/schedule/")
        offered = self.page.locator('main select[name="milestone"] option:not([value=""])').all()
        furthest = max(offered, key=lambda option: option.inner_text())
        title, milestone = furthest.inner_text(), furthest.get_attribute("value")
        self.take(number, "schedule", milestone=milestone)
        return title.rpartition(" (")[0]

    def answer_gate(self, number, *answers):
        """Answer the gate's questions, one page each."""
        self.page.goto(f"/issues/{number}/gate/")
        for answer in answers:
            self.page.locator(f'main [name="answer"][value="{answer}"]').check(force=True)
            with self.page.expect_navigation():
                self.page.locator("main form button.button--primary").first.click()

    def sees(self, text):
        """Whether the page shows the text."""
        expect(self.page.locator("main")).to_contain_text(text)


def within(seconds, question):
    """Ask until the answer is true or the time is over; returns the last answer."""
    until = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > until:
            return answer
        time.sleep(0.2)
