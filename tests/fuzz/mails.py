"""Mails made of the pieces that mails are made of, put together rightly and wrongly, and then damaged."""

import base64
import encodings.aliases
import io
import quopri
import random
import struct
import zipfile
from pathlib import Path

from hypothesis import strategies as st

SEEDS = Path(__file__).parent / "seeds" / "mails"
SEED_MAILS = [path.read_bytes() for path in sorted(SEEDS.glob("*.eml"))]

CODECS = sorted({*encodings.aliases.aliases, *encodings.aliases.aliases.values()})
CHARSETS = st.sampled_from(["utf-8", "iso-8859-1", "us-ascii", "utf-7", "utf-16", "x-unknown", "", "'", "utf-8*en"])
CHARSETS |= st.sampled_from(CODECS)
ODD = [
    "", " ", "\t", "\0", "\r", "\n", "\x0b", "\x1b[31m", "\x7f", "\x85", "\xa0", "\u200b", "\u202e", "\u2028",
    "\ufeff", "\ufffd", "\ud800", "\U0010ffff", "İ", "ß", "ﬀ", "²", "१", "𝟙", "e\u0301", "𓀀", "👩‍👩‍👧", "<", ">", '"',
    "'", "\\", "@", ",", ";", ":", "(", ")", "[", "]", "=?", "?=", "=?utf-8?q?=00?=", "--", "-- ", "> ", "On ",
    "wrote:", "begin 644 a\n", "%00", "../", "&#0;", "&#xd800;", "<!--", "<![CDATA[", "<script>", "a" * 300,
    "=" * 80, "=\n", "9" * 40,
]  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from(
        ["Hello", "Kari Nordmann", "The printer is on fire.", "Med vennlig hilsen", "Re: Fwd: SV:", "[#1001]"]
    ),
    st.text(max_size=30),
)
TEXTS = st.lists(WORDS, max_size=6).map("".join)
BYTES = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60)

