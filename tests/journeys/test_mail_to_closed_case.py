"""The main job, whole: a mail becomes a case, is claimed and answered, comes back, and is closed."""

import json
import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import World
from tests.letters import letter
from tests.stack import eventually


def cases(world: World, *more: str) -> list[dict[str, Any]]:
    done = world.desk.cli("cases", "list", "--json", *more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def show(world: World, number: int) -> dict[str, Any]:
    return json.loads(world.desk.cli("cases", "show", str(number), "--json").stdout)


def send(world: World, raw: bytes, sender: str = "solveig@fjordlys.example") -> None:
    with smtplib.SMTP("127.0.0.1", world.postfix.port) as client:
        client.sendmail(sender, ["support@desk.example"], raw)


def received(world: World, user: str, count: int = 1) -> EmailMessage:
    mail = message_from_bytes(world.dovecot.wait_for_mail(user, count)[-1], policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def reply_to(mail: EmailMessage, text: str) -> bytes:
    """What a mail program sends when its user answers `mail`."""
    return letter(
        text,
        subject="Re: " + mail["Subject"].removeprefix("Re: "),
        in_reply_to=mail["Message-ID"],
        references=f"{mail['References']} {mail['Message-ID']}",
    )


def test_a_mail_through_postfix_is_answered_in_a_browser_and_comes_back(world: World, ada_at_the_desk: Page) -> None:
    send(world, letter("The parcel should go to 41, not 14.", subject="Wrong address on order 88213"))
    page = ada_at_the_desk
    row = page.locator(".row-case").first
    expect(row).to_contain_text("Wrong address on order 88213", timeout=15_000)  # by itself: the screen is live
    row.click()
    expect(page.locator("#case h1")).to_have_text("Wrong address on order 88213")
    page.keyboard.press("c")
    expect(page.locator(".state")).to_contain_text("yours")
    page.locator("#composer-text").fill("We caught it in time. The parcel now goes to 41.")
    page.get_by_role("button", name="Answer and wait").click()
    expect(page.locator(".msg.ours")).to_contain_text("We caught it in time.")

    answer = received(world, "solveig")
    assert "We caught it in time." in answer.get_body(("plain",)).get_content()
    assert answer["To"].addresses[0].addr_spec == "solveig@fjordlys.example"
    assert answer["From"].addresses[0].addr_spec == "support@desk.example"
    assert answer["Auto-Submitted"] is None
    expect(page.locator(".msg.ours .at")).to_contain_text("sent", timeout=15_000)

    send(world, reply_to(answer, "Thanks! Can it still reach us before Friday?"))
    [case] = eventually(lambda: [c for c in cases(world) if c["status"] == "open"])  # type: ignore[misc]
    said = [(m["direction"], m["text"].strip()) for m in show(world, case["number"])["messages"]]
    assert said == [
        ("in", "The parcel should go to 41, not 14."),
        ("out", "We caught it in time. The parcel now goes to 41."),
        ("in", "Thanks! Can it still reach us before Friday?"),
    ]
    page.goto(f"/cases/{case['number']}")
    page.keyboard.press("e")
    expect(page.locator(".state")).to_contain_text("closed")
    assert cases(world) == []
    ledger = [json.loads(line) for line in world.desk.cli("mail", "ledger", "--json").stdout.splitlines()]
    assert sorted(row["outcome"] for row in ledger) == ["appended", "new_case"]


def test_a_mail_by_the_pipe_is_answered_and_closed_from_the_command_line(world: World) -> None:
    taken = world.desk.cli("mail", "ingest", "-", stdin=letter("Three of us are locked out.", subject="Login"))
    assert taken.returncode == 0, taken.stderr
    [case] = eventually(lambda: cases(world))  # type: ignore[misc]
    assert (case["subject"], case["status"], case["customer"]["email"]) == ("Login", "open", "solveig@fjordlys.example")
    made = world.desk.cli(
        *("agents", "add", "--email", "ada@desk.example", "--name", "Ada", "--role", "agent", "--password-stdin"),
        stdin=b"a long password of the tests",
    )
    assert made.returncode == 0, made.stderr
    number, by = str(case["number"]), ("--by", "ada@desk.example")
    before = len(world.dovecot.mails("solveig"))
    assert world.desk.cli("cases", "claim", number, *by).returncode == 0
    answered = world.desk.cli("cases", "answer", number, *by, "--text-file", "-", stdin="Prøv igjen nå.".encode())
    assert answered.returncode == 0, answered.stderr
    assert "Prøv igjen nå." in received(world, "solveig", before + 1).get_body(("plain",)).get_content()
    assert world.desk.cli("cases", "close", number, *by).returncode == 0
    assert cases(world) == []
    assert [c["number"] for c in cases(world, "--status", "closed")] == [case["number"]]
    closed_twice = world.desk.cli("cases", "close", number, *by)
    assert closed_twice.returncode == 1
    assert b"Traceback" not in closed_twice.stderr
