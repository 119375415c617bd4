"""The ledger of incoming mail and the mailboxes, with something in them: no barrier, no sideways scroll."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core import secret_box
from helpdesk.core.db import transaction
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from tests.letters import letter
from tests.look.conftest import DESKTOP, PHONE
from tests.look.test_axe import barriers


@pytest.fixture
def held(queue: Queue) -> InboundMail:
    """A held mail, one on a case, and a mailbox in trouble."""
    read_mail(receive(letter(), Delivery("lmtp", queue)).id)
    row = receive(letter("Send me the invoice at once. " * 20, subject="Invoice"), Delivery("smtp", queue, "", ""))
    with transaction() as session:
        row.outcome, row.rule, row.evidence = "held", "authentication_failed", {"sender": "boss@desk.example"}
        row.sender, row.subject = "The Boss <boss@desk.example>", "Invoice " * 30
        row.problems = "No Date header."
        session.add(
            Mailbox(
                name="Old support",
                queue_id=queue.id,
                host="imap.a-very-long-name-of-a-server.example.com",
                username="support@example.com",
                secret=secret_box.lock("x"),
                problem="There is no folder Inbox. There are: INBOX, Sent.",
            )
        )
    return row


@pytest.mark.parametrize(("theme", "size"), [("light", PHONE), ("dark", DESKTOP)], ids=str)
def test_no_barrier_on_incoming_mail_and_mailboxes(
    open_desk: Callable[..., Page], boss: Agent, held: InboundMail, axe: str, theme: str, size: dict[str, int]
) -> None:
    page = open_desk("/settings/incoming", boss, color_scheme=theme, viewport=size)
    places = ("incoming", f"incoming/{held.id}", f"incoming/{held.id}/read", "mailboxes", "mailboxes/1")
    for path in (f"/settings/{place}" for place in places):
        page.goto(path)
        assert barriers(page, axe) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


def test_a_held_mail_is_let_in_with_the_keyboard_alone(
    open_desk: Callable[..., Page], boss: Agent, held: InboundMail
) -> None:
    page = open_desk(f"/settings/incoming/{held.id}", boss)
    page.get_by_role("button", name="Make a case of it").press("Enter")
    page.locator("#toasts").get_by_text("The mail is on case #1002.").wait_for()
    page.get_by_role("link", name="Open case #1002").wait_for()
