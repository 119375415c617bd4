"""A mailbox whose server breaks off, hangs or changes under our hands: every mail is in the ledger once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core import secret_box
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.listing import balances
from helpdesk.mail_in.mailbox_settings import MailboxFields, change_mailbox
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_in.poll import poll_mailbox
from helpdesk.mail_in.story import read_mail
from tests.faults.away import database_away
from tests.faults.proxy import Fault, Proxy
from tests.letters import letter
from tests.servers_dovecot import PASSWORD, Dovecot, running_dovecot

Ledger = Callable[[], list[InboundMail]]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as server:
        yield server


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    return f"u{abs(hash(request.node.nodeid)) % 10**12}"


@pytest.fixture
def proxy(dovecot: Dovecot) -> Iterator[Proxy]:
    with Proxy(dovecot.imap_port) as proxy:
        yield proxy


@pytest.fixture
def mailbox(app: Flask, proxy: Proxy, queue: Queue, user: str) -> Mailbox:
    app.config["IMAP_TIMEOUT_S"] = 1
    return make_mailbox(queue, proxy.port, user)


def make_mailbox(queue: Queue, port: int, user: str, **more: str) -> Mailbox:
    with transaction() as session:
        secret = secret_box.lock(PASSWORD)
        row = Mailbox(name="Support", queue_id=queue.id, host="localhost", port=port, security="plain", secret=secret)
        row.username, row.after, row.moved_to = user, more.get("after", "flag"), more.get("moved_to", "")
        session.add(row)
    return row


def polled(mailbox: Mailbox) -> str:
    """Poll, and give what the mailbox says of its trouble."""
    poll_mailbox(mailbox.id)
    db.session.refresh(mailbox)
    assert mailbox.leased_until is None
    return mailbox.problem


def three_mails(dovecot: Dovecot, user: str) -> None:
    for n in range(3):
        dovecot.deliver(user, letter(f"Mail {n}", message_id=f"<{n}@fjordlys.example>"))


@contextmanager
def polling(app: Flask, mailbox: Mailbox) -> Iterator[None]:
    """A poll in a thread of its own, over when the block ends."""

    def run() -> None:
        with app.app_context(), suppress(DBAPIError):
            poll_mailbox(mailbox.id)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(30)
    assert not thread.is_alive()
    db.session.rollback()
    db.session.refresh(mailbox)


def until_struck(proxy: Proxy) -> None:
    patience_ends = time.monotonic() + 10
    while not proxy.struck:
        assert time.monotonic() < patience_ends, "the fault never struck"
        time.sleep(0.01)


COMMANDS = {
    "CAPABILITY": b"CAPABILITY",
    "LOGIN": b" LOGIN ",
    "LIST": b" LIST ",
    "SELECT": b" SELECT ",
    "SEARCH": b"UID SEARCH",
    "FETCH of sizes": b"RFC822.SIZE",
    "FETCH of bodies": b"BODY.PEEK[]",
    "STORE": b"UID STORE",
    "LOGOUT": b"LOGOUT",
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("cut", of="server"), id="the greeting"),
        *(pytest.param(Fault("cut", at=word), id=f"{name} is not heard") for name, word in COMMANDS.items()),
        *(pytest.param(Fault("reset", after=word), id=f"{name} is not answered") for name, word in COMMANDS.items()),
        pytest.param(Fault("cut", at=b"Mail 1", of="server"), id="a body in its middle"),
        pytest.param(Fault("hang", after=b"BODY.PEEK[]"), id="FETCH of bodies hangs"),
        pytest.param(Fault("hang", after=b"UID STORE"), id="STORE hangs"),
        pytest.param(Fault("slow", of="server", bytes_per_s=20_000), id="a server that crawls"),
    ],
)
def test_a_cut_at_each_command_loses_and_doubles_nothing(
    mailbox: Mailbox, proxy: Proxy, dovecot: Dovecot, user: str, ledger: Ledger, fault: Fault
) -> None:
    three_mails(dovecot, user)
    proxy.fault = fault
    problem = polled(mailbox)
    assert proxy.struck
    is_harmless = fault.kind == "slow" or b"LOGOUT" in (fault.at, fault.after)
    assert (problem == "") == is_harmless, problem
    proxy.end_lines("reset")
    proxy.fault = None
    assert polled(mailbox) == ""
    assert [row.uid for row in ledger()] == [1, 2, 3]
    assert all("$HelpdeskTaken" in flags for flags, _raw in dovecot.mails(user))
    assert balances([mailbox])[mailbox.id].is_right


@pytest.mark.parametrize("word", [b"UID MOVE", b"UID COPY", b"UID STORE", b"UID EXPUNGE"])
@pytest.mark.parametrize("heard", [False, True], ids=["not heard", "not answered"])
def test_a_cut_while_mail_is_moved_leaves_each_mail_in_the_ledger_once_and_none_in_the_folder(
    app: Flask,
    queue: Queue,
    old_dovecot: Dovecot,
    dovecot: Dovecot,
    user: str,
    ledger: Ledger,
    word: bytes,
    heard: bool,
) -> None:
    app.config["IMAP_TIMEOUT_S"] = 1
    server = dovecot if word == b"UID MOVE" else old_dovecot
    three_mails(server, user)
    with Proxy(server.imap_port) as proxy:
        mailbox = make_mailbox(queue, proxy.port, user, after="move", moved_to="Taken")
        proxy.fault = Fault("cut", after=word) if heard else Fault("cut", at=word)
        assert polled(mailbox) != ""
        assert proxy.struck
        proxy.fault = None
        assert polled(mailbox) == ""
    assert [row.uid for row in ledger()] == [1, 2, 3]
    assert server.mails(user) == []
    moved = [raw for _flags, raw in server.mails(user, "Taken")]
    assert all(any(b"Mail %d" % n in raw for raw in moved) for n in range(3))


@pytest.fixture(scope="module")
def old_dovecot() -> Iterator[Dovecot]:
    """One that knows no MOVE."""
    with running_dovecot(capability="IMAP4rev1 UIDPLUS") as server:
        yield server


def test_a_folder_that_is_numbered_anew_between_polls_or_in_one_gives_each_mail_one_case(
    app: Flask, mailbox: Mailbox, proxy: Proxy, dovecot: Dovecot, user: str, ledger: Ledger
) -> None:
    three_mails(dovecot, user)
    assert polled(mailbox) == ""
    before = mailbox.uidvalidity
    number_anew(dovecot, user)
    dovecot.deliver(user, letter("Mail 3", message_id="<3@fjordlys.example>"))
    proxy.fault = Fault("hang", after=b"BODY.PEEK[]")
    with polling(app, mailbox):
        until_struck(proxy)
        number_anew(dovecot, user)
        proxy.end_lines()
        proxy.fault = None
    assert polled(mailbox) == ""
    assert mailbox.uidvalidity != before
    for row in ledger():
        read_mail(row.id)
    outcomes = [(row.message_id, row.outcome) for row in ledger()]
    assert sorted(name for name, outcome in outcomes if outcome == "new_case") == [
        f"{n}@fjordlys.example" for n in range(4)
    ]
    assert {outcome for _name, outcome in outcomes} == {"new_case", "duplicate"}
    assert balances([mailbox])[mailbox.id].is_right


def number_anew(dovecot: Dovecot, user: str) -> None:
    """What a restored back-up or a moved mailbox does: the same mails under other numbers."""
    # UIDVALIDITY is the time in seconds.
    time.sleep(1.1)
    for file in (dovecot.folder / "mail" / user).glob("dovecot*"):
        file.unlink()


def test_a_mailbox_pointed_elsewhere_while_it_is_read_passes_by_no_mail_of_either_place(
    app: Flask, mailbox: Mailbox, proxy: Proxy, dovecot: Dovecot, user: str, ledger: Ledger, boss: Agent
) -> None:
    three_mails(dovecot, user)
    elsewhere = f"{user}-elsewhere"
    dovecot.deliver(elsewhere, letter("In the other place", message_id="<other@fjordlys.example>"))
    proxy.fault = Fault("hang", after=b"BODY.PEEK[]")
    with polling(app, mailbox):
        until_struck(proxy)
        names = ("name", "queue_id", "host", "port", "security")
        fields = {name: getattr(mailbox, name) for name in names}
        change_mailbox(mailbox, MailboxFields(**fields, username=elsewhere), "", by=boss)
        proxy.fault = None
    assert mailbox.problem == "The mailbox was changed while it was read. The next poll goes on."
    assert (ledger(), mailbox.uidvalidity, mailbox.last_uid) == ([], None, 0)
    assert polled(mailbox) == ""
    assert [(row.uid, row.uidvalidity is not None) for row in ledger()] == [(1, True)]


def test_a_poll_whose_numbers_another_poll_found_stale_writes_nothing_under_the_new_ones(
    app: Flask, mailbox: Mailbox, proxy: Proxy, dovecot: Dovecot, user: str, ledger: Ledger
) -> None:
    three_mails(dovecot, user)
    proxy.fault = Fault("hang", after=b"BODY.PEEK[]")
    with polling(app, mailbox):
        until_struck(proxy)
        with transaction() as session:
            session.execute(update(Mailbox).values(uidvalidity=Mailbox.uidvalidity + 1, last_uid=0))
        proxy.fault = None
    assert mailbox.problem != ""
    assert ledger() == []
    assert polled(mailbox) == ""
    assert [row.uid for row in ledger()] == [1, 2, 3]


def test_a_database_that_goes_away_in_the_middle_of_a_poll_leaves_the_mailbox_to_the_next(
    app: Flask, mailbox: Mailbox, proxy: Proxy, dovecot: Dovecot, user: str, ledger: Ledger
) -> None:
    three_mails(dovecot, user)
    proxy.fault = Fault("hang", after=b"BODY.PEEK[]")
    with polling(app, mailbox):
        until_struck(proxy)
        with database_away(app):
            proxy.fault = None
            time.sleep(0.5)
    # Begun anew in the middle where the database is back in time, else given back.
    assert ([row.uid for row in ledger()], mailbox.leased_until) in (([], None), ([1, 2, 3], None))
    assert polled(mailbox) == ""
    assert [row.uid for row in ledger()] == [1, 2, 3]
    assert all("$HelpdeskTaken" in flags for flags, _raw in dovecot.mails(user))
