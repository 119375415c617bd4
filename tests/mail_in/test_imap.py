"""Polling a real Dovecot: what comes in, what is marked, and what a cut, a race or a renumbering does."""

import socket
import threading
import time
from contextlib import suppress

import pytest
from sqlalchemy import update

from helpdesk.blobs.store import get
from helpdesk.core import secret_box
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.listing import balances
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_in.poll import poll_mailbox, wake_polls
from tests.mail_in.conftest import PLAIN
from tests.servers_dovecot import PASSWORD, running_dovecot


@pytest.fixture(scope="module")
def dovecot():
    with running_dovecot() as server:
        yield server


@pytest.fixture
def user(request):
    """A mailbox of each test's own."""
    return f"u{abs(hash(request.node.nodeid)) % 10**12}"


@pytest.fixture
def mailbox(dovecot, queue, user):
    with transaction() as session:
        row = Mailbox(
            name="Support",
            queue_id=queue.id,
            host="localhost",
            port=dovecot.imap_port,
            security="plain",
            username=user,
            secret=secret_box.lock(PASSWORD),
        )
        session.add(row)
    return row


def numbered(n: int) -> bytes:
    return PLAIN.replace(b"fire@", b"fire-%d@" % n)


def change(mailbox, **values):
    with transaction() as session:
        session.execute(update(Mailbox).where(Mailbox.id == mailbox.id).values(**values))
    db.session.refresh(mailbox)


def polled(mailbox) -> str:
    """Poll, and give what the mailbox says of its trouble."""
    poll_mailbox(mailbox.id)
    db.session.refresh(mailbox)
    assert mailbox.leased_until is None
    return mailbox.problem


def test_mail_comes_in_once_is_marked_with_our_keyword_and_stays_unread(mailbox, dovecot, user, ledger):
    for n in range(3):
        dovecot.deliver(user, numbered(n))
    assert polled(mailbox) == ""
    assert polled(mailbox) == ""
    rows = ledger()
    assert [(row.door, row.queue_id, row.mailbox_id, row.uid) for row in rows] == [
        ("imap", mailbox.queue_id, mailbox.id, uid) for uid in (1, 2, 3)
    ]
    assert all(get(row.raw_sha256).endswith(numbered(n)) for n, row in enumerate(rows))
    flags = [head for head, _raw in dovecot.mails(user)]
    assert all("$HelpdeskTaken" in head and "\\Seen" not in head for head in flags)
    assert mailbox.succeeded_at is not None


def test_what_comes_later_is_all_that_the_next_poll_fetches(mailbox, dovecot, user, ledger):
    dovecot.deliver(user, numbered(1))
    polled(mailbox)
    dovecot.deliver(user, numbered(2))
    polled(mailbox)
    assert [row.uid for row in ledger()] == [1, 2]
    assert mailbox.last_uid == 2


def test_taken_mail_is_moved_where_the_mailbox_says_and_nothing_else_is_touched(mailbox, dovecot, user, ledger):
    change(mailbox, after="move", moved_to="Taken")
    for n in range(4):
        dovecot.deliver(user, numbered(n))
    assert polled(mailbox) == ""
    dovecot.deliver(user, numbered(9))
    assert len(dovecot.mails(user, "Taken")) == 4
    assert len(dovecot.mails(user)) == 1
    assert len(ledger()) == 4


def test_mail_that_lay_there_before_can_be_left_alone(mailbox, dovecot, user, ledger):
    change(mailbox, skips_old=True)
    dovecot.deliver(user, numbered(1))
    polled(mailbox)
    dovecot.deliver(user, numbered(2))
    polled(mailbox)
    assert [row.uid for row in ledger()] == [2]


def test_a_mail_too_large_to_take_is_in_the_ledger_with_its_head(mailbox, dovecot, user, ledger, app):
    app.config["MAIL_MAX_BYTES"] = 2000
    dovecot.deliver(user, PLAIN + b"x" * 5000)
    dovecot.deliver(user, numbered(2))
    polled(mailbox)
    large, small = ledger()
    assert (large.outcome, large.rule, large.size > 5000, small.outcome) == ("refused", "too_large", True, None)
    assert b"Subject: The printer is on fire" in get(large.raw_sha256)
    assert len(get(large.raw_sha256)) < 2000
    assert "$HelpdeskTaken" in dovecot.mails(user)[0][0]


