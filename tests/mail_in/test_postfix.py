"""A real Postfix, set up as docs/mailboxes.md says, hands mail to the mail door."""

import re
import smtplib

import pytest

from helpdesk.blobs.store import get
from tests.mail_in.conftest import PLAIN, free_port, open_door, until
from tests.servers_dovecot import is_installed, running_dovecot
from tests.servers_postfix import is_usable, running_postfix

pytestmark = pytest.mark.skipif(not (is_usable() and is_installed()), reason="needs Postfix, Dovecot and root")


@pytest.fixture(scope="module")
def dovecot():
    with running_dovecot() as server:
        yield server


def documented(repository, port: int) -> str:
    """The lines for main.cf in the documentation, with the test's domain and port."""
    block = re.search(r"```postfix\n(.*?)```", (repository / "docs" / "mailboxes.md").read_text(), re.DOTALL)
    assert block is not None
    return block.group(1).replace("example.com", "desk.example").replace("2424", str(port))


def test_postfix_set_up_as_documented_hands_mail_over_and_returns_what_no_queue_wants(
    environment, queue, ledger, dovecot, repository
):
    with (
        open_door(environment) as door,
        running_postfix(
            "desk.example", door.lmtp_port, dovecot.lmtp_port, documented(repository, door.lmtp_port)
        ) as mta,
        smtplib.SMTP("127.0.0.1", mta.port, timeout=30) as client,
    ):
        client.sendmail("nora@example.net", ["support@desk.example", "nobody@desk.example"], PLAIN)
        [row] = until(ledger, 30)
        assert (row.door, row.envelope_from, row.envelope_to) == ("lmtp", "nora@example.net", "support@desk.example")
        assert get(row.raw_sha256).endswith(PLAIN.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r"))
        [returned] = dovecot.wait_for_mail("nora", within_s=30)
        assert b"<nobody@desk.example>: no queue reads mail to this address" in b"".join(returned.splitlines())
        until(lambda: mta.waiting() == 0, 30)


def test_postfix_keeps_the_mail_while_the_door_is_shut_and_delivers_it_later(environment, queue, ledger, dovecot):
    port = free_port()
    with running_postfix("desk.example", port, dovecot.lmtp_port) as mta:
        with smtplib.SMTP("127.0.0.1", mta.port, timeout=30) as client:
            client.sendmail("nora@example.net", ["support@desk.example"], PLAIN)
        until(lambda: "deferred" in mta.log, 30)
        with open_door(environment, LMTP_DOOR_PORT=str(port)):
            until(ledger, 40)
            until(lambda: mta.waiting() == 0, 30)
    assert len(ledger()) == 1
