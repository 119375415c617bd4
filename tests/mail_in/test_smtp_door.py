"""The SMTP door, spoken to by smtplib and by raw sockets over loopback."""

import smtplib
import socket
import ssl
import threading
import time

import pytest

from helpdesk.blobs.store import get
from helpdesk.cases.models import Queue
from helpdesk.core.db import transaction
from helpdesk.embedded.postgres import start_postgres
from helpdesk.embedded.valkey import start_valkey
from tests.mail_in.conftest import PLAIN, open_door, until
from tests.servers_dovecot import make_certificate

NORA = "nora@example.net"
SUPPORT = "support@desk.example"


@pytest.fixture
def smtp(door, queue):
    with smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20) as client:
        yield client


@pytest.fixture
def wire(door, queue):
    """A conversation byte by byte; `say` sends and gives the reply."""
    with socket.create_connection(("127.0.0.1", door.smtp_port), timeout=20) as connection:
        file = connection.makefile("rb")

        def say(data: bytes, replies: int = 1) -> list[str]:
            connection.sendall(data)
            return [file.readline().decode() for _ in range(replies)]

        say(b"", 1)
        say(b"HELO tester\r\n")
        say(b"MAIL FROM:<nora@example.net>\r\n")
        say(b"RCPT TO:<support@desk.example>\r\n")
        assert say(b"DATA\r\n")[0].startswith("354")
        yield say


def test_the_door_says_where_it_listens(door):
    assert door.said == [
        f"SMTP door listens on 127.0.0.1:{door.smtp_port}\n",
        f"LMTP door listens on 127.0.0.1:{door.lmtp_port}\n",
    ]


def test_a_mail_is_a_row_with_all_its_bytes_when_250_is_said(smtp, ledger, queue):
    smtp.sendmail(NORA, [SUPPORT], PLAIN)
    [row] = ledger()
    assert (row.door, row.queue_id, row.envelope_from, row.envelope_to) == ("smtp", queue.id, NORA, SUPPORT)
    assert (row.outcome, row.size, get(row.raw_sha256)) == (None, len(PLAIN), PLAIN)


def test_a_queue_is_found_in_any_case_and_by_a_plus_address(smtp, ledger):
    for address in ("SUPPORT@Desk.Example", "support+abc123@desk.example"):
        smtp.sendmail(NORA, [address], PLAIN)
    assert [row.envelope_to for row in ledger()] == ["SUPPORT@Desk.Example", "support+abc123@desk.example"]


@pytest.mark.parametrize("address", ["nobody@desk.example", "support@other.example", "supp@desk.example"])
def test_an_address_of_no_queue_is_refused_in_plain_words(smtp, ledger, address):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        smtp.sendmail(NORA, [address], PLAIN)
    code, words = refusal.value.recipients[address]
    assert code == 550
    assert words.decode() == f"5.1.1 <{address}>: no queue reads mail to this address"
    assert ledger() == []


def test_a_queue_made_just_now_takes_mail_and_one_put_aside_does_not(smtp, ledger):
    smtp.sendmail(NORA, [SUPPORT], PLAIN)
    with transaction() as session:
        session.add(Queue(name="New", slug="new", address="new@desk.example"))
        session.add(Queue(name="Old", slug="old", address="old@desk.example", active=False))
    refused = smtp.sendmail(NORA, ["new@desk.example", "old@desk.example"], PLAIN)
    assert list(refused) == ["old@desk.example"]
    assert len(ledger()) == 2


def test_two_queues_get_a_row_each_and_two_addresses_of_one_queue_share_one(smtp, ledger, queue, sales):
    smtp.sendmail(NORA, [SUPPORT, "sales@desk.example", "support+token@desk.example"], PLAIN)
    assert sorted((row.queue_id, row.envelope_to) for row in ledger()) == [
        (queue.id, "support+token@desk.example"),
        (sales.id, "sales@desk.example"),
    ]


def test_the_null_sender_is_kept_as_empty(smtp, ledger):
    smtp.sendmail("", [SUPPORT], PLAIN)
    assert ledger()[0].envelope_from == ""


def test_the_size_limit_is_announced_and_held(smtp, ledger):
    smtp.ehlo("tester")
    assert smtp.esmtp_features["size"] == "300000"
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        smtp.sendmail(NORA, [SUPPORT], PLAIN + b"x" * 300_000)
    assert refusal.value.smtp_code == 552
    assert ledger() == []


