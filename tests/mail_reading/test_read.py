"""A message's bytes become a Mail: addresses, subjects, dates, charsets, letter and attachments; never an exception."""

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.mail_reading.addresses import parse_addresses
from helpdesk.mail_reading.mail import Address
from helpdesk.mail_reading.read import read
from helpdesk.mail_reading.safely import read_safely
from helpdesk.mail_reading.wire import dump, load


def mail(header, body=b"Hello.\n"):
    header = header.encode() if isinstance(header, str) else header
    return read(header.rstrip(b"\n") + b"\n\n" + body)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ada Berg <ada@example.org>", [("Ada Berg", "ada@example.org")]),
        ('"Berg, Ada" <ada@example.org>, kim@example.org', [("Berg, Ada", "ada@example.org"), ("", "kim@example.org")]),
        ("Berg, Ada <ada@example.org>", [("Berg, Ada", "ada@example.org")]),
        ("ada@example.org (Ada Berg)", [("Ada Berg", "ada@example.org")]),
        ("alice@example.org <bob@evil.example>", [("alice@example.org", "bob@evil.example")]),
        ('"alice@example.org" <bob@evil.example>', [("alice@example.org", "bob@evil.example")]),
        ("Staff: ada@example.org, Kim <kim@example.org>;", [("", "ada@example.org"), ("Kim", "kim@example.org")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?P=C3=A5l_=C3=98ye?= <pal@example.org>", [("Pål Øye", "pal@example.org")]),
        ("=?utf-8?b?QmVyZywgQWRh?= <ada@example.org>", [("Berg, Ada", "ada@example.org")]),
        ('"=?iso-8859-1?q?=D8ye?=" <oye@example.org>', [("Øye", "oye@example.org")]),
        ("<ada@example.org>", [("", "ada@example.org")]),
        ("ada@example.org; kim@example.org", [("", "ada@example.org"), ("", "kim@example.org")]),
        ("<@relay.example:ada@example.org>", [("", "ada@example.org")]),
        ("kari@xn--bl-zia.example", [("", "kari@blå.example")]),
        ("Ada <ada@example.org", [("Ada", "ada@example.org")]),
        ('Ada "The Boss" Berg <ada@example.org>', [("Ada The Boss Berg", "ada@example.org")]),
        ("Ada (in Oslo (Norway)) <ada@example.org>", [("Ada", "ada@example.org")]),
        ("", []),
    ],
)
def test_addresses_are_read_as_they_are_written(value, expected):
    assert parse_addresses(value) == tuple(Address(name, email) for name, email in expected)


def test_the_address_in_angle_brackets_is_the_sender_whatever_the_name_says():
    found = mail("From: alice@example.org <bob@evil.example>\nSubject: x")
    assert found.sender.email == "bob@evil.example"


def test_several_from_lines_are_all_kept_and_the_first_is_the_sender():
    found = mail("From: a@example.org\nFrom: b@example.org")
    assert found.sender.email == "a@example.org"
    assert [one.email for one in found.from_all] == ["a@example.org", "b@example.org"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"=?utf-8?q?Bl=C3=A5b=C3=A6r?=", "Blåbær"),
        (b"=?utf-8?B?QmzDpQ==?=\n =?utf-8?B?YsOmcg==?=", "Blåbær"),
        (b"=?utf-8?B?QmzD?= =?utf-8?B?pWLDpnI=?=", "Blåbær"),
        (b"=?iso-8859-1?q?Bl=E5b=E6r?= og =?iso-8859-1*no?q?l=F8k?=", "Blåbær og løk"),
        (b"=?utf-8?q?Bl=C3=A5 b=C3=A6r?=", "Blå bær"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("Blåbær".encode(), "Blåbær"),
        ("Blåbær".encode("latin-1"), "Blåbær"),
        (b"Re: =?x-unknown?q?a?=", "Re: a"),
        (b"a =?broken", "a =?broken"),
        (b"folded\n over lines", "folded over lines"),
    ],
)
def test_subjects_are_decoded(raw, expected):
    assert mail(b"Subject: " + raw).subject == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 7 May 2024 10:12:00 +0200", datetime(2024, 5, 7, 8, 12, tzinfo=UTC)),
        ("7 May 2024 10:12 GMT", datetime(2024, 5, 7, 10, 12, tzinfo=UTC)),
        ("2024-05-07T10:12:00+02:00", datetime(2024, 5, 7, 8, 12, tzinfo=UTC)),
        ("yesterday", None),
        ("Tue, 99 May 20240 10:12:00 +9999", None),
    ],
)
def test_dates_are_aware_utc_or_nothing(text, expected):
    assert mail(f"Date: {text}").date == expected


