"""From a row of the outbox to the mail's bytes, read back by the standard parser."""

import hashlib
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any

import pytest

from helpdesk.mail_out.compose import File, compose
from helpdesk.mail_out.models import OutboundMail, Recipient
from helpdesk.mail_out.text_to_html import text_to_html
from helpdesk.mail_reading.read import read

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def mail_to(*people: tuple[str, str], cc: tuple[tuple[str, str], ...] = (), **values: Any) -> OutboundMail:
    recipients = [Recipient(role="to", name=name, address=address) for name, address in people]
    recipients += [Recipient(role="cc", name=name, address=address) for name, address in cc]
    given: dict[str, Any] = {
        "kind": "answer",
        "message_id": "<c1.abc@desk.example>",
        "from_name": "Fjordlys",
        "from_address": "support@desk.example",
        "reply_to": "",
        "subject": "Blue cable",
        "text": "Try the blue one.\n",
        "html": "",
        "in_reply_to": "",
        "references": [],
        "attachments": [],
        "automatic": False,
    }
    return OutboundMail(**{**given, **values}, recipients=recipients)


def made(mail: OutboundMail, *files: File) -> tuple[bytes, EmailMessage]:
    raw = compose(mail, files, AT)
    assert b"\r\n" in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = message_from_bytes(raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return raw, message


KARI = ("Kari Nordmann", "kari@kunde.example")


def test_an_answer_has_the_headers_and_both_forms_of_its_text() -> None:
    raw, message = made(mail_to(KARI, reply_to="support+c1.x@desk.example"))
    assert message["From"] == "Fjordlys <support@desk.example>"
    assert message["To"] == "Kari Nordmann <kari@kunde.example>"
    assert message["Reply-To"] == "support+c1.x@desk.example"
    assert message["Date"].datetime == AT
    assert message["Message-ID"] == "<c1.abc@desk.example>"
    assert message["MIME-Version"] == "1.0"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), plain.get_content_charset()) == ("text/plain", "utf-8")
    assert plain.get_content() == "Try the blue one.\r\n"
    assert "<p>Try the blue one.</p>" in html.get_content()
    assert raw.isascii()


@pytest.mark.parametrize(
    "name",
    [
        "Nordmann, Kari",
        'Kari "the boss" Nordmann \\ Co',
        "Åse Bjørnsen, Fjordlys AS",
        "=?utf-8?q?trick?=",
        "日本語の名前、" * 12,
        "Kari <kari@evil.example>",
        "Ærlig, " * 40,
        "a" * 290,
    ],
)
def test_a_display_name_stays_one_name_of_one_recipient(name: str) -> None:
    raw, message = made(mail_to((name, "kari@kunde.example"), ("", "ola@kunde.example")))
    assert [each.addr_spec for each in message["To"].addresses] == ["kari@kunde.example", "ola@kunde.example"]
    # The newer parser puts a space between encoded words (RFC 2047, 6.2 says none); the older one does not.
    line = message_from_bytes(raw)["To"]
    (shown, _), _ola = getaddresses([line])
    assert str(make_header(decode_header(shown))) == name.strip()


@pytest.mark.parametrize(
    "subject",
    ["Blå kabel", "Re: " + "ord " * 200, "x" * 999, "=?utf-8?q?trick?=", "Svar: " + "Ærfugl " * 100, "😀 " * 60, ""],
)
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    _raw, message = made(mail_to(KARI, subject=subject))
    assert message["Subject"] == subject.strip()


def test_a_line_break_in_a_subject_or_name_makes_no_header() -> None:
    mail = mail_to(("Kari\r\nBcc: x@evil.example", "kari@kunde.example"), subject="Hi\nBcc: x@evil.example")
    _raw, message = made(mail)
    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: x@evil.example"


def test_an_international_domain_is_written_in_ascii() -> None:
    _raw, message = made(mail_to(("", "post@blåbærsyltetøy.example")))
    assert message["To"] == "post@xn--blbrsyltety-y8ao3x.example"


def test_letters_before_the_at_sign_are_written_as_utf8() -> None:
    raw = compose(mail_to(("Åse", "åse@kunde.example")), (), AT)
    assert "To: =?utf-8?q?=C3=85se?= <åse@kunde.example>\r\n".encode() in raw


def test_the_thread_is_kept_short_with_its_first_and_its_last() -> None:
    chain = [f"<{n}.{'x' * 90}@kunde.example>" for n in range(60)]
    raw, message = made(mail_to(KARI, in_reply_to=chain[-1], references=chain))
    assert message["In-Reply-To"] == chain[-1]
    assert message["References"].split() == [chain[0], *chain[-20:]]
    assert b"=?" not in raw.split(b"\r\n\r\n")[0]


def test_a_parent_that_the_chain_lacks_is_added_and_nonsense_left_out() -> None:
    _raw, message = made(mail_to(KARI, in_reply_to="<p@kunde.example>", references=["<a@b>", "not an id", "<æ@b>"]))
    assert message["References"].split() == ["<a@b>", "<p@kunde.example>"]