def test_a_mail_that_grows_too_large_is_refused_after_its_end_and_the_next_is_taken(wire, ledger):
    reply = wire(PLAIN + b"y" * 400_000 + b"\r\n.\r\n")[0]
    assert reply == "552 5.3.4 This mail is too large: at most 300000 bytes are taken\r\n"
    wire(b"MAIL FROM:<nora@example.net>\r\n")
    wire(b"RCPT TO:<support@desk.example>\r\n")
    wire(b"DATA\r\n")
    assert wire(PLAIN + b".\r\n")[0].startswith("250 2.0.0")
    assert len(ledger()) == 1


def test_lines_of_any_length_come_whole(wire, ledger):
    raw = PLAIN + b"z" * 250_000 + b"\r\n"
    assert wire(raw + b".\r\n")[0].startswith("250")
    assert get(ledger()[0].raw_sha256) == raw


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a.\r\nb\r\n..c\r\n.\r\n", b"a.\r\nb\r\n.c\r\n"),
        (b"a\r\n...\r\n\r\n.\r\n", b"a\r\n..\r\n\r\n"),
        (b"\xff\x00\x80\r\n.\r\n", b"\xff\x00\x80\r\n"),
    ],
)
def test_dots_and_odd_bytes_arrive_as_they_were_written(wire, ledger, sent, kept):
    assert wire(sent)[0].startswith("250")
    assert get(ledger()[0].raw_sha256) == kept


@pytest.mark.parametrize("ending", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n"])
def test_no_second_mail_is_smuggled_behind_a_bare_line_end(wire, ledger, ending):
    smuggled = (
        b"MAIL FROM:<boss@desk.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\nSubject: two\r\n\r\nx\r\n.\r\n"
    )
    assert wire(PLAIN + b"one" + ending + smuggled)[0].startswith("250")
    [row] = ledger()
    assert row.envelope_from == NORA
    assert b"boss@desk.example" in get(row.raw_sha256)


def test_a_dot_split_over_packets_ends_the_mail(wire, ledger):
    for piece in (PLAIN, b"\r", b"\n", b".", b"\r"):
        wire(piece, replies=0)
        time.sleep(0.02)
    assert wire(b"\n")[0].startswith("250")
    assert get(ledger()[0].raw_sha256) == PLAIN + b"\r\n"


def test_commands_sent_in_one_go_are_answered_in_order(wire, ledger):
    first = PLAIN + b".\r\n"
    second = b"MAIL FROM:<>\r\nRCPT TO:<no@desk.example>\r\nRCPT TO:<support@desk.example>\r\nQUIT\r\n"
    assert [line[:3] for line in wire(first + second, replies=5)] == ["250", "250", "550", "250", "221"]
    assert len(ledger()) == 1


def test_8bitmime_and_smtputf8_are_taken(smtp, ledger):
    smtp.ehlo("tester")
    assert smtp.has_extn("8bitmime")
    assert smtp.has_extn("smtputf8")
    smtp.mail("søren@blåbær.example", ["SMTPUTF8", "BODY=8BITMIME"])
    smtp.rcpt(SUPPORT)
    assert smtp.data("Subject: Blåbær\r\n\r\nGrøt\r\n".encode())[0] == 250
    assert ledger()[0].envelope_from == "søren@blåbær.example"


def test_more_than_a_hundred_recipients_are_put_off(smtp, queue):
    smtp.helo("tester")
    smtp.mail(NORA)
    codes = {smtp.rcpt(f"support+{n}@desk.example")[0] for n in range(100)}
    assert codes == {250}
    assert smtp.rcpt("support+more@desk.example")[0] == 452


def test_a_full_disk_means_come_again_and_nothing_is_lost(environment, app, queue, ledger):
    with (
        open_door(environment, FREE_DISK_MIN_BYTES=str(10**15)) as door,
        smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20) as client,
        pytest.raises(smtplib.SMTPDataError) as refusal,
    ):
        client.sendmail(NORA, [SUPPORT], PLAIN + b"Never seen before.\r\n")
    assert refusal.value.smtp_code == 451
    assert refusal.value.smtp_error.startswith(b"4.3.0 ")
    assert ledger() == []


def test_without_the_broker_mail_is_taken_as_quickly(environment, app, queue, ledger, tmp_path):
    with start_valkey(tmp_path) as broker:
        url = broker.url
    with (
        open_door(environment, REDIS_URL=url) as door,
        smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20) as client,
    ):
        began = time.monotonic()
        for _ in range(10):
            client.sendmail(NORA, [SUPPORT], PLAIN)
    assert len(ledger()) == 10
    assert time.monotonic() - began < 8


