"""`flask mail ingest`, run as a mail server or a person runs it: what it takes in, and with which code it ends."""

import json
import mailbox
import time

import pytest

from helpdesk.blobs.store import get
from helpdesk.embedded.valkey import start_valkey
from tests.mail_in.conftest import PLAIN, run_flask


def ingest(environment, *arguments, stdin=b"", **more):
    return run_flask(environment | more, "mail", "ingest", *arguments, stdin=stdin)


def numbered(n: int) -> bytes:
    return PLAIN.replace(b"fire@", b"fire-%d@" % n)


@pytest.fixture
def folder(tmp_path):
    for n in range(3):
        (tmp_path / f"{n}.eml").write_bytes(numbered(n))
    return tmp_path


def test_a_mail_from_a_pipe_is_durable_when_the_command_ends_with_0(environment, queue, ledger):
    done = ingest(environment, "-", stdin=PLAIN)
    assert (done.returncode, done.stderr) == (0, b"")
    [row] = ledger()
    assert (row.door, row.queue_id, row.outcome, get(row.raw_sha256)) == ("pipe", queue.id, None, PLAIN)


def test_the_mbox_line_of_a_mail_server_is_left_out(environment, queue, ledger):
    ingest(environment, "-", stdin=b"From nora@example.net  Mon Nov  2 10:00:00 2026\n" + PLAIN)
    assert get(ledger()[0].raw_sha256) == PLAIN


def test_the_queue_is_the_envelopes_then_the_headers_then_the_first(environment, queue, sales, ledger):
    to_sales = PLAIN.replace(b"To: support@", b"Delivered-To: sales@desk.example\r\nTo: support@")
    ingest(environment, "-", stdin=to_sales, ORIGINAL_RECIPIENT="support+abc@desk.example", SENDER="bounce@example.net")
    ingest(environment, "-", stdin=to_sales)
    ingest(environment, "-", stdin=PLAIN.replace(b"support@", b"someone@"), RECIPIENT="else@where.example")
    ingest(environment, "-", "--queue", "sales", stdin=PLAIN)
    assert [(row.queue.slug, row.envelope_to, row.envelope_from) for row in ledger()] == [
        ("support", "support+abc@desk.example", "bounce@example.net"),
        ("sales", "sales@desk.example", None),
        ("support", "else@where.example", None),
        ("sales", "", None),
    ]


def test_a_header_over_several_lines_names_the_queue_too(environment, sales, ledger):
    folded = PLAIN.replace(
        b"To: support@desk.example", b'To: "Somebody, Else" <x@y.example>,\r\n\t<Sales@Desk.Example>'
    )
    ingest(environment, "-", stdin=folded)
    assert ledger()[0].queue.slug == "sales"


def test_a_folder_an_mbox_and_a_maildir_come_in_whole_and_stay_as_they_were(environment, queue, ledger, tmp_path):
    maildir = mailbox.Maildir(tmp_path / "maildir")
    maildir.add(numbered(1))
    seen = mailbox.MaildirMessage(numbered(2))
    seen.set_subdir("cur")
    maildir.add(seen)
    box = tmp_path / "box"
    box.write_bytes(
        b"From a@example.net Mon Nov  2 10:00:00 2026\n"
        + numbered(3)
        + b"\n>From the start it burnt.\n\nFrom here on it got worse.\n\n"
        + b"From b@example.net Mon Nov  2 10:00:00 2026\n"
        + numbered(4)
        + b"\n"
    )
    before = sorted(tmp_path.rglob("*"))
    done = ingest(environment, "--leave", "--json", str(tmp_path / "maildir"), str(box))
    assert done.returncode == 0
    names = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert names[2:] == [f"{box}:1", f"{box}:2"]
    kept = [get(row.raw_sha256) for row in ledger()]
    assert {numbered(1), numbered(2)} == {raw.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r") for raw in kept[:2]}
    assert kept[2] == numbered(3) + b"\nFrom the start it burnt.\n\nFrom here on it got worse.\n"
    assert kept[3] == numbered(4)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_eml_file_is_one_mail_even_with_the_line_of_an_mbox_before_it(environment, queue, ledger, tmp_path):
    line = b"From nora@example.net Mon Nov  2 10:00:00 2026\n"
    (tmp_path / "one.eml").write_bytes(line + PLAIN + b"\n" + line + b"is how an mbox goes on\n")
    (tmp_path / "box").write_bytes(line + PLAIN)
    done = ingest(environment, "--leave", "--json", str(tmp_path))
    assert [json.loads(one)["file"] for one in done.stdout.splitlines()] == [f"{tmp_path}/box", f"{tmp_path}/one.eml"]
    assert [get(row.raw_sha256) for row in ledger()] == [PLAIN, PLAIN + b"\n" + line + b"is how an mbox goes on\n"]


def test_a_file_that_cannot_be_read_is_named_and_the_others_come_in(environment, queue, ledger, folder):
    (folder / "empty.eml").write_bytes(b"")
    (folder / "huge.eml").write_bytes(b"x" * 5000)
    done = ingest(environment, "--leave", str(folder), str(folder / "none.eml"), MAIL_MAX_BYTES="4000")
    assert done.returncode == 65
    words = done.stderr.decode()
    assert "empty.eml: there is no mail in it" in words
    assert "huge.eml: it is larger than 4000 bytes (MAIL_MAX_BYTES)" in words
    assert "none.eml: No such file or directory" in words
    assert len(ledger()) == 3


def test_wrong_use_ends_with_64_and_a_sentence(environment, queue):
    unknown = ingest(environment, "--queue", "nowhere", "-", stdin=PLAIN)
    assert (unknown.returncode, unknown.stderr.decode()) == (64, "There is no queue nowhere.\n")
    assert ingest(environment, "--nonsense", "-").returncode == 64
    assert ingest(environment).returncode == 64


def test_without_a_queue_the_mail_server_is_asked_to_try_again(environment, app, ledger):
    assert ingest(environment, "-", stdin=PLAIN).returncode == 75


def test_without_a_database_the_mail_server_is_asked_to_try_again(environment, queue, ledger):
    done = ingest(environment, "-", stdin=PLAIN, DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert (done.returncode, done.stderr.decode()) == (
        75,
        "The database does not answer. Please try again later.\n",
    )


def test_with_a_full_disk_the_mail_server_is_asked_to_try_again(environment, queue, ledger):
    done = ingest(environment, "-", stdin=PLAIN + b"Never seen before, either.", FREE_DISK_MIN_BYTES=str(10**15))
    assert done.returncode == 75
    assert ledger() == []


def test_without_the_broker_mail_comes_in_as_quickly(environment, queue, ledger, folder):
    with start_valkey(folder / "valkey") as broker:
        gone = broker.url
    mails = [str(path) for path in sorted(folder.glob("*.eml"))]
    seconds = []
    for url in (environment["REDIS_URL"], gone):
        began = time.monotonic()
        assert ingest(environment, "--leave", *mails, REDIS_URL=url).returncode == 0
        seconds.append(time.monotonic() - began)
    assert len(ledger()) == 6
    assert seconds[1] < 2 * seconds[0] + 4
