"""Hostile mail: each within 10 s of CPU and 512 MB, always a Mail, and the next mail is read."""

import base64
import encodings.aliases
import io
import resource
import struct
import time
import zipfile
import zlib

import pytest

from helpdesk.mail_reading import caps
from helpdesk.mail_reading.body import read_body
from helpdesk.mail_reading.clean_html import clean
from helpdesk.mail_reading.read import read
from helpdesk.mail_reading.safely import is_ordinary, read_safely

HEAD = b"From: Eve <eve@evil.example>\nTo: support@desk.example\nSubject: bomb\nMIME-Version: 1.0\n"
PLAIN = b"From: Ada <ada@example.org>\nSubject: Printer\n\nIt is out of paper.\n"


def nested_multiparts(depth):
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (number, number) for number in range(depth)
    )
    return HEAD + opened + b"Content-Type: text/plain\n\nthe innermost words\n"


def nested_messages(depth):
    return HEAD + b"Content-Type: message/rfc822\n\n" * depth + b"Subject: last\n\nthe innermost words\n"


def many_parts(count):
    part = b"--b\nContent-Type: text/plain\n\npart\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + part * count + b"--b--\n"


def html(content):
    return HEAD + b"Content-Type: text/html; charset=utf-8\n\n" + content


def text(content):
    return HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + content


def attached(kind, content, name="a"):
    coded = base64.encodebytes(content)
    head = b"Content-Type: %b; name=%b\nContent-Transfer-Encoding: base64\n\n" % (kind, name.encode())
    text_part = b"--b\nContent-Type: text/plain\n\nSee the file.\n--b\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + text_part + head + coded + b"--b--\n"


def zip_bomb():
    """100 MB of zeros in a hundred kilobytes, and the same packed once more."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(100 * MEGABYTE))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10):
            archive.writestr(f"{number}.zip", inner.getvalue())
    return outer.getvalue()


def tnef_bomb():
    """A winmail.dat that promises 4 GB in each of many attributes, and one that nests."""
    attribute = struct.pack("<BIL", 2, 0x0006800F, 0xFFFFFFFF) + b"x" * 16
    return struct.pack("<IH", 0x223E9F78, 1) + attribute * 50_000


def picture(width, height):
    """A PNG whose head says so many dots, and whose rows are all alike."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes(10 * MEGABYTE), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def laughs(root):
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><{root}>&l9;</{root}>'.encode()


ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%bEND:VCALENDAR\r\n"
EVENT = b"BEGIN:VEVENT\r\nRRULE:FREQ=SECONDLY;COUNT=2147483647\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:" + b";" * 1000 + b"\r\nFN:x\r\n" + b" folded\r\n" * 100 + b"END:VCARD\r\n"

