"""winmail.dat, packed RTF, signed and encrypted mail."""

import base64
import struct
import time

from helpdesk.mail_reading.body import read_body
from helpdesk.mail_reading.read import read
from helpdesk.mail_reading.rtf import rtf_to_text, unpack_rtf
from helpdesk.mail_reading.tnef import unpack

# The example of MS-OXRTFCP, section 4.1.
PACKED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
PLAIN = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def record(tag, content, level=1):
    return struct.pack("<BHHI", level, tag, 0, len(content)) + content + b"\0\0"


def props(*entries):
    out = struct.pack("<I", len(entries))
    for number, text in entries:
        raw = text.encode("utf-16-le") + b"\0\0"
        out += struct.pack("<HHII", 0x001F, number, 1, len(raw)) + raw + b"\0" * (-len(raw) % 4)
    return out


def winmail():
    return (
        b"\x78\x9f\x3e\x22\x01\x00"
        + record(0x9003, props((0x1000, "It burns.\r\nAda")))
        + record(0x9002, b"\0" * 14, 2)
        + record(0x8010, b"OFFER~1.TXT\0", 2)
        + record(0x800F, b"the offer", 2)
        + record(0x9005, props((0x3707, "offer på blå.txt")), 2)
    )


def wrapped(data):
    return (
        b"From: ada@example.org\nSubject: x\nContent-Type: application/ms-tnef; name=winmail.dat\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(data)
    )


def test_the_files_and_the_words_of_a_winmail_dat_are_taken_out():
    found = read(wrapped(winmail()))
    assert found.reply_text == "It burns.\nAda"
    assert [(one.filename, one.content) for one in found.attachments][1:] == [("offer på blå.txt", b"the offer")]
    assert found.attachments[0].filename == "winmail.dat"


def test_a_winmail_dat_cut_off_anywhere_gives_what_is_before_the_cut():
    whole = winmail()
    for end in range(len(whole)):
        unpack(whole[:end])
        read(wrapped(whole[:end]))


def test_a_tnef_bomb_ends_soon():
    start = time.process_time()
    unpack(b"\x78\x9f\x3e\x22\x01\x00" + record(0x9002, b"", 2) * 500_000)
    unpack(b"\x78\x9f\x3e\x22\x01\x00" + record(0x9003, struct.pack("<I", 2**32 - 1) + b"\x1f\x10\x00\x10" * 100_000))
    assert time.process_time() - start < 2


def test_packed_rtf_is_unpacked():
    assert unpack_rtf(PACKED) == PLAIN


def test_an_rtf_bomb_ends_soon():
    start = time.process_time()
    header = struct.pack("<IIII", 2**31, 2**31, 0x75465A4C, 0)
    assert len(unpack_rtf(header + b"\xff" + b"\x00\x0f" * 2_000_000)) <= 2_100_000
    rtf_to_text(b"{\\rtf1" + b"{" * 1_000_000)
    assert time.process_time() - start < 8


def test_rtf_gives_its_words():
    source = (
        b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}Bl\\'e5 skriver\\par p\\u229?{\\*\\htmltag64 <br>} brann}"
    )
    assert rtf_to_text(source) == "Blå skriver\npå brann"


def test_a_signed_mail_is_read_and_its_signature_kept():
    raw = (
        b"Content-Type: multipart/signed; boundary=b\n\n--b\n\nI said so.\n--b\n"
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nAAAA\n--b--\n"
    )
    found = read(raw)
    assert found.reply_text == "I said so."
    assert found.attachments[0].filename == "smime.p7s"


def test_an_encrypted_mail_says_that_it_is():
    raw = (
        b"Content-Type: multipart/encrypted; boundary=b\n\n--b\n"
        b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
        b"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--b--\n"
    )
    found = read(raw)
    assert found.problems == ("The mail is encrypted; it is kept as it came.",)
    assert len(found.attachments) == 2
    opaque = read(b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nxx\n")
    assert "encrypted" in opaque.problems[0]


def test_the_seal_of_a_text_signed_by_pgp_is_folded():
    seal = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEB\n=abcd\n-----END PGP SIGNATURE-----"
    body = read_body(f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nI said so.\n{seal}\n")
    assert body.reply_text == "I said so."
    assert "iQEzBAEB" in body.quoted_text


def test_a_part_in_uuencode_is_decoded():
    raw = b"Content-Type: image/png; name=x.png\n"
    raw += b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x.png\n#0V%T\n`\nend\n"
    assert read(raw).attachments[0].content == b"Cat"


def test_words_that_are_called_base64_are_read_as_words():
    words = "These are plain words and nothing else, whatever the header of the part may say about them."
    raw = b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + words.encode() + b"\n"
    assert read(raw).text.strip() == words
