"""A real browser on the real application, for the tests of every room: one Chromium a test process."""

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from sqlalchemy import text
from werkzeug.serving import make_server

from helpdesk.accounts.models import Agent
from helpdesk.core.db import transaction
from helpdesk.core.looks import STATIC
from tests.signing_in import secret_of

EVENT_IDS = itertools.count(100_000, 1000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    assert CHROMIUM, "Chromium is missing: apt-get install chromium"
    assert (STATIC / "build" / "manifest.json").exists(), "The front end is not built: npm ci && npm run build"
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the application answers, over a real socket."""
    with transaction() as session:
        # The live hub outlives a test and remembers which ids it has told.
        session.execute(text("select setval('case_events_id_seq', :first, false)"), {"first": next(EVENT_IDS)})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)


@pytest.fixture
def cookie(app: Flask) -> Callable[[Agent], str]:
    """The session cookie of a fresh sign-in."""

    def for_agent(agent: Agent) -> str:
        sign = SecureCookieSessionInterface().get_signing_serializer(app)
        assert sign is not None
        return str(sign.dumps({"sign_in": secret_of(agent), "_permanent": True}))

    return for_agent


@pytest.fixture
def open_desk(
    chromium: Browser, address: str, app: Flask, cookie: Callable[[Agent], str]
) -> Iterator[Callable[..., Page]]:
    """A window in which an agent is signed in, or nobody. What the browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(path: str, agent: Agent | None = None, **options: Any) -> Page:
        options.setdefault("viewport", DESKTOP)
        context = chromium.new_context(base_url=address, timezone_id="Europe/Oslo", **options)
        contexts.append(context)
        if agent is not None:
            context.add_cookies([{"name": app.config["SESSION_COOKIE_NAME"], "value": cookie(agent), "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
        page.goto(path)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(said: Any) -> bool:
    """Errors of scripts and breaches of the content policy; what the server refuses (4xx) is the test's matter."""
    expected = ("Failed to load resource", "htmx:response:error", "htmx:error: Failed to fetch")
    return said.type == "error" and not any(words in said.text for words in expected)


@pytest.fixture(scope="session")
def axe(repository: Path) -> str:
    """The script that looks for barriers."""
    return (repository / "node_modules" / "axe-core" / "axe.min.js").read_text()
