"""The LMTP door: one answer for each recipient (RFC 2033)."""

import smtplib
import socket

import pytest

from tests.mail_in.conftest import PLAIN, open_door


@pytest.fixture
def lmtp(door, queue):
    """`say` sends and gives so many lines of reply."""
    with socket.create_connection(("127.0.0.1", door.lmtp_port), timeout=20) as connection:
        file = connection.makefile("rb")

        def say(data: bytes, replies: int = 1) -> list[str]:
            connection.sendall(data)
            return [file.readline().decode() for _ in range(replies)]

        assert say(b"")[0].startswith("220 desk.example")
        yield say


def greet(say) -> list[str]:
    lines = say(b"LHLO tester\r\n")
    while lines[-1][3] == "-":
        lines += say(b"")
    return [line[4:].strip() for line in lines]


def test_the_greeting_is_lhlo_and_says_what_the_standard_wants(lmtp):
    assert lmtp(b"HELO tester\r\n")[0].startswith("500")
    assert lmtp(b"EHLO tester\r\n")[0].startswith("500")
    assert lmtp(b"MAIL FROM:<a@example.net>\r\n")[0].startswith("503 5.0.0 Error: send LHLO")
    offered = greet(lmtp)
    assert {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "SIZE 300000"} <= set(offered)
    assert not any(line.startswith("AUTH") for line in offered)


def test_each_accepted_recipient_hears_its_own_answer(lmtp, sales, ledger):
    greet(lmtp)
    lmtp(b"MAIL FROM:<>\r\n")
    said = [lmtp(b"RCPT TO:<%s@desk.example>\r\n" % name)[0][:3] for name in (b"support", b"nobody", b"sales")]
    assert said == ["250", "550", "250"]
    assert lmtp(b"DATA\r\n")[0].startswith("354")
    assert [line[:9] for line in lmtp(PLAIN + b".\r\n", replies=2)] == ["250 2.0.0", "250 2.0.0"]
    assert lmtp(b"NOOP\r\n")[0].startswith("250")
    assert [(row.door, row.queue.slug) for row in ledger()] == [("lmtp", "support"), ("lmtp", "sales")]


def test_one_queue_named_twice_hears_twice_and_has_one_row(lmtp, ledger):
    greet(lmtp)
    lmtp(b"MAIL FROM:<a@example.net>\r\nRCPT TO:<support@desk.example>\r\nRCPT TO:<Support+x@desk.example>\r\n", 3)
    lmtp(b"DATA\r\n")
    assert [line[:3] for line in lmtp(PLAIN + b".\r\n", replies=2)] == ["250", "250"]
    assert len(ledger()) == 1


def test_without_an_accepted_recipient_there_is_no_data(lmtp, ledger):
    greet(lmtp)
    lmtp(b"MAIL FROM:<a@example.net>\r\nRCPT TO:<nobody@desk.example>\r\n", 2)
    assert lmtp(b"DATA\r\n")[0].startswith("503")


def test_too_large_is_said_once_for_each_recipient(lmtp, sales, ledger):
    greet(lmtp)
    lmtp(b"MAIL FROM:<a@example.net>\r\nRCPT TO:<support@desk.example>\r\nRCPT TO:<sales@desk.example>\r\n", 3)
    lmtp(b"DATA\r\n")
    answers = lmtp(PLAIN + b"x" * 400_000 + b"\r\n.\r\n", replies=2)
    assert [line[:9] for line in answers] == ["552 5.3.4", "552 5.3.4"]
    assert lmtp(b"NOOP\r\n")[0].startswith("250")
    assert ledger() == []


def test_a_full_disk_is_said_once_for_each_recipient(environment, sales, ledger):
    with (
        open_door(environment, FREE_DISK_MIN_BYTES=str(10**15)) as door,
        smtplib.LMTP("127.0.0.1", door.lmtp_port) as client,
    ):
        client.ehlo("tester")
        client.mail("a@example.net")
        client.rcpt("support@desk.example")
        client.rcpt("sales@desk.example")
        assert client.data(PLAIN + b"Never seen before.\r\n")[0] == 451
        assert client.getreply()[0] == 451
        assert client.noop()[0] == 250
    assert ledger() == []