ADDRESSES = st.sampled_from([
    "kari@example.org", "alice@example.org", "bob@evil.example", "support@desk.example", "post@blåbær.example",
    "post@xn--blbr-roah.example", "x@xn--a", "mailer-daemon@example.org", "<>", "a@b@c", "@", "a@", "@b", "a b@c.d",
    '"a b"@example.org', "kari@[127.0.0.1]", "kari@example.org.", "MAILTO:kari@example.org",
    "@relay:kari@example.org", "é" * 100 + "@example.org", "a" * 400 + "@example.org", "kari@" + "a." * 200 + "org",
    "kari@EXAMPLE.org", "ﬀ@İ.example",
])  # fmt: skip
IDS = st.sampled_from(["<1@x>", "<", ">", "<>", "1@x", "<a b>", "<" + "x" * 1200 + ">", "<1@x><2@x>", "<\0>", "<ø@x>"])
IDS |= st.integers().map(lambda number: f"<{number}@example.org>")
DATES = st.sampled_from([
    "Mon, 02 Nov 2026 09:12:00 +0100", "Tue, 99 May 20240 10:12:00 +9999", "2026-11-02T09:12:00Z", "0", "-1",
    "+9999999", "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359",
    "1 Jan 1970 00:00 " + "9" * 5000, "Thu, 1 Jan 70",
])  # fmt: skip
TYPES = st.sampled_from([
    "text/plain", "text/html", "text/calendar", "text/vcard", "text/enriched", "text/rtf", "application/rtf",
    "message/rfc822", "message/delivery-status", "message/global", "message/partial", "message/external-body",
    "text/rfc822-headers", "application/ms-tnef", "application/pkcs7-mime", "multipart/encrypted",
    "application/pgp-encrypted", "image/svg+xml", "application/zip", "application/octet-stream", "image/png",
    "multipart/mixed", "text", "/", "", "a/b/c", "TEXT/PLAIN",
])  # fmt: skip
MULTIPARTS = st.sampled_from(["mixed", "alternative", "related", "report", "signed", "digest", "encrypted", "x", ""])
ENCODINGS = st.sampled_from(
    ["7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "BASE64 ", "nonsense", ""]
)
BOUNDARIES = st.sampled_from(["b", "outer", "==x==", "a b", "x" * 200, "--", "", '"', "ø"])


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../etc/passwd", b"0" * 100_000)
    return out.getvalue()


def _tnef(lies: int) -> bytes:
    """A winmail.dat whose attribute says it is `lies` bytes longer than it is."""
    name = b"a.txt\0"
    attribute = struct.pack("<BII", 2, 0x00018010, len(name) + lies) + name + struct.pack("<H", sum(name) & 0xFFFF)
    data = struct.pack("<BII", 2, 0x0006800F, 3) + b"abc" + struct.pack("<H", 294)
    return struct.pack("<IH", 0x223E9F78, 1) + attribute + data


FILES = st.sampled_from([
    _zip(), _tnef(0), _tnef(1), _tnef(2**31), b"\x89PNG\r\n\x1a\n", b"%PDF-1.7",
    b"{\\rtf1\\ansi{\\fonttbl}\\'e5\\u-10179?\\bin9 x}",
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:99999999T999999Z\r\nRRULE:FREQ=SECONDLY;COUNT=999999999\r\n",
    b"BEGIN:VCARD\nFN:\xff\nEMAIL:a@b\nPHOTO;ENCODING=b:" + b"A" * 500 + b"\nEND:VCARD\n",
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
    b"begin 644 ../a\n#86)C\n`\nend\n", b"-----BEGIN PGP MESSAGE-----\n", b"",
])  # fmt: skip

LETTERS = st.sampled_from([
    "Hello.\n\nOn Mon, 2 Nov 2026 Kari <kari@example.org> wrote:\n> Old words\n>> Older\n\n-- \nKari\n",
    "Takk.\n\nFra: Kari <kari@example.org>\nSendt: mandag 2. november 2026 09:12\nTil: a@desk.example\nEmne: L\n\nOrd",
    "FYI\n\n---------- Forwarded message ----------\nFrom: Ola <ola@example.org>\nDate: x\nSubject: y\nTo: z\n\nHelp!",
    "<p>Hi<br>two</p><blockquote type=cite>old<blockquote>older</blockquote></blockquote>",
    "<div>New</div><div class='gmail_quote'>Zzz:<p>Old</p></div>" + "<div>" * 150,
    "<table><tr><td>a<td>b</table><style>p{}</style><script>1</script><!-- x",
    "&#0;&#xD800;&#x110000;&nbsp;&bogus;<img src=cid:1@x>",
    "See the file.\nbegin 644 note.txt\n+:&5L;&\\@=V]R;&0 \n \nend\nBye.", "> " * 200, "On " * 500, "-" * 3000,
    "\r\r\r", "\0" * 50,
    "Your message to bob@evil.example could not be delivered: 550 5.1.1 unknown\n\nMessage-ID: <1@x>",
    "Final-Recipient: rfc822; bob@evil.example\nAction: failed\nStatus: 5.9.9999\nDiagnostic-Code: smtp; 550 no\n",
])  # fmt: skip


@st.composite
def encoded_words(draw: st.DrawFn) -> str:
    """`=?charset?how?data?=`, mostly whole."""
    charset, text = draw(CHARSETS), draw(TEXTS)
    try:
        data = text.encode(charset or "utf-8")
    except (LookupError, ValueError, TypeError, RecursionError):
        data = text.encode("utf-8", "surrogatepass")
    how = draw(st.sampled_from("qQbBx"))
    packed = base64.b64encode(data) if how in "bB" else quopri.encodestring(data, header=True)
    word = f"=?{charset}?{how}?{packed.decode('ascii', 'replace')}?="
    return word[: draw(st.integers(1, len(word)))] if draw(st.integers(0, 5)) == 0 else word


@st.composite
def mailboxes(draw: st.DrawFn) -> str:
    """One mailbox or something that tries to look like one."""
    address = draw(ADDRESSES)
    name = draw(
        st.one_of(TEXTS, encoded_words(), TEXTS.map(lambda text: '"' + text.replace('"', '\\"') + '"'), ADDRESSES)
    )
    shape = draw(
        st.sampled_from(["{0} <{1}>", "{1}", "<{1}>", "{1} ({0})", "{0} <{1}", "{0}: {1};", "{0}<{1}>{0}", "{0}"])
    )
    return shape.format(name, address)


VALUES = st.one_of(TEXTS, encoded_words(), mailboxes(), IDS, DATES)
PEOPLE = st.lists(mailboxes(), max_size=4).map(", ".join)
NAMES_OF_PEOPLE = ["From", "To", "Cc", "Reply-To", "Sender", "Return-Path", "Delivered-To", "Resent-From"]
NAMES_OF_MACHINES = ["Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "X-Loop", "Authentication-Results"]
ODD_NAMES = ["X-Forwarded-To", "X-Original-From", "MIME-Version", "X\xff", "", " ", "Content-Type"]
SAID_BY_MACHINES = st.sampled_from(["auto-replied", "no", "bulk", "All", "x; dmarc=fail", "x; dmarc=pass"]) | TEXTS
KNOWN = st.one_of(
    st.tuples(st.sampled_from(NAMES_OF_PEOPLE), PEOPLE),
    st.tuples(st.sampled_from(["Subject", "Thread-Topic", "Comments", "List-Id", "Received"]), VALUES),
    st.tuples(st.just("Subject"), st.lists(encoded_words(), max_size=4).map("\n ".join)),
    st.tuples(st.sampled_from(["Message-ID", "In-Reply-To", "References"]), st.lists(IDS, max_size=5).map(" ".join)),
    st.tuples(st.just("Date"), DATES),
    st.tuples(st.sampled_from(NAMES_OF_MACHINES), SAID_BY_MACHINES),
    st.tuples(st.sampled_from(ODD_NAMES), VALUES),
)


def _bytes(text: str, draw: st.DrawFn) -> bytes:
    return text.encode("latin-1", "replace") if draw(st.integers(0, 4)) == 0 else text.encode("utf-8", "surrogatepass")


@st.composite
def header_lines(draw: st.DrawFn) -> list[bytes]:
    """Some header fields in any order, doubled, folded or broken."""
    lines = [_bytes(f"{name}: {value}", draw) for name, value in draw(st.lists(KNOWN, max_size=8))]
    if draw(st.integers(0, 4)):
        lines.insert(0, _bytes(f"From: {draw(mailboxes())}", draw))
    if draw(st.integers(0, 9)) == 0:
        lines.insert(draw(st.integers(0, len(lines))), draw(BYTES))
    return lines


@st.composite
def leaves(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """The header lines and the body of a part that holds no other."""
    kind, how = draw(TYPES), draw(ENCODINGS)
    charset = draw(CHARSETS)
    body = draw(st.one_of(LETTERS.map(lambda text: text.encode("utf-8")), FILES, BYTES))
    if how == "base64":
        body = base64.encodebytes(body)
    elif how == "quoted-printable":
        body = quopri.encodestring(body)
    lines = [_bytes(f"Content-Type: {kind}; charset={charset}", draw), f"Content-Transfer-Encoding: {how}".encode()]
    if draw(st.booleans()):
        name = draw(TEXTS)
        shape = draw(
            st.sampled_from(['filename="{}"', "filename*=utf-8''{}", "filename*0*={}; filename*2={}", "filename={}"])
        )
        disposition = draw(st.sampled_from(["attachment", "inline", "", "form-data"]))
        lines.append(_bytes(f"Content-Disposition: {disposition}; {shape.format(name, name)}", draw))
    if draw(st.booleans()):
        lines.append(_bytes(f"Content-ID: {draw(IDS)}", draw))
    return lines, body


@st.composite
def _around(draw: st.DrawFn, inner: st.SearchStrategy[tuple[list[bytes], bytes]]) -> tuple[list[bytes], bytes]:
    """A multipart or a mail in the mail around other parts; the boundary may lie, and the end may be missing."""
    parts = draw(st.lists(inner, min_size=1, max_size=4))
    if draw(st.integers(0, 5)) == 0:
        lines, body = parts[0]
        return [b"Content-Type: message/rfc822"], b"\n".join([*draw(header_lines()), *lines, b"", body])
    boundary = draw(BOUNDARIES)
    real = draw(BOUNDARIES) if draw(st.integers(0, 7)) == 0 else boundary
    lines = [_bytes(f'Content-Type: multipart/{draw(MULTIPARTS)}; boundary="{boundary}"', draw)]
    dashes = b"--" + real.encode()
    pieces = [b"".join((dashes, b"\n", b"\n".join([*head, b"", body]), b"\n")) for head, body in parts]
    end = dashes + b"--\n" if draw(st.integers(0, 4)) else b""
    return lines, draw(st.sampled_from([b"", b"This is a multi-part message.\n"])) + b"".join(pieces) + end


ENTITIES = st.recursive(leaves(), _around, max_leaves=6)


@st.composite
def whole_mails(draw: st.DrawFn) -> bytes:
    """A mail put together from its pieces."""
    lines, body = draw(ENTITIES)
    raw = b"\n".join([*draw(header_lines()), *lines, b"", body])
    return raw.replace(b"\n", draw(st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\r"])))


PIECES = [text.encode("utf-8", "surrogatepass") for text in ODD]
PIECES += [
    b"\r\n",
    b"\n\n",
    b"\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"--b\n",
    b"--b--\n",
    b"\xff\xfe",
    b"\x00" * 20,
]


def damaged(raw: bytes, seed: int, times: int) -> bytes:
    """`raw` with so many accidents: bytes lost, doubled, swapped, put in, flipped. The same seed gives the same."""
    chance, out = random.Random(seed), bytearray(raw)
    for _time in range(times):
        at = chance.randrange(len(out) + 1)
        to = min(len(out), at + chance.choice((1, 2, 8, 40, 400)))
        how = chance.randrange(6)
        if how == 0:
            del out[at:to]
        elif how == 1:
            out[at:at] = out[at:to]
        elif how == 2:
            out[at:at] = chance.choice(PIECES)
        elif how == 3 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif how == 4:
            out[at:to] = chance.randbytes(to - at)
        else:
            other = chance.randrange(len(out) + 1)
            out[other:other] = out[at:to]
    return bytes(out)


SEEDED = st.builds(damaged, st.sampled_from(SEED_MAILS), st.integers(0, 2**32), st.integers(1, 12))
MAILS = st.one_of(whole_mails(), st.builds(damaged, whole_mails(), st.integers(0, 2**32), st.integers(1, 6)), SEEDED)
"""Any mail at all, as bytes."""
