"""An admin adds a mailbox in the browser, tests it, and its mail becomes cases by itself."""

import json

from playwright.sync_api import Page, expect

from helpdesk.accounts.models import Agent
from helpdesk.core.db import db, transaction
from tests.journeys.conftest import World
from tests.journeys.test_mail_to_closed_case import cases, received, reply_to, send, show
from tests.letters import letter
from tests.servers_dovecot import PASSWORD
from tests.stack import eventually


def test_a_mailbox_added_in_the_browser_is_polled_and_its_mail_answered(world: World, ada_at_the_desk: Page) -> None:
    with transaction() as session:
        session.query(Agent).filter_by(email="ada@desk.example").one().role = "admin"
    db.session.remove()
    page = ada_at_the_desk
    page.goto("/settings/mailboxes/new")
    page.get_by_label("Name", exact=True).fill("Post")
    page.get_by_label("IMAP server").fill("localhost")
    page.get_by_label("Port").fill(str(world.dovecot.imap_port))
    page.get_by_label("Encryption").select_option("plain")
    page.get_by_label("User name").fill("post")
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("main .banner")).to_contain_text("password", ignore_case=True)
    expect(page.get_by_label("IMAP server")).to_have_value("localhost")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Add the mailbox").click()
    expect(page.locator("main")).to_contain_text("Post")

    world.dovecot.deliver("post", letter("Is the hotel open in January?", subject="Opening hours"))
    [case] = eventually(lambda: cases(world), within_s=40)  # type: ignore[misc]
    assert case["subject"] == "Opening hours"
    [(flags, _raw)] = world.dovecot.mails("post")
    assert "\\Seen" not in flags
    before = len(world.dovecot.mails("solveig"))
    by = ("--by", "ada@desk.example")
    answered = world.desk.cli("cases", "answer", str(case["number"]), *by, "--text-file", "-", stdin=b"It is.")
    assert answered.returncode == 0, answered.stderr
    answer = received(world, "solveig", before + 1)
    send(world, reply_to(answer, "Splendid."))
    said = eventually(lambda: len(show(world, case["number"])["messages"]) == 3)
    assert said
    ledger = [json.loads(line) for line in world.desk.cli("mail", "ledger", "--json").stdout.splitlines()]
    assert sorted((row["door"], row["outcome"]) for row in ledger) == [("imap", "new_case"), ("lmtp", "appended")]
