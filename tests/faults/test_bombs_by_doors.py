"""Hostile mail and hostile forms, by every door: the worker lives within its memory, each has its case, and so has the
next mail."""

import io
import re
import smtplib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Attachment, Case, Queue
from helpdesk.core import secret_box
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.models import Mailbox
from tests.faults.conftest import OwnDesk
from tests.faults.test_parts import all_become_cases, try_to_send, unread
from tests.mail_reading.test_bombs import BOMBS, CARD, EVENT, ICS, laughs, picture, zip_bomb
from tests.servers_dovecot import PASSWORD, running_dovecot
from tests.stack import eventually

BY_ONE_DOOR = [
    "100 nested multiparts",
    "1,000 nested multiparts",
    "10,000 nested multiparts",
    "500 nested messages",
    "10,000 parts",
    "100,000 headers",
    "one header of 1 MB",
    "20,000 addresses",
    "50,000 references",
    "20,000 encoded words",
    "20,000 parameters",
    "a zip bomb",
    "a TNEF bomb",
    "an ICS bomb",
    "a VCF bomb",
    "billion laughs in XML",
    "billion laughs in SVG",
    "100,000 nested div",
    "10 MB of HTML in one line",
    "1 MB of >",
    "1 MB of On lines",
    "1 MB of signature marks",
    "1 MB of dashes",
    "an image of 50,000 by 50,000",
    "an overflowing date",
    "mixed line ends",
]
"""SAFETY's list: the doors share what comes after them, so each of these goes by one of them in turn."""
BY_EVERY_DOOR = ["5,000 nested messages", "NUL everywhere", "CR alone", "8-bit headers"]
"""What a door itself could stumble over, and what takes long."""
MEMORY_MAX_KB = 512 * 1024


@pytest.fixture(scope="module")
def doors(own_desk: OwnDesk):
    """Name → a way to hand a mail over there."""
    eventually(lambda: try_to_send(own_desk, "warm"), within_s=60, every_s=0.2)
    with running_dovecot() as dovecot:
        with own_desk.app.app_context(), transaction() as session:
            queue = session.scalars(select(Queue)).one()
            box = Mailbox(name="Bombs", queue_id=queue.id, host="localhost", port=dovecot.imap_port, security="plain")
            box.username, box.secret = "bombs", secret_box.lock(PASSWORD)
            session.add(box)

        def smtp(raw: bytes) -> None:
            with smtplib.SMTP("127.0.0.1", own_desk.stack.smtp_port, timeout=60) as client:
                client.sendmail("eve@evil.example", ["support@desk.example"], raw)

        def lmtp(raw: bytes) -> None:
            with smtplib.LMTP("127.0.0.1", own_desk.stack.lmtp_port) as client:
                client.sendmail("eve@evil.example", ["support@desk.example"], raw)

        def pipe(raw: bytes) -> None:
            # One program reads all of them: starting it takes longer than the mails.
            (own_desk.folder / "piped").mkdir(exist_ok=True)
            (own_desk.folder / "piped" / f"{time.time_ns()}.eml").write_bytes(raw)

        def imap(raw: bytes) -> None:
            # Put there as a file: what a mail server would have mended on the way stays as it is.
            folder = dovecot.folder / "mail" / "bombs" / "new"
            if not folder.exists():
                dovecot.mails("bombs")
            file = folder / f"{time.time_ns()}.bomb"
            file.write_bytes(raw)
            file.chmod(0o666)

        yield {"smtp": smtp, "lmtp": lmtp, "pipe": pipe, "imap": imap}


