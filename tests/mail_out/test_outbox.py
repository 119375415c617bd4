"""The way into the outbox."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.blobs import store
from helpdesk.blobs.files import FileRef
from helpdesk.core.db import db, transaction
from helpdesk.mail_out.errors import NobodyToSendTo
from helpdesk.mail_out.letter import Letter
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.outbox import put_in_outbox

LETTER = {
    "kind": "answer",
    "from_name": "Fjordlys",
    "from_address": "support@desk.example",
    "to": (("Kari Nordmann", "kari@kunde.example"),),
    "subject": "Blue cable",
    "text": "Try the blue one.",
    "message_id": "<one@desk.example>",
}


def test_a_letter_becomes_a_row_with_a_row_for_each_recipient(app: Flask) -> None:
    sha256 = store.put(b"%PDF")
    file = FileRef(sha256, "guide.pdf", "application/pdf", 4)
    put_in_outbox(Letter(**LETTER, cc=(("", "boss@kunde.example"),), files=(file,), references=("<a@b>",)))
    mail = db.session.scalars(select(OutboundMail)).one()
    assert (mail.state, mail.attempts, mail.references) == ("queued", 0, ["<a@b>"])
    assert [(r.role, r.name, r.address, r.state) for r in mail.recipients] == [
        ("to", "Kari Nordmann", "kari@kunde.example", "waiting"),
        ("cc", "", "boss@kunde.example", "waiting"),
    ]
    assert mail.attachments[0]["filename"] == "guide.pdf"
    assert mail.attachments[0]["sha256"] == sha256


def test_an_address_in_to_and_cc_gets_one_mail(app: Flask) -> None:
    mail = put_in_outbox(Letter(**LETTER, cc=(("Kari again", "KARI@kunde.example"),)))
    assert [r.address for r in mail.recipients] == ["kari@kunde.example"]


def test_a_line_break_in_a_subject_or_name_stays_on_its_line(app: Flask) -> None:
    mail = put_in_outbox(
        Letter(**{**LETTER, "subject": "Hi\r\nBcc: x@evil.example", "to": (("K\nari", "kari@kunde.example"),)})
    )
    assert mail.subject == "Hi Bcc: x@evil.example"
    assert mail.recipients[0].name == "K ari"


def test_text_that_the_database_cannot_hold_is_kept_without_its_bad_characters(app: Flask) -> None:
    mail = put_in_outbox(Letter(**{**LETTER, "text": "a\x00b\ud800c\r\nd"}))
    assert mail.text == "ab?c\nd"


def test_an_answer_that_is_undone_takes_its_mail_with_it(app: Flask) -> None:
    def answer_and_fail() -> None:
        with transaction():
            put_in_outbox(Letter(**LETTER))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        answer_and_fail()
    assert db.session.scalar(select(func.count()).select_from(OutboundMail)) == 0


def test_a_letter_to_nobody_is_refused_in_words(app: Flask) -> None:
    with pytest.raises(NobodyToSendTo, match="nobody to send this to"):
        put_in_outbox(Letter(**{**LETTER, "to": ()}))