def test_a_stopped_database_means_come_again_and_mail_flows_when_it_is_back(environment, tmp_path):
    settings = dict(environment)
    server = start_postgres(tmp_path / "pg", durable=False)
    settings["DATABASE_URL"] = server.url
    try:
        _migrate_with_a_queue(settings)
        with open_door(settings) as door, smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=30) as client:
            client.sendmail(NORA, [SUPPORT], PLAIN)
            client.ehlo("tester")
            client.mail(NORA)
            assert client.rcpt(SUPPORT)[0] == 250
            server.stop()
            assert client.data(PLAIN)[0] == 451
            client.mail(NORA)
            assert client.rcpt("never-seen@desk.example")[0] == 451
            client.rset()
            server = start_postgres(tmp_path / "pg", durable=False)
            client.sendmail(NORA, [SUPPORT], PLAIN)
    finally:
        server.stop()


def _migrate_with_a_queue(settings):
    from flask_migrate import upgrade

    import config
    from helpdesk.factory import create_app

    other = create_app(config.load(settings, services={}))
    with other.app_context():
        upgrade()
        with transaction() as session:
            session.add(Queue(name="Support", slug="support", address=SUPPORT))


def test_told_to_stop_the_door_finishes_the_mail_under_way(environment, app, queue, ledger):
    with open_door(environment) as door:
        idle = smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20)
        busy = smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20)
        busy.helo("tester")
        busy.mail(NORA)
        busy.rcpt(SUPPORT)
        busy.putcmd("data")
        assert busy.getreply()[0] == 354
        stopped = threading.Thread(target=door.stop)
        stopped.start()
        assert idle.getreply()[0] == 421
        assert door.process.poll() is None
        busy.send(PLAIN + b".\r\n")
        assert busy.getreply()[0] == 250
        stopped.join()
        assert door.process.returncode == 0
    assert len(ledger()) == 1


def test_a_port_in_use_is_said_in_plain_words(environment, door):
    from tests.mail_in.conftest import run_flask

    done = run_flask(environment | {"SMTP_DOOR_PORT": str(door.smtp_port)}, "mail", "serve")
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"Error: Port {door.smtp_port} of 127.0.0.1 cannot be opened:")


def test_connections_over_the_limit_are_asked_to_come_again(environment, app, queue):
    with open_door(environment) as door:
        first = [socket.create_connection(("127.0.0.1", door.smtp_port), timeout=20) for _ in range(200)]
        until(lambda: first[-1].recv(4) == b"220 ")
        with socket.create_connection(("127.0.0.1", door.smtp_port), timeout=20) as one_more:
            assert one_more.recv(3) == b"421"
        for connection in first:
            connection.close()
        time.sleep(0.3)
        with smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20) as client:
            assert client.noop()[0] == 250


def test_a_connection_cut_in_the_middle_of_a_mail_leaves_nothing(door, queue, ledger):
    for cut_after in (b"", PLAIN, PLAIN + b"\r\n."):
        client = smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20)
        client.ehlo("tester")
        client.mail(NORA)
        client.rcpt(SUPPORT)
        client.putcmd("data")
        client.getreply()
        client.send(cut_after)
        client.close()
    with smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20) as client:
        client.sendmail(NORA, [SUPPORT], PLAIN)
    assert len(ledger()) == 1


def test_twenty_senders_at_once_each_have_their_mail_kept(door, queue, ledger):
    def send(n):
        with smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=60) as client:
            for m in range(5):
                client.sendmail(f"sender{n}@example.net", [SUPPORT], PLAIN.replace(b"fire@", b"%d-%d@" % (n, m)))

    senders = [threading.Thread(target=send, args=(n,)) for n in range(20)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    rows = ledger()
    assert len(rows) == 100
    assert len({row.raw_sha256 for row in rows}) == 100


def test_with_a_certificate_the_door_offers_starttls(environment, app, queue, ledger, tmp_path):
    make_certificate(tmp_path)
    files = {"DOOR_TLS_CERT": str(tmp_path / "certificate.pem"), "DOOR_TLS_KEY": str(tmp_path / "key.pem")}
    with (
        open_door(environment, **files) as door,
        smtplib.SMTP("localhost", door.smtp_port, timeout=20) as client,
    ):
        client.starttls(context=ssl.create_default_context(cafile=files["DOOR_TLS_CERT"]))
        client.ehlo("tester")
        assert not client.has_extn("auth")
        client.sendmail(NORA, [SUPPORT], PLAIN)
    assert len(ledger()) == 1