def test_the_second_mail_too_large_to_take_holds_up_nothing(mailbox, dovecot, user, ledger, app):
    app.config["MAIL_MAX_BYTES"] = 2000
    for n in (1, 2):
        dovecot.deliver(user, numbered(n) + b"x" * 5000)
    dovecot.deliver(user, numbered(3))
    polled(mailbox)
    assert [row.rule for row in ledger()] == ["too_large", "too_large", ""]


def test_four_pollers_at_once_fetch_each_mail_once(mailbox, dovecot, user, ledger, app):
    for n in range(60):
        dovecot.deliver(user, numbered(n))
    run_at_once(app, 4, lambda: poll_mailbox(mailbox.id))
    db.session.refresh(mailbox)
    assert [row.uid for row in ledger()] == list(range(1, 61))
    assert mailbox.fetched == 60


def test_a_poller_whose_lease_ran_out_doubles_nothing(mailbox, dovecot, user, ledger, app):
    for n in range(60):
        dovecot.deliver(user, numbered(n))

    def poll_over_any_lease():
        with transaction() as session:
            session.execute(update(Mailbox).values(leased_until=None))
        poll_mailbox(mailbox.id)

    run_at_once(app, 4, poll_over_any_lease)
    db.session.refresh(mailbox)
    assert sorted(row.uid for row in ledger()) == list(range(1, 61))
    assert mailbox.fetched == 60


def run_at_once(app, count, work):
    def run():
        with app.app_context():
            work()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_new_numbers_on_the_server_start_over_and_content_tells_what_is_known(mailbox, dovecot, user, ledger):
    dovecot.deliver(user, numbered(1))
    polled(mailbox)
    change(mailbox, uidvalidity=mailbox.uidvalidity - 1)
    with transaction() as session:
        session.execute(update(InboundMail).values(uidvalidity=mailbox.uidvalidity))
    dovecot.deliver(user, numbered(2))
    polled(mailbox)
    first, again, new = ledger()
    assert (first.uid, again.uid, new.uid) == (1, 1, 2)
    assert first.uidvalidity != again.uidvalidity
    assert first.raw_sha256 == again.raw_sha256


def test_a_connection_cut_in_the_middle_is_said_and_the_rest_follows(mailbox, dovecot, user, ledger):
    for n in range(50):
        dovecot.deliver(user, numbered(n) + b"x" * 20_000)
    with Cutter(dovecot.imap_port, after_bytes=600_000) as proxy:
        change(mailbox, port=proxy.port)
        problem = polled(mailbox)
        assert problem == "The connection to localhost broke off. What was fetched is safe; the rest follows."
        some = len(ledger())
        assert 0 < some < 50
        proxy.after_bytes = 10**9
        assert polled(mailbox) == ""
    assert [row.uid for row in ledger()] == list(range(1, 51))
    assert all("$HelpdeskTaken" in head for head, _raw in dovecot.mails(user))
    assert balances([mailbox])[mailbox.id].is_right


def test_rows_that_were_committed_and_not_marked_are_marked_by_the_next_poll(mailbox, dovecot, user, ledger):
    change(mailbox, after="move", moved_to="Taken")
    dovecot.deliver(user, numbered(1))
    polled(mailbox)
    with dovecot.mailbox(user, "Taken") as client:
        client.copy("1", "INBOX")
    # As if the first poll had been killed between its commit and the move.
    change(mailbox, last_uid=2, attempts=1)
    with transaction() as session:
        session.execute(update(InboundMail).values(uid=2))
    assert polled(mailbox) == ""
    assert dovecot.mails(user) == []


def test_a_full_disk_leaves_the_mail_where_it_is(mailbox, dovecot, user, ledger, app):
    dovecot.deliver(user, numbered(77))
    app.config["FREE_DISK_MIN_BYTES"] = 10**15
    assert polled(mailbox) == "We cannot take this in right now. Please try again later."
    assert ledger() == []
    app.config["FREE_DISK_MIN_BYTES"] = 1
    assert polled(mailbox) == ""
    assert len(ledger()) == 1


