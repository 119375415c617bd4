"""A disk that is full at each write: intake is put off honestly, nothing half-written stays, and work goes on after."""

import os
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.blobs.errors import NoSpace
from helpdesk.blobs.folder import FolderStore
from helpdesk.blobs.models import Blob
from helpdesk.blobs.store import get, keep
from helpdesk.cases.models import Attachment, Case, Queue
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import ATTEMPTS_MAX, read_mail
from helpdesk.mail_in.sweep import sweep_inbound
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.letters import letter
from tests.mail_in.conftest import open_door, run_flask
from tests.mail_out.conftest import Put
from tests.servers import SmtpServer

SIZE = 2 * 1024 * 1024
NORA, SUPPORT = "nora@example.net", "support@desk.example"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes. Making one needs root, as in CI; without it this fails."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def store(app: Flask, small_disk: Path) -> Iterator[Path]:
    """The application's store on the small disk, without its reserve."""
    before = app.extensions.pop("blobs", None)
    app.config.update(FREE_DISK_MIN_BYTES=0, BLOB_URL=str(small_disk))
    app.extensions["blobs"] = FolderStore.at(str(small_disk))
    yield small_disk
    app.extensions.pop("blobs")
    if before is not None:
        app.extensions["blobs"] = before


def fill(disk: Path, leave: int = 0) -> None:
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - leave
    (disk / "ballast").write_bytes(b"x" * max(free, 0))


def make_room(disk: Path) -> None:
    (disk / "ballast").unlink()


def half_written(disk: Path) -> list[Path]:
    return list(disk.rglob(".new-*"))


def test_intake_is_refused_while_less_than_the_reserve_is_free(app: Flask, store: Path) -> None:
    app.config["FREE_DISK_MIN_BYTES"] = SIZE // 2
    keep(b"fits")
    with pytest.raises(NoSpace):
        keep(b"y" * (SIZE // 2))
    assert sum(path.is_file() for path in store.rglob("*")) == 1


def test_a_write_that_fails_in_its_middle_leaves_nothing_and_the_next_one_works(app: Flask, store: Path) -> None:
    # More seems free than is: another program took the rest.
    fill(store, leave=64 * 1024)
    with pytest.raises(NoSpace):
        keep(b"z" * 200_000)
    assert half_written(store) == []
    make_room(store)
    kept = keep(b"z" * 200_000)
    assert get(kept.sha256) == b"z" * 200_000


def test_every_door_says_come_again_while_the_disk_is_full_and_takes_it_after(
    app: Flask, queue: Queue, environment: dict[str, str], small_disk: Path, ledger: Callable[[], list[InboundMail]]
) -> None:
    settings = environment | {"BLOB_URL": str(small_disk), "FREE_DISK_MIN_BYTES": "0"}
    fill(small_disk)
    raw = letter("A full disk", message_id="<full@fjordlys.example>")
    with open_door(settings) as door:
        with smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20) as smtp, pytest.raises(smtplib.SMTPDataError) as no:
            smtp.sendmail(NORA, [SUPPORT], raw)
        with smtplib.LMTP("127.0.0.1", door.lmtp_port) as lmtp, pytest.raises(smtplib.SMTPDataError) as lmtp_no:
            lmtp.sendmail(NORA, [SUPPORT], raw)
        piped = run_flask(settings, "mail", "ingest", "-", stdin=raw)
        assert (no.value.smtp_code, lmtp_no.value.smtp_code, piped.returncode) == (451, 451, 75)
        assert (ledger(), half_written(small_disk)) == ([], [])
        make_room(small_disk)
        with smtplib.SMTP("127.0.0.1", door.smtp_port, timeout=20) as smtp:
            smtp.sendmail(NORA, [SUPPORT], raw)
    assert len(ledger()) == 1


def test_a_form_gives_the_words_back_while_the_disk_is_full(app: Flask, queue: Queue, store: Path) -> None:
    fill(store)
    inquiry = {"name": "Nora", "email": NORA, "message": "Is your disk full?"}
    answer = app.test_client().post("/api/inquiries", json={"queue": "support", **inquiry})
    assert (answer.status_code, answer.json["error"]) == (503, "no_space")
    assert db.session.scalar(select(func.count()).select_from(InboundMail)) == 0


def test_a_mail_whose_files_do_not_fit_waits_for_room_however_long_and_is_never_given_up_on(
    app: Flask, queue: Queue, store: Path
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = NORA, SUPPORT, "With a film"
    mail.set_content("See the film.")
    mail.add_attachment(os.urandom(300_000), maintype="video", subtype="mp4", filename="film.mp4")
    row = receive(mail.as_bytes(), Delivery("pipe", queue))
    fill(store)
    for _ in range(ATTEMPTS_MAX + 2):
        read_mail(row.id)
        with transaction():
            row.next_try_at = func.now()
    sweep_inbound()
    db.session.refresh(row)
    assert (row.outcome, row.attempts, row.leased_until) == (None, 0, None)
    make_room(store)
    read_mail(row.id)
    db.session.refresh(row)
    assert row.outcome == "new_case"
    assert db.session.scalars(select(Attachment.size)).all() == [300_000]
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1


def test_an_answer_whose_bytes_do_not_fit_is_delayed_and_leaves_once_there_is_room(
    app: Flask,
    store: Path,
    put: Put,
    smtp_server: SmtpServer,
    look: Callable[[OutboundMail], OutboundMail],
    make_due: Callable[[OutboundMail], None],
) -> None:
    app.config["SMTP_URL"] = smtp_server.url
    mail = put()
    fill(store)
    send_mail(mail.id)
    assert (look(mail).state, smtp_server.received) == ("delayed", [])
    make_room(store)
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, len(smtp_server.received)) == ("sent", 1)
    assert db.session.scalar(select(func.count()).select_from(Blob)) == 1
