"""Searching in Chromium: results come while somebody types, and a case opens beside them."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case
from tests.browser import PHONE
from tests.look.test_axe import barriers

Open = Callable[..., Page]
Opened = Callable[..., Case]


def test_results_come_while_typing_and_a_case_opens_beside_them(open_desk: Open, opened: Opened, ada: Agent) -> None:
    lamp, printer = opened("The lamp flickers"), opened("The printer hums")
    page = open_desk("/search", ada)
    page.keyboard.press("/")
    page.keyboard.type("lam")
    row = page.locator(f"#row-{lamp.number}")
    expect(row).to_be_visible(timeout=2000)
    expect(page.locator(f"#row-{printer.number}")).to_have_count(0)
    assert page.get_by_role("searchbox").evaluate("box => box === document.activeElement")
    expect(page).to_have_url(re.compile("q=lam"))
    row.locator("a").click()
    expect(page.locator(f'.desk-case[data-number="{lamp.number}"]')).to_be_visible()
    expect(row).to_be_visible()


def test_from_any_page_enter_leads_to_the_results(open_desk: Open, opened: Opened, ada: Agent) -> None:
    lamp = opened("The lamp flickers")
    page = open_desk("/cases", ada)
    page.keyboard.press("/")
    page.keyboard.type(f"#{lamp.number}")
    page.keyboard.press("Enter")
    expect(page.locator(f"#found #row-{lamp.number}")).to_be_visible()


def test_no_barrier_on_a_phone(open_desk: Open, opened: Opened, ada: Agent, axe: str) -> None:
    opened("The lamp flickers")
    page = open_desk("/search?q=lamp", ada, viewport=PHONE)
    for path in ("/search?q=lamp", "/search", "/search?q=bananas"):
        page.goto(path)
        assert barriers(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
