"""The contact form in Chromium: no barrier, on a phone, by keyboard, and inside another site's page."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db
from tests.browser import DESKTOP, PHONE
from tests.look.test_axe import barriers

Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def at_once(app: Flask, queue: Queue) -> None:
    """Forms may be sent at once."""
    app.config["FORM_MIN_S"] = 0


def fill(page: Any) -> None:
    page.get_by_label("Your name").fill("Kari Nordmann")
    page.get_by_label("Your e-mail address").fill("kari@example.com")
    page.get_by_label("Your message").fill("The lamp flickers.")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_and_no_sideways_scroll(open_desk: Open, axe: str, size: dict[str, int], theme: str) -> None:
    page = open_desk("/contact?lang=en", viewport=size, color_scheme=theme)
    assert barriers(page, axe) == []
    fill(page)
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_label("Your e-mail address").fill("nobody")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_label("Your message").input_value() == "The lamp flickers."
    assert barriers(page, axe) == []
    page.get_by_label("Your e-mail address").fill("kari@example.com")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert barriers(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_it_is_filled_in_and_sent_by_keyboard_alone(open_desk: Open) -> None:
    page = open_desk("/contact?lang=en")
    page.get_by_label("Your name").focus()
    for words in ("Kari Nordmann", "kari@example.com", "", "", "Lamp", "The lamp flickers."):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "file", "the trap is passed over"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert db.session.scalars(select(Case)).one().subject == "Lamp"


@pytest.fixture
def company_site(address: str) -> Iterator[str]:
    """Another site, with the form in a frame."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (
                f'<h1>Fjordlys</h1><iframe src="{address}/contact?embed=1&lang=en" width="100%" height="900"></iframe>'
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_words: Any) -> None:
            return

    # localhost is another site than 127.0.0.1, so the frame is a third party's.
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


def test_it_is_sent_from_inside_the_companys_own_site(app: Flask, open_desk: Open, company_site: str) -> None:
    app.config.update(FORM_ANCESTORS=[company_site], WTF_CSRF_ENABLED=True)
    page = open_desk(company_site)
    frame = page.frame_locator("iframe")
    fill(frame)
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()
    assert db.session.scalars(select(Case)).one().from_address == "kari@example.com"
    assert page.context.cookies() == []


def test_an_unnamed_site_shows_nothing(app: Flask, chromium: Any, company_site: str) -> None:
    page = chromium.new_page()
    page.goto(company_site)
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").get_by_label("Your name").count() == 0
    page.context.close()