def test_identifiers_come_without_brackets_once_and_in_order():
    found = mail("Message-ID: <1@x>\nIn-Reply-To: <0@x>\nReferences: <a@x> <b@x>\n <a@x>")
    assert (found.message_id, found.in_reply_to, found.references) == ("1@x", ("0@x",), ("a@x", "b@x"))


@pytest.mark.parametrize(
    ("charset", "data", "expected"),
    [
        ("utf-8", "blåbær".encode(), "blåbær"),
        ("iso-8859-1", b"\x93quoted\x94 \x80", "“quoted” €"),
        ("us-ascii", "blåbær".encode(), "blåbær"),
        ("utf-8", "blåbær".encode("latin-1"), "blåbær"),
        ("iso-8859-1", "blåbær på brød".encode(), "blåbær på brød"),
        ("gb2312", "镕基".encode("gb18030"), "镕基"),
        ("ks_c_5601-1987", "안녕하세요".encode("cp949"), "안녕하세요"),
        ("iso-2022-jp", "こんにちは".encode("iso-2022-jp"), "こんにちは"),
        ("shift_jis", "①こんにちは".encode("cp932"), "①こんにちは"),
        ("windows1251", "Здравствуйте".encode("cp1251"), "Здравствуйте"),
        ("koi8-r", "Здравствуйте".encode("koi8-r"), "Здравствуйте"),
        ("utf-7", b"+AOY-", "æ"),
        ("no-such-charset", "blåbær".encode(), "blåbær"),
        ("idna", "blåbær".encode(), "blåbær"),
        ("unicode-1-1-utf-8", "blåbær".encode(), "blåbær"),
        ("utf-16", "\ufeffblåbær".encode("utf-16-le"), "blåbær"),
    ],
)
def test_charsets_declared_lying_or_unknown(charset, data, expected):
    found = mail(f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit", data)
    assert found.text.strip() == expected


MIXED = """From: Ada <ada@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

This is a multi-part message in MIME format.
--outer
Content-Type: multipart/related; boundary="inner"

--inner
Content-Type: multipart/alternative; boundary=alt

--alt
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Bl=C3=A5 skriver=
 virker ikke.
--alt
Content-Type: text/html; charset=utf-8

<p>Bl\u00e5 skriver virker ikke. <img src="cid:logo@x"></p>
--alt--
--inner
Content-Type: image/png
Content-ID: <logo@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--inner--
--outer
Content-Type: text/csv; name="../../etc/passwd"
Content-Disposition: attachment; filename*=utf-8''%2e%2e%2fr%C3%A5data%00.csv

a;b
--outer
Content-Type: message/rfc822

Subject: inside

Words.
--outer--
"""


def test_a_letter_with_parts_of_every_kind():
    found = read(MIXED.encode())
    assert found.text == "Blå skriver virker ikke."
    assert "cid:logo@x" in found.html
    picture, table, message = found.attachments
    assert (picture.content_id, picture.inline, picture.size) == ("logo@x", True, 8)
    assert (table.filename, table.inline, table.content) == ("rådata.csv", False, b"a;b")
    assert table.sha256 == hashlib.sha256(b"a;b").hexdigest()
    assert message.content_type == "message/rfc822"
    assert b"Words." in message.content
    assert found.problems == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_reads_the_same(end):
    found = read(MIXED.replace("\n", end).encode())
    assert found.text == "Blå skriver virker ikke."
    assert len(found.attachments) == 3


def test_a_wrong_boundary_is_guessed_and_a_missing_end_made_up_for():
    raw = MIXED.replace('boundary="outer"', 'boundary="wrong"').replace("--outer--\n", "")
    found = read(raw.encode())
    assert found.text == "Blå skriver virker ikke."
    assert len(found.attachments) == 3
    assert any("boundary" in problem for problem in found.problems)


def test_an_mbox_line_and_a_header_line_without_name_do_no_harm():
    found = read(b"From ada@example.org Tue May  7 10:12:00 2024\nSubject: hi\nnonsense\nTo: b@example.org\n\nWords.\n")
    assert (found.subject, found.to[0].email, found.text.strip()) == ("hi nonsense", "b@example.org", "Words.")


def test_a_body_without_header_is_text():
    assert read(b"Just words, nothing else.\nAnd more.\n").text.startswith("Just words")


def test_base64_in_pieces_and_with_strange_characters():
    raw = b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGVs*bG8=\nIHdvcmxk\n"
    assert read(raw).text == "Hello world"


def test_uuencoded_files_in_the_text_become_attachments():
    raw = b"Subject: x\n\nSee the file.\n\nbegin 644 note.txt\n+:&5L;&\\@=V]R;&0 \n \nend\n\nBye.\n"
    found = read(raw)
    assert [(one.filename, one.content) for one in found.attachments] == [("note.txt", b"hello world")]
    assert "begin 644" not in found.text
    assert "See the file." in found.text
    assert "Bye." in found.text


def test_html_alone_becomes_text_that_a_person_would_have_typed():
    raw = (
        b"Content-Type: text/html\n\n<style>p{}</style><h1>Hi</h1><p>One<br>two&nbsp;&amp; <b>three</b></p>"
        b"<ul><li>a</li><li>b</li></ul><blockquote type=cite>old</blockquote>"
    )
    found = read(raw)
    assert found.reply_text == "Hi\n\nOne\ntwo & three\n\n- a\n- b"
    assert found.quoted_text == "> old"


def test_history_that_only_the_html_marks_is_folded():
    raw = b"Content-Type: text/html\n\n<div>New words</div><div class='gmail_quote'>Zzz 12 qqq:<p>Old words</p></div>"
    found = read(raw)
    assert (found.reply_text, found.quoted_text) == ("New words", "Zzz 12 qqq:\n\nOld words")


def test_a_mail_survives_the_way_from_child_to_parent():
    found = read(MIXED.encode())
    assert load(dump(found)) == found


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise(raw):
    for given_bytes in (
        raw,
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + raw,
        b"From: " + raw,
        b"\n\n" + raw,
    ):
        found = read(given_bytes)
        assert not any("could not be read whole" in problem for problem in found.problems)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_every_text_comes_back_as_it_was_sent(text):
    clean = text.replace("\0", "").replace("\r", "\n").encode("utf-8", "ignore").decode()
    found = read(b"Content-Type: text/plain; charset=utf-8\n\n" + clean.encode())
    assert found.text.strip("\n\ufeff") == clean.strip("\n\ufeff")


def test_reading_safely_is_reading():
    assert read_safely(MIXED.encode()).attachments == read(MIXED.encode()).attachments


def test_history_that_only_the_html_marks_is_folded_in_the_plain_text_beside_it():
    raw = (
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nNew words\n\n"
        b"Zzz 12 qqq:\n\nOld words\n--b\n"
        b"Content-Type: text/html\n\n<p>New words</p><div class='gmail_quote'>"
        b"Zzz 12 qqq:<p>Old words</p></div>\n--b--\n"
    )
    found = read(raw)
    assert (found.reply_text, found.quoted_text) == ("New words", "Zzz 12 qqq:\n\nOld words")


def test_a_part_number_in_odd_digits_does_not_stop_the_reading() -> None:
    raw = "Subject: x\nContent-Type: text/plain; name*²=a.txt\n\nhello\n".encode("latin-1")
    assert read(raw).text.strip() == "hello"
    assert read(raw.decode("latin-1").encode()).text.strip() == "hello"