def test_beat_wakes_active_mailboxes_only(mailbox):
    # The broker is real; what stands in its queue afterwards is what a worker would get.
    import redis
    from flask import current_app

    broker = redis.Redis.from_url(current_app.config["REDIS_URL"])
    broker.delete("default")
    wake_polls()
    assert broker.llen("default") == 1
    change(mailbox, active=False)
    wake_polls()
    assert broker.llen("default") == 1
    broker.delete("default")
    poll_mailbox(mailbox.id)
    db.session.refresh(mailbox)
    assert mailbox.polled_at is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": "wrong"}, "localhost refuses this user name and password. It says: Authentication failed."),
        ({"host": "no-such-host.invalid"}, "There is no server called no-such-host.invalid. Is it spelt right?"),
        ({"port": 1}, "localhost is there, but no mail server listens on port 1."),
        ({"folder": "Nowhere"}, "There is no folder Nowhere. There are: INBOX, Taken."),
        ({"after": "move", "moved_to": "Gone"}, "There is no folder Gone. There are: INBOX, Taken."),
        ({"security": "tls"}, "localhost does not speak TLS on port {port}. Try STARTTLS, or port 993."),
        ({"security": "starttls"}, "The certificate of localhost is signed by nobody whom this machine trusts"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(mailbox, dovecot, wrong, said):
    if "secret" in wrong:
        wrong = {"secret": secret_box.lock("not the password")}
    change(mailbox, **wrong)
    assert polled(mailbox).startswith(said.format(port=dovecot.imap_port))
    assert mailbox.succeeded_at is None
    assert mailbox.polled_at is not None


@pytest.mark.parametrize(
    ("security", "certificate", "said"),
    [
        ("tls", ("localhost", 2), ""),
        ("starttls", ("localhost", 2), ""),
        ("tls", ("imap.elsewhere.example", 2), "The certificate of the server is made out for another name"),
        ("tls", ("localhost", -1), "The certificate of localhost has expired."),
    ],
)
def test_tls_is_checked_against_name_and_date(mailbox, user, monkeypatch, security, certificate, said):
    with running_dovecot(only_encrypted=True, certificate=certificate) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        change(mailbox, security=security, port=server.imaps_port if security == "tls" else server.imap_port)
        assert polled(mailbox).startswith(said)
        assert bool(mailbox.succeeded_at) == (said == "")


def test_a_password_is_never_said_in_the_open_to_a_server_that_wants_tls(mailbox):
    with running_dovecot(only_encrypted=True) as server:
        # Dovecot counts a connection as safe when both its ends have the same address.
        change(mailbox, host="127.0.0.2", port=server.imap_port)
        assert polled(mailbox) == "127.0.0.2 takes passwords only over an encrypted connection: choose TLS."


def test_a_server_that_does_not_answer_is_left_after_the_time_out(mailbox, app):
    app.config["IMAP_TIMEOUT_S"] = 1
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        change(mailbox, port=silent.getsockname()[1])
        began = time.monotonic()
        assert polled(mailbox).startswith("localhost does not answer on port")
        assert time.monotonic() - began < 5


def test_private_servers_can_be_forbidden(mailbox, app):
    app.config["IMAP_ALLOW_PRIVATE"] = False
    assert polled(mailbox) == "localhost is inside a private network, and IMAP_ALLOW_PRIVATE forbids that here."


class Cutter:
    """A proxy that lets so many bytes of the server through and then cuts the line."""

    def __init__(self, target: int, after_bytes: int):
        self.target, self.after_bytes = target, after_bytes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_about):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _address = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._copy, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self._copy, args=(far, near, self.after_bytes), daemon=True).start()

    def _copy(self, source, target, budget):
        try:
            while data := source.recv(4096):
                if budget is not None:
                    budget -= len(data)
                    if budget < 0:
                        break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_a_mail_that_is_listed_and_not_handed_over_is_not_passed_by(mailbox, dovecot, user, ledger):
    for n in range(3):
        dovecot.deliver(user, numbered(n))
    folder = dovecot.folder / "mail" / user
    withheld = sorted(file for name in ("new", "cur") for file in (folder / name).iterdir())[1]
    withheld.chmod(0)
    assert polled(mailbox) != ""
    # The server has moved it from new/ to cur/ meanwhile.
    next(folder.glob(f"*/{withheld.name}*")).chmod(0o600)
    assert polled(mailbox) == ""
    assert len(ledger()) == 3
