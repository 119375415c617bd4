"""What a door does with those who fall silent, and with more mail at once than it can hold."""

import asyncio
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
from flask import Flask

from helpdesk.cases.models import Queue
from helpdesk.mail_in.doors import talk
from helpdesk.mail_in.doors.counter import MAILS_IN_HAND, Counter
from helpdesk.mail_in.doors.lmtp import LmtpDoor
from helpdesk.mail_in.doors.smtp import SmtpDoor
from helpdesk.mail_in.models import InboundMail
from tests.mail_in.conftest import PLAIN, until

LIMIT = 10_000


class Doors:
    """Both doors in a thread of this process, so that their clocks can be shortened."""

    def __init__(self, app: Flask):
        self.loop = asyncio.new_event_loop()
        self.counter = Counter(app)
        self.ports: dict[str, int] = {}
        opened = threading.Event()

        async def open_both() -> None:
            for name, door in (("smtp", SmtpDoor), ("lmtp", LmtpDoor)):
                server = await self.loop.create_server(partial(door, self.counter, None), "127.0.0.1", 0)
                self.ports[name] = server.sockets[0].getsockname()[1]
            opened.set()

        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(open_both(), self.loop)
        assert opened.wait(10)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.counter.threads.shutdown()


@pytest.fixture
def doors(app: Flask, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    monkeypatch.setattr(talk, "IDLE_S", 0.5)
    monkeypatch.setattr(talk, "MAIL_S", 2.0)
    app.config["MAIL_MAX_BYTES"] = LIMIT
    doors = Doors(app)
    yield doors
    doors.close()


def in_a_mail(port: int, hello: bytes) -> socket.socket:
    """A conversation that has come to the 354 of DATA."""
    line = socket.create_connection(("127.0.0.1", port), 10)
    file = line.makefile("rb")
    file.readline()
    for said in (hello, b"MAIL FROM:<nora@example.net>", b"RCPT TO:<support@desk.example>", b"DATA"):
        line.sendall(said + b"\r\n")
        while file.readline()[3:4] == b"-":
            pass
    return line


@pytest.mark.parametrize(("door", "hello"), [("smtp", b"HELO tester"), ("lmtp", b"LHLO tester")])
def test_who_falls_silent_between_commands_or_in_a_mail_is_let_go(
    doors: Doors, ledger: Callable[[], list[InboundMail]], door: str, hello: bytes
) -> None:
    waiting = socket.create_connection(("127.0.0.1", doors.ports[door]), 10)
    halfway = in_a_mail(doors.ports[door], hello)
    halfway.sendall(b"Subject: half of")
    began = time.monotonic()
    for line in (waiting, halfway):
        while line.recv(1000):
            pass
    assert time.monotonic() - began < 5
    until(lambda: not doors.counter.open)
    assert (doors.counter.bytes_in_hand, ledger()) == (0, [])


def test_a_mail_that_drips_without_end_is_ended(doors: Doors, ledger: Callable[[], list[InboundMail]]) -> None:
    line = in_a_mail(doors.ports["smtp"], b"HELO tester")
    began = time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() - began < 10:
            line.sendall(b"drip\r\n")
            time.sleep(0.1)
    assert time.monotonic() - began < 6
    until(lambda: not doors.counter.open)
    assert (doors.counter.bytes_in_hand, ledger()) == (0, [])


def test_more_mail_at_once_than_memory_is_for_is_asked_to_come_again(
    doors: Doors, ledger: Callable[[], list[InboundMail]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "IDLE_S", 60.0)
    monkeypatch.setattr(talk, "MAIL_S", 60.0)
    # The door reads up to each full stop at the end of a line; what comes after waits in the connection's own buffer.
    nearly_all = PLAIN + (b"x" * 97 + b".\r\n") * ((LIMIT - len(PLAIN) - 100) // 100)
    holding = [in_a_mail(doors.ports["smtp"], b"HELO tester") for _ in range(MAILS_IN_HAND)]
    for line in holding:
        line.sendall(nearly_all)
    until(lambda: doors.counter.bytes_in_hand >= MAILS_IN_HAND * (LIMIT - 300))
    assert doors.counter.bytes_in_hand <= MAILS_IN_HAND * LIMIT
    with (
        smtplib.SMTP("127.0.0.1", doors.ports["smtp"], timeout=10) as late,
        pytest.raises(smtplib.SMTPDataError) as put_off,
    ):
        late.sendmail("nora@example.net", ["support@desk.example"], nearly_all)
    assert put_off.value.smtp_code == 452
    for number, line in enumerate(holding):
        line.sendall(b"\r\n%d\r\n.\r\n" % number)
        assert line.recv(100).startswith(b"250")
    assert doors.counter.bytes_in_hand == 0
    assert len(ledger()) == MAILS_IN_HAND
    with smtplib.SMTP("127.0.0.1", doors.ports["smtp"], timeout=10) as late:
        late.sendmail("nora@example.net", ["support@desk.example"], nearly_all)
    assert len(ledger()) == MAILS_IN_HAND + 1
