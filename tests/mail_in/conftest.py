"""The mail door as a process of its own, and what it wrote into the ledger."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.cases.models import Queue
from helpdesk.core.db import db, transaction
from helpdesk.embedded.processes import end_child, start_tied
from helpdesk.mail_in.models import InboundMail
from tests.ports import free_port

PLAIN = b"""From: Nora Vik <nora@example.net>
To: support@desk.example
Subject: The printer is on fire
Message-ID: <fire@example.net>
Date: Mon, 2 Nov 2026 10:00:00 +0100

It burns with a blue flame.
""".replace(b"\n", b"\r\n")


def until(is_so: Callable[[], object], within_s: float = 10.0) -> object:
    """What `is_so` gives, as soon as it is true; fails the test after `within_s`."""
    patience_ends = time.monotonic() + within_s
    while True:
        found = is_so()
        if found:
            return found
        assert time.monotonic() < patience_ends, f"not so within {within_s} s"
        time.sleep(0.02)


@dataclass
class Door:
    """A running `flask mail serve`."""

    smtp_port: int
    lmtp_port: int
    process: subprocess.Popen[bytes]
    said: list[str]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def run_flask(
    environment: dict[str, str], *arguments: str, stdin: bytes = b"", timeout_s: int = 120
) -> subprocess.CompletedProcess[bytes]:
    """`flask …` as a person or a mail server runs it."""
    here = Path(__file__).parent.parent.parent
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        cwd=here,
        env={"PATH": os.environ["PATH"], **environment},
        input=stdin,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )


@contextmanager
def open_door(environment: dict[str, str], **more: str) -> Iterator[Door]:
    """`flask mail serve` on free ports, ready for mail."""
    ports = {"SMTP_DOOR_PORT": str(free_port()), "LMTP_DOOR_PORT": str(free_port())} | more
    child = start_tied(
        [sys.executable, "-m", "flask", "mail", "serve"],
        when_orphaned=signal.SIGKILL,
        cwd=Path(__file__).parent.parent.parent,
        env={"PATH": os.environ["PATH"], **environment, **ports},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    said = [child.stdout.readline().decode() for name in ("SMTP_DOOR_PORT", "LMTP_DOOR_PORT") if ports[name] != "0"]
    try:
        yield Door(int(ports["SMTP_DOOR_PORT"]), int(ports["LMTP_DOOR_PORT"]), child, said)
    finally:
        end_child(child, (signal.SIGTERM, 10.0))


@pytest.fixture(scope="module")
def door(session_app: Flask, environment: dict[str, str]) -> Iterator[Door]:
    """The mail door, running beside the tests of a module."""
    with open_door(environment, MAIL_MAX_BYTES="300000") as running:
        yield running


@pytest.fixture
def sales(queue: Queue) -> Queue:
    """A second queue."""
    with transaction() as session:
        row = Queue(name="Sales", slug="sales", address="sales@desk.example")
        session.add(row)
    return row


@pytest.fixture
def ledger(app: Flask) -> Callable[[], list[InboundMail]]:
    """The rows of the ledger now, oldest first."""

    def rows() -> list[InboundMail]:
        db.session.rollback()
        query = select(InboundMail).order_by(InboundMail.id).execution_options(populate_existing=True)
        return list(db.session.scalars(query))

    return rows