MEGABYTE = 1_000_000
BOMBS = {
    "a zip bomb": lambda: attached(b"application/zip", zip_bomb(), "a.zip"),
    "a TNEF bomb": lambda: attached(b"application/ms-tnef", tnef_bomb(), "winmail.dat"),
    "an ICS bomb": lambda: attached(b"text/calendar", ICS % (EVENT * 20_000), "a.ics"),
    "nested calendars": lambda: attached(b"text/calendar", b"BEGIN:VCALENDAR\r\n" * 50_000, "a.ics"),
    "a VCF bomb": lambda: attached(b"text/vcard", CARD * 1_000, "a.vcf"),
    "billion laughs in XML": lambda: attached(b"application/xml", laughs("x"), "a.xml"),
    "billion laughs in SVG": lambda: attached(b"image/svg+xml", laughs("svg"), "a.svg"),
    "an image of 50,000 by 50,000": lambda: attached(b"image/png", picture(50_000, 50_000), "a.png"),
    "a date past the end of time": lambda: HEAD + b"Date: Fri, 31 Dec 9999 23:59:59 -2359\n\nwords\n",
    "100 nested multiparts": lambda: nested_multiparts(100),
    "1,000 nested multiparts": lambda: nested_multiparts(1_000),
    "10,000 nested multiparts": lambda: nested_multiparts(10_000),
    "500 nested messages": lambda: nested_messages(500),
    "5,000 nested messages": lambda: nested_messages(5_000),
    "10,000 parts": lambda: many_parts(10_000),
    "100,000 headers": lambda: HEAD + b"X-Filler: x\n" * 100_000 + b"\nwords\n",
    "one header of 1 MB": lambda: HEAD + b"X-Long: " + b"x" * MEGABYTE + b"\n\nwords\n",
    "a header folded 50,000 times": lambda: HEAD + b"X-Long: x\n" + b" y\n" * 50_000 + b"\nwords\n",
    "20,000 addresses": lambda: HEAD + b"Cc: " + b"a@example.org, " * 20_000 + b"\n\nwords\n",
    "50,000 references": lambda: HEAD + b"References: " + b"<a@example.org> " * 50_000 + b"\n\nwords\n",
    "20,000 encoded words": lambda: HEAD + b"Comments: " + b"=?utf-8?q?x?= " * 20_000 + b"\n\nwords\n",
    "20,000 parameters": lambda: HEAD + b"Content-Type: text/plain" + b"; a=b" * 20_000 + b"\n\nwords\n",
    "unclosed comments": lambda: HEAD + b"Cc: " + b"(" * 60_000 + b"\n\nwords\n",
    "unclosed angles": lambda: HEAD + b"Cc: " + b"<" * 60_000 + b"\n\nwords\n",
    "commas only": lambda: HEAD + b"Cc: " + b"a," * 30_000 + b"\n\nwords\n",
    "100 MB": lambda: text(b"x" * 99 + b"\n") + b"y" * 100_000_000,
    "49 MB attached": lambda: (
        HEAD + b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 12_000_000
    ),
    "100,000 nested div": lambda: html(b"<div>" * 100_000 + b"words"),
    "10 MB of HTML in one line": lambda: html(b"<p>words</p>" * 850_000),
    "unclosed tags": lambda: html(b"<a href='" * 100_000),
    "tag starts only": lambda: html(b"<a" * 400_000),
    "quotes in tags": lambda: html(b'<a b="' + b"<c>" * 300_000),
    "comments that never end": lambda: html(b"<!--" * 200_000),
    "scripts that never end": lambda: html(b"<script>" * 100_000),
    "entities": lambda: html(b"&amp" * 250_000),
    "1 MB of >": lambda: text(b">" * MEGABYTE),
    "1 MB of > lines": lambda: text(b">\n" * (MEGABYTE // 2)),
    "1 MB of On": lambda: text(b"On " * (MEGABYTE // 3)),
    "1 MB of On lines": lambda: text(b"On \n" * (MEGABYTE // 4)),
    "1 MB of On dates": lambda: text(b"On 1 May 2024 12:30, a@b.c\n" * (MEGABYTE // 27)),
    "1 MB of attributions": lambda: text(b"On 1 May 2024 Jo wrote:\n" * (MEGABYTE // 24)),
    "1 MB of half attributions": lambda: text(b"On 2024-01-01 <\n\n" * (MEGABYTE // 17)),
    "1 MB of signature marks": lambda: text(b"-- \n" * (MEGABYTE // 4)),
    "1 MB of dashes": lambda: text(b"-" * MEGABYTE),
    "1 MB of dashed lines": lambda: text(b"-----\n" * (MEGABYTE // 6)),
    "1 MB of header lines": lambda: text(b"From: a\n" * (MEGABYTE // 8)),
    "1 MB of two header lines": lambda: text(b"From: a\nx\n" * (MEGABYTE // 10)),
    "1 MB of separators": lambda: text(b"-----Original Message-----\n" * (MEGABYTE // 27)),
    "1 MB of forward separators": lambda: text(b"--- Forwarded message ---\n" * (MEGABYTE // 26)),
    "1 MB of blank lines": lambda: text(b"\n" * MEGABYTE + b"words"),
    "1 MB of closings": lambda: text(b"Regards,\n" * (MEGABYTE // 9)),
    "1 MB of footers": lambda: text(b"Sent from my iPhone\n" * (MEGABYTE // 20)),
    "1 MB of quote and word": lambda: text(b"> a\nb\n" * (MEGABYTE // 6)),
    "1 MB of pipes": lambda: text(b"On 1 May 2024 Jo wrote:\n" + b"|\n" * (MEGABYTE // 2)),
    "1 MB of links between quotes": lambda: text(b"> a\nhttp://x.example/\n" * (MEGABYTE // 22)),
    "1 MB of digits": lambda: text(b"1" * MEGABYTE),
    "1 MB of spaces": lambda: text(b" " * MEGABYTE + b"x"),
    "1 MB of stars": lambda: text(b"*" * MEGABYTE),
    "1 MB of colons": lambda: text(b":\n" * (MEGABYTE // 2)),
    "1 MB of dashes and colons": lambda: text(b"--- a --- b:\n" * (MEGABYTE // 13)),
    "a bounce of 1 MB": lambda: (
        b"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: Undelivered Mail\n\n" + b"<a@b.example>:\n" * 66_000
    ),
    "20,000 reported recipients": lambda: (
        HEAD
        + b"Content-Type: message/delivery-status\n\n"
        + b"Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1\n\n" * 20_000
    ),
    "an overflowing date": lambda: HEAD + b"Date: Mon, 99 Foo 99999999999 99:99:99 +999999999\n\nwords\n",
    "NUL everywhere": lambda: HEAD + b"X: \0\0\n\n" + b"a\0b" * 100_000,
    "CR alone": lambda: (HEAD + b"\nwords\n").replace(b"\n", b"\r"),
    "mixed line ends": lambda: HEAD + b"X: a\r\r\n\r\n\rwords\r\n\n\r",
    "8-bit headers": lambda: HEAD + b"Cc: " + bytes(range(128, 256)) * 200 + b" <x@example.org>\n\nwords\n",
    "billion laughs in HTML": lambda: html(b'<!DOCTYPE x [<!ENTITY a "' + b"&b;" * 50_000 + b'">]><p>&a;</p>'),
    "boundaries that almost match": lambda: (
        HEAD + b"Content-Type: multipart/mixed; boundary=" + b"b" * 60 + b"\n\n" + (b"--" + b"b" * 61 + b"\n") * 15_000
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_within_its_limits(name):
    raw = BOMBS[name]()
    before = _cpu_seconds()
    mail = read_safely(raw)
    assert _cpu_seconds() - before < caps.MAX_CPU_S + 1
    assert mail.seconds >= 0
    assert read_safely(PLAIN).reply_text == "It is out of paper."


def _cpu_seconds():
    own, child = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + child.ru_utime + child.ru_stime


SPLITTER_BOMBS = [name for name in BOMBS if "1 MB of" in name]


@pytest.mark.parametrize("name", SPLITTER_BOMBS)
def test_a_megabyte_takes_the_reply_splitter_less_than_a_second(name):
    body = BOMBS[name]().partition(b"\n\n")[2].decode()
    start = time.process_time()
    read_body(body)
    assert time.process_time() - start < 1


def test_what_a_bomb_says_in_its_header_is_still_known():
    mail = read_safely(BOMBS["100 MB"]())
    assert mail.sender.email == "eve@evil.example"
    assert mail.subject == "bomb"
    assert "Larger than is read" in mail.problems[0]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("one header of 1 MB", "A header longer than is read."),
        ("a header folded 50,000 times", "A header longer than is read."),
        ("20,000 addresses", "More addresses than are read."),
        ("100,000 headers", "More headers than are read."),
    ],
)
def test_a_header_past_a_cap_is_said_so_that_the_case_carries_the_original(name, problem):
    assert problem in read_safely(BOMBS[name]()).problems


def test_deeper_parts_than_are_read_are_kept_whole():
    mail = read(nested_multiparts(200))
    assert b"the innermost words" in mail.attachments[-1].content
    assert any("deeper" in problem for problem in mail.problems)


def test_more_parts_than_are_read_are_kept_whole():
    mail = read(many_parts(3_000))
    kept = mail.text.count("part") + sum(attachment.content.count(b"part\n") for attachment in mail.attachments)
    assert kept >= 3_000


def test_a_mail_that_kills_its_reader_still_has_sender_and_subject(monkeypatch):
    monkeypatch.setattr("helpdesk.mail_reading.safely.MAX_WALL_S", 0.01)
    mail = read_safely(nested_multiparts(1_000))
    assert mail.subject == "bomb"
    assert "more time or memory" in mail.problems[0]


def test_ordinary_mail_needs_no_child():
    assert is_ordinary(PLAIN)
    assert not is_ordinary(nested_multiparts(100))


@pytest.mark.parametrize("codec", sorted(set(encodings.aliases.aliases) | {"idna", "undefined", "x-nothing", "", "\0"}))
def test_no_codec_name_of_python_stops_the_reader(codec):
    head = HEAD + b'Content-Type: text/plain; charset="' + codec.encode() + b'"\n\n'
    mail = read(head + "bl\u00e5b\u00e6r \u2603".encode())
    assert not any("could not be read whole" in problem for problem in mail.problems)
    assert mail.text


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 100_000,
        "<b>" * 50_000 + "x",
        "<table><tr><td>" * 20_000,
        "<p " + "a=b " * 100_000 + ">x</p>",
        "<a><p>" * 40_000,
        "x" * 5_000_000,
    ],
)
def test_hostile_html_is_cleaned_quickly(source):
    start = time.process_time()
    shown = clean(source, images=False, cid_url=lambda cid: None)
    assert time.process_time() - start < 5
    assert isinstance(shown, str)
