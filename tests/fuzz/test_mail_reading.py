"""No mail stops the reader, and of every mail it says the truth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.mail_in.content import content_hash
from helpdesk.mail_reading.read import read
from tests.fuzz.looks import read_and_look
from tests.fuzz.mails import MAILS, SEEDS
from tests.fuzz.pace import tried, tries


@tries(150)
@given(MAILS)
def test_every_mail_is_read_and_nothing_of_it_is_lost(raw: bytes) -> None:
    read_and_look(raw)
    tried("mails read")


@pytest.mark.parametrize("name", [path.name for path in sorted(SEEDS.glob("*.eml"))])
def test_a_mail_that_once_did_harm_does_none(name: str) -> None:
    read_and_look((SEEDS / name).read_bytes())


def test_the_look_sees_what_is_lost() -> None:
    from dataclasses import replace

    from tests.fuzz.looks import look_at_files, look_at_head, look_at_letter

    mail = read((SEEDS / "files.eml").read_bytes())
    for look, broken in (
        (look_at_letter, replace(mail, reply_text="")),
        (look_at_head, replace(mail, subject="a\nBcc: b")),
        (look_at_files, replace(mail, attachments=(replace(mail.attachments[0], size=1),))),
    ):
        look(mail)
        with pytest.raises(AssertionError):
            look(broken)


@tries(100)
@given(st.binary(max_size=200), st.sampled_from([b"\n", b"\r\n"]))
def test_a_mail_has_one_hash_whatever_its_line_ends_and_its_way(body: bytes, end: bytes) -> None:
    body = body.replace(b"\r", b"")
    head = b"From: kari@example.org\nSubject: x\n\n"
    plain, other = head + body, b"Received: by mx\n\tfor us\n" + head + body
    assert content_hash(plain) == content_hash(other.replace(b"\n", end))
    tried("content hashes")