def test_ids_kept_without_their_brackets_leave_with_them() -> None:
    _raw, message = made(mail_to(KARI, in_reply_to="p@kunde.example", references=["a@b", "<p@kunde.example>"]))
    assert message["In-Reply-To"] == "<p@kunde.example>"
    assert message["References"] == "<a@b> <p@kunde.example>"


def test_only_automatic_mail_says_that_it_is() -> None:
    _raw, typed = made(mail_to(KARI))
    _raw, confirmation = made(mail_to(KARI, automatic=True))
    _raw, reply = made(mail_to(KARI, automatic=True, in_reply_to="<p@kunde.example>"))
    assert (typed["Auto-Submitted"], typed["X-Auto-Response-Suppress"]) == (None, None)
    assert (confirmation["Auto-Submitted"], confirmation["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert reply["Auto-Submitted"] == "auto-replied"
    assert reply["Precedence"] is None


@pytest.mark.parametrize("filename", ["guide.pdf", "Brukerveiledning – blå kabel.pdf", "æ" * 150 + ".pdf", 'a"b;c.pdf'])
def test_a_file_arrives_with_its_name_and_bytes(filename: str) -> None:
    about = {"filename": filename, "content_type": "application/pdf"}
    data = b"%PDF\x00\xff\r\n.\r\n" * 100
    _raw, message = made(mail_to(KARI), (about, data))
    file = next(message.iter_attachments())
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (filename, "application/pdf", data)


@pytest.mark.parametrize("declared", ["message/rfc822", "multipart/mixed", "nonsense", "text/html; charset=utf-7", ""])
def test_a_file_of_an_odd_type_still_arrives_byte_for_byte(declared: str) -> None:
    data = b"From: a@b\n\n\xff.\n"
    raw, _message = made(mail_to(KARI), ({"filename": "x.eml", "content_type": declared}, data))
    file = next(message_from_bytes(raw, policy=SMTP).iter_attachments())
    assert file.get_payload(decode=True) == data


def test_a_path_in_a_file_name_is_only_a_name() -> None:
    _raw, message = made(mail_to(KARI), ({"filename": "../../etc/passwd", "content_type": "text/plain"}, b"x"))
    assert next(message.iter_attachments()).get_filename() == ".._.._etc_passwd"


def test_a_picture_in_the_html_stands_beside_it() -> None:
    about = {"filename": "logo.png", "content_type": "image/png", "inline": True, "content_id": "logo@desk"}
    _raw, message = made(mail_to(KARI, html='<img src="cid:logo@desk">'), (about, b"\x89PNG"))
    related = next(part for part in message.walk() if part.get_content_type() == "multipart/related")
    picture = list(related.iter_parts())[-1]
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<logo@desk>", "inline")


def test_text_in_any_script_arrives_whole() -> None:
    text = "Blå. " * 400 + "\n.\n.dot\nFrom here\n\n" + "日本語" * 500 + "\n"
    _raw, message = made(mail_to(KARI, text=text))
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text


def test_the_same_row_gives_the_same_bytes() -> None:
    file = ({"filename": "a.bin", "content_type": "application/x-thing"}, b"\x00" * 100)
    first, second = (hashlib.sha256(compose(mail_to(KARI), [file], AT)).digest() for _ in range(2))
    assert first == second


def test_an_address_that_is_none_is_left_out_of_the_headers() -> None:
    _raw, message = made(mail_to(KARI, ("", "not an address")))
    assert message["To"] == "Kari Nordmann <kari@kunde.example>"


def test_the_html_form_escapes_and_links_and_quotes() -> None:
    html = text_to_html("Hi <b>\n  see (https://a.example/x?a=1&b=2).\n\nBye\n> you wrote\n> <script>\n")
    assert "Hi &lt;b&gt;<br>" in html
    assert '&nbsp;&nbsp;see (<a href="https://a.example/x?a=1&amp;b=2">https://a.example/x?a=1&amp;b=2</a>).' in html
    assert "<p>Bye</p>" in html
    assert "<p>you wrote<br>\n&lt;script&gt;</p>\n</blockquote>" in html


def test_our_own_reader_reads_what_we_write() -> None:
    text = "Prøv den blå.\n\n-- \nAda\nFjordlys\n"
    about = {"filename": "Veiledning – blå.pdf", "content_type": "application/pdf"}
    mail = mail_to(
        ("Nordmann, Kåre", "kåre@blåbær.example"), subject="Blå kabel " * 20, text=text, references=["<a@b>"]
    )
    read_back = read(compose(mail, [(about, b"%PDF")], AT))
    assert [(one.name, one.email) for one in read_back.to] == [("Nordmann, Kåre", "kåre@blåbær.example")]
    assert (read_back.subject, read_back.message_id) == (("Blå kabel " * 20).strip(), "c1.abc@desk.example")
    assert (read_back.reply_text.strip(), read_back.references) == ("Prøv den blå.", ("a@b",))
    assert [(file.filename, file.content) for file in read_back.attachments] == [("Veiledning – blå.pdf", b"%PDF")]
    assert (read_back.automatic, read_back.problems) == (None, ())


def test_our_own_reader_knows_our_automatic_mail_for_what_it_is() -> None:
    read_back = read(compose(mail_to(KARI, automatic=True), [], AT))
    assert read_back.automatic is not None
