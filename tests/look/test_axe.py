"""axe-core finds no barrier on any page: by day, by night, on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case
from helpdesk.core.db import transaction
from tests.look.conftest import DESKTOP, PHONE

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = [
    "/cases?view=mine",
    "/cases?view=closed",
    "/cases?view=open&queue=support",
    "/cases/{full}?view=open",
    "/cases/{double}?view=unclaimed",
    "/cases/{full}/hand-over",
    "/cases/999999",
    "/settings/outbox",
    "/settings/outbox?show=sent",
    "/settings/outbox/1",
    "/search?q=printer",
    "/search?q=nothing-like-this",
    "/customers/1",
    "/customers/1/edit",
]


def barriers(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: Any = page.evaluate("tags => axe.run(document, {runOnly: tags})", STANDARDS)
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


@pytest.fixture
def numbers(make_full_case: Callable[[], Case], make_case: Callable[..., Case]) -> dict[str, int]:
    """A case with everything in it, and one that is possibly the same."""
    full = make_full_case()
    double = make_case(message_id="<double@x.example>")
    with transaction():
        double.maybe_of_id = full.id
    return {"full": full.number, "double": double.number}


def plain_pages(app: Flask) -> list[str]:
    """Every page that needs nothing but its address."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    leave_out = re.compile(r"^/(live|rail|health|ready|metrics|api)|/banner$")
    return sorted(rule.rule for rule in rules if not leave_out.search(rule.rule))


@pytest.mark.parametrize(("theme", "size"), [("light", PHONE), ("dark", DESKTOP)], ids=str)
def test_no_barrier_and_no_sideways_scroll_on_any_page(
    open_desk: Callable[..., Page],
    app: Flask,
    boss: Agent,
    numbers: dict[str, int],
    axe: str,
    theme: str,
    size: dict[str, int],
):
    page = open_desk("/cases", boss, color_scheme=theme, viewport=size)
    paths = [path.format(**numbers) for path in PAGES] + plain_pages(app)
    assert len(paths) > 20
    for path in paths:
        page.goto(path)
        assert barriers(page, axe) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


@pytest.mark.parametrize("path", ["/sign-in", "/forgotten", "/nothing-here"])
def test_no_barrier_before_signing_in(open_desk: Callable[..., Page], axe: str, path: str):
    page = open_desk(path, viewport=PHONE)
    assert barriers(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_no_barrier_in_what_opens_on_top(
    open_desk: Callable[..., Page], boss: Agent, numbers: dict[str, int], axe: str
):
    page = open_desk(f"/cases/{numbers['full']}", boss)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert barriers(page, axe) == []
    page.keyboard.press("Escape")
    page.locator("button[popovertarget=me]").click()
    assert page.get_by_role("button", name="Sign out").is_visible()
    assert barriers(page, axe) == []
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.get_by_label("To", exact=True).wait_for()
    assert barriers(page, axe) == []
    page.keyboard.press("Escape")
    for fold in page.locator("summary").all():
        fold.click()
    assert barriers(page, axe) == []
