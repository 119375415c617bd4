"""From nothing to a desk with two people, with the keyboard alone."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from helpdesk.accounts.models import Agent
from helpdesk.accounts.set_password import first_setup_link
from helpdesk.cases.models import Queue
from tests.look.conftest import DESKTOP, PHONE
from tests.look.test_axe import barriers

GOOD = "four blue cables and a lamp"


def fill_in(page: Page, *words: str) -> None:
    """Type from field to field, and send."""
    for at, word in enumerate(words):
        if at:
            page.keyboard.press("Tab")
        page.keyboard.type(word)
    page.keyboard.press("Enter")


def test_the_first_person_sets_up_invites_a_colleague_and_both_are_at_the_desk(
    app: Flask,
    queue: Queue,
    open_desk: Callable[..., Page],
):
    link = first_setup_link() or ""
    first = open_desk(link.removeprefix("http://localhost"), locale="nb-NO")
    expect(first.get_by_role("heading", level=1)).to_have_text("Velkommen")
    first.get_by_label("Navnet ditt").focus()
    fill_in(first, "Berit", "berit@desk.example", GOOD)
    first.wait_for_url("**/cases*")
    first.goto("/settings/agents/new")
    first.get_by_label("Navn").focus()
    fill_in(first, "Ola", "ola@desk.example")
    invitation = first.get_by_label("Lenke").input_value()

    second = open_desk(invitation.removeprefix("http://localhost"))
    expect(second.get_by_role("heading", level=1)).to_have_text("Welcome, Ola")
    second.get_by_label("New password").focus()
    fill_in(second, GOOD)
    second.wait_for_url("**/cases*")
    second.goto("/settings/me")
    expect(second.get_by_role("link", name="Agents")).to_have_count(0)
    second.get_by_role("button", name="Sign out everywhere").press("Enter")
    second.wait_for_url("**/sign-in")
    fill_in(second, "ola@desk.example", GOOD)
    second.wait_for_url("**/cases*")


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=str)
def test_no_barrier_and_no_sideways_scroll_in_settings_about_people_and_queues(
    open_desk: Callable[..., Page], boss: Agent, queue: Queue, axe: str, theme: str, size: dict[str, int]
):
    page = open_desk("/settings", boss, color_scheme=theme, viewport=size)
    assert page.url.endswith("/settings/me")
    for path in ("me", "agents", "agents/new", f"agents/{boss.id}", "queues", "queues/new", f"queues/{queue.id}"):
        page.goto(f"/settings/{path}")
        assert barriers(page, axe) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