def memory_kb(pid: int) -> int:
    """The most that a process has had in memory."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def test_each_bomb_has_its_case_by_any_door_and_the_worker_lives(own_desk: OwnDesk, doors) -> None:
    worker = own_desk.children("worker")
    before = own_desk.ask("select coalesce(max(id), 0) from inbound_mails")[0][0]
    sent = []
    for number, name in enumerate(BY_ONE_DOOR):
        sent.append((name, list(doors)[number % len(doors)]))
    sent += [(name, door) for name in BY_EVERY_DOOR for door in doors]
    for name, door in sent:
        doors[door](marked(BOMBS[name](), f"{name} by {door}"))
    piped = own_desk.stack.cli("mail", "ingest", str(own_desk.folder / "piped"))
    assert piped.returncode == 0, piped.stderr
    count = f"select count(*) from inbound_mails where id > {before}"
    eventually(lambda: own_desk.ask(count)[0][0] == len(sent) and unread(own_desk) == 0, within_s=90, every_s=0.3)
    rows = own_desk.ask(
        "select m.door, m.outcome, m.problems, c.id is not null, exists (select from attachments a join messages s"
        " on s.id = a.message_id where s.id = m.message_row_id and a.filename = 'original.eml')"
        f" from inbound_mails m left join cases c on c.id = m.case_id where m.id > {before} order by m.id"
    )
    assert [row for row in rows if row[1] != "new_case" or not row[3]] == []
    capped = [row for row in rows if " is read" in row[2] or " are read" in row[2] or "only its header" in row[2]]
    assert len(capped) >= 5
    assert [row for row in capped if not row[4]] == []
    assert own_desk.children("worker") == worker
    assert max(map(memory_kb, worker)) < MEMORY_MAX_KB
    assert try_to_send(own_desk, "after-the-bombs")
    all_become_cases(own_desk, "after-the-bombs", 1)


def marked(raw: bytes, subject: str) -> bytes:
    """The bomb under a subject of its own, so that it is not the same mail by another door."""
    return raw.replace(b"Subject: bomb", b"Subject: " + subject.encode(), 1)


@pytest.mark.parametrize(
    ("filename", "kind", "content"),
    [
        ("a.zip", "application/zip", zip_bomb),
        ("a.png", "image/png", lambda: picture(50_000, 50_000)),
        ("a.svg", "image/svg+xml", lambda: laughs("svg")),
        ("a.ics", "text/calendar", lambda: ICS % (EVENT * 20_000)),
        ("a.vcf", "text/vcard", lambda: CARD * 1_000),
    ],
)
def test_a_bomb_sent_with_a_form_is_kept_unopened_and_its_case_is_shown(
    app: Flask,
    queue: Queue,
    ada: Agent,
    signed_in: Callable[[Agent], FlaskClient],
    filename: str,
    kind: str,
    content: Callable[[], bytes],
) -> None:
    raw = content()
    began = time.process_time()
    answer = app.test_client().post(
        "/api/inquiries",
        data={
            "queue": "support",
            "name": "Eve",
            "email": "eve@evil.example",
            "message": "See the file.",
            "attachments": (io.BytesIO(raw), filename, kind),
        },
    )
    assert answer.status_code == 201, answer.text
    assert db.session.scalars(select(Attachment.size)).all() == [len(raw)]
    browser = signed_in(ada)
    assert filename in browser.get(f"/cases/{answer.json['number']}").text
    served = browser.get(f"/attachments/{db.session.scalars(select(Attachment.id)).one()}")
    assert (served.status_code, len(served.data)) == (200, len(raw))
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "name", ["1 MB of >", "1 MB of On lines", "1 MB of dashes", "1 MB of spaces", "NUL everywhere"]
)
def test_a_text_bomb_in_a_form_is_a_case_or_a_sentence(app: Flask, queue: Queue, name: str) -> None:
    words = BOMBS[name]().partition(b"\n\n")[2].decode()
    began = time.process_time()
    inquiry = {"queue": "support", "name": "Eve", "email": "eve@evil.example", "message": words}
    answer = app.test_client().post("/api/inquiries", json=inquiry)
    assert answer.status_code in (201, 400, 413), answer.text[:300]
    assert answer.status_code == 201 or answer.json["sentence"] or answer.json["fields"]
    assert db.session.scalars(select(Case.id)).all() == ([1] if answer.status_code == 201 else [])
    assert time.process_time() - began < 10
