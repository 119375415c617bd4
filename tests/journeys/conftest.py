"""The desk as its own processes, between a real Postfix and a real Dovecot, with Chromium in front of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from helpdesk.cases.models import Queue
from tests.browser import DESKTOP
from tests.servers_dovecot import Dovecot, running_dovecot
from tests.servers_postfix import Postfix, running_postfix
from tests.stack import Stack, free_port, running

PASSWORD = "a long password of the tests"


@dataclass(frozen=True)
class World:
    """The desk, the mail server before it, and the server that has the customers' mailboxes."""

    desk: Stack
    postfix: Postfix
    dovecot: Dovecot


@pytest.fixture(scope="package")
def servers(
    environment: dict[str, str], session_app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Everything, started once for all journeys; ended after them, so that its worker takes no other test's tasks."""
    lmtp = free_port()
    with (
        running_dovecot() as dovecot,
        running_postfix("desk.example", lmtp, dovecot.lmtp_port) as postfix,
        running(
            environment,
            tmp_path_factory.mktemp("logs"),
            LMTP_DOOR_PORT=str(lmtp),
            SMTP_URL=postfix.url,
            SMTP_STARTTLS="0",
        ) as desk,
    ):
        yield World(desk, postfix, dovecot)


@pytest.fixture
def world(servers: World, queue: Queue) -> Iterator[World]:
    """The running servers over empty tables with one queue. A stack trace in the desk's logs fails the test."""
    yield servers
    assert "Traceback" not in servers.desk.logs(), servers.desk.logs()


@pytest.fixture
def ada_at_the_desk(world: World, chromium: Browser) -> Iterator[Page]:
    """Ada, made from the command line, signed in with her password in a browser of her own."""
    made = world.desk.cli(
        *("agents", "add", "--email", "ada@desk.example", "--name", "Ada", "--role", "agent", "--password-stdin"),
        stdin=PASSWORD.encode(),
    )
    assert made.returncode == 0, made.stderr
    context = chromium.new_context(base_url=world.desk.web_url, viewport=DESKTOP)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill("ada@desk.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/cases*")
    yield page
    context.close()


@pytest.fixture
def customer_at_the_form(world: World, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A stranger's browser."""
    contexts: list[BrowserContext] = []

    def visit(path: str, **options: object) -> Page:
        contexts.append(chromium.new_context(base_url=world.desk.web_url, **options))  # type: ignore[arg-type]
        page = contexts[-1].new_page()
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
