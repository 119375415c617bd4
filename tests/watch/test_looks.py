"""The status page and the change log with everything on them: no barrier, no sideways scroll; lines come and go."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import text

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core import secret_box
from helpdesk.core.db import transaction
from helpdesk.mail_in.models import Mailbox
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.watch.heartbeat import beat
from tests.browser import DESKTOP, PHONE
from tests.letters import letter
from tests.look.test_axe import barriers


@pytest.fixture
def bad_day(app: Flask, queue: Queue, boss: Agent) -> None:
    """Something is wrong with nearly everything."""
    app.config.update(SMTP_URL="smtp://127.0.0.1:9", FREE_DISK_WARN_BYTES=10**18)
    receive(letter(), Delivery("smtp", queue))
    beat()
    for name, problem in (("Support", ""), ("A very long name of an old mailbox", "The password was refused.")):
        with transaction() as session:
            session.add(
                Mailbox(
                    name=name,
                    queue_id=queue.id,
                    host="imap.example",
                    username="x",
                    secret=secret_box.lock("x"),
                    problem=problem,
                )
            )
    with transaction() as session:
        for statement in (
            "update heartbeats set at = now() - interval '10 minutes'",
            "update inbound_mails set received_at = now() - interval '8 minutes'",
            "update mailboxes set created_at = now() - interval '70 minutes'",
        ):
            session.execute(text(statement))
    note(boss, "changed", "mailbox", 2, {"host": ["imap.old.example", "imap.example"], "port": [143, 993]})
    note(None, "added", "queue", 1, {"name": "Support", "address": "support@desk.example"})


@pytest.mark.parametrize(("theme", "size"), [("light", PHONE), ("dark", DESKTOP)], ids=str)
def test_no_barrier_on_a_bad_day(
    open_desk: Callable[..., Page], boss: Agent, bad_day: None, axe: str, theme: str, size: dict[str, int]
) -> None:
    page = open_desk("/settings/status", boss, color_scheme=theme, viewport=size)
    expect(page.locator("#watch .banner")).to_have_count(1)
    assert barriers(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.goto("/settings/changes")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_line_and_the_status_change_on_a_page_that_stays_open(
    app: Flask, open_desk: Callable[..., Page], boss: Agent
) -> None:
    app.config["WATCH_LOOK_S"] = 0.5
    beat()
    page = open_desk("/settings/status", boss)
    part = page.locator(".part", has=page.get_by_role("heading", name="Background work"))
    expect(part).to_contain_text("in order")
    line = page.locator("#watch").get_by_text("Background work:")
    expect(line).to_have_count(0)
    with transaction() as session:
        session.execute(text("update heartbeats set at = now() - interval '10 minutes'"))
    line.wait_for(timeout=5000)
    expect(part).not_to_contain_text("in order", timeout=5000)
    beat()
    expect(line).to_have_count(0, timeout=5000)
