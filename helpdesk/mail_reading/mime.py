"""The tree of a message's parts, by offsets into its bytes. No recursion; every loop has a cap."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from helpdesk.mail_reading.caps import MAX_DEPTH, MAX_PARTS
from helpdesk.mail_reading.charsets import decode
from helpdesk.mail_reading.headers import RawHeaders, decode_words, first, parameters, split_headers
from helpdesk.mail_reading.uuencoded import take_out

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_BASE64)))
_GUESSED_BOUNDARY = re.compile(rb"(?:^|\n)--([!-~][ -~]{0,200}?)[ \t]*\r?\nContent-", re.IGNORECASE)


@dataclass(slots=True)
class Part:
    """One part: `buffer[start:end]` is its body, still in its transfer encoding; `whole` is where its header begins."""

    buffer: bytes
    whole: int
    start: int
    end: int
    headers: RawHeaders
    content_type: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    filename: str = ""
    encoding: str = ""
    content_id: str | None = None
    depth: int = 0
    parent: Part | None = None
    children: list[Part] = field(default_factory=list)
    broken: bool = False

    @property
    def main(self) -> str:
        return self.content_type.partition("/")[0]

    def body(self) -> bytes:
        """The body's bytes, transfer encoding taken off."""
        data = self.buffer[self.start : self.end]
        if self.main == "text" and _encoded(self.encoding) and _is_prose(data):
            return data
        return decode_transfer(data, self.encoding)

    def garbled(self) -> bool:
        """Whether this is called base64 text, and is neither."""
        if not _encoded(self.encoding) or self.end - self.start > 10_000:
            return False
        strays = self.buffer[self.start : self.end].translate(None, _BASE64 + b" \t\r\n")
        return bool(strays) and decode(self.body(), "utf-8")[1] is not None


def _is_prose(data: bytes) -> bool:
    """Plain words that somebody called base64: there are spaces between them."""
    sample = data[:4000]
    return sample.count(b" ") > 8 and len(sample.split()) * 12 > len(sample)


def _encoded(encoding: str) -> bool:
    return encoding in ("base64", "base-64", "b", "b64")


def parse(raw: bytes, problems: list[str], default: str = "text/plain") -> Part:
    """The tree of `raw`. Line ends may be CRLF, LF or CR alone."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
        problems.append("Line ends are CR alone.")
    start = 0
    while raw[start : start + 1] in (b"\n", b"\r"):
        start += 1
    root = _open(raw, (start, len(raw)), default, problems)
    count, waiting = 1, [root]
    while waiting:
        part = waiting.pop()
        if part.main != "multipart":
            continue
        if part.depth >= MAX_DEPTH:
            _leaf(part, problems, "Parts nested deeper than is read; the rest is kept whole.")
            continue
        spans = _children(part, problems, MAX_PARTS - count)
        inner = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        for child_start, child_end in spans:
            child = _open(part.buffer, (child_start, child_end), inner, [])
            child.depth, child.parent = part.depth + 1, part
            part.children.append(child)
        count += len(spans)
        waiting.extend(part.children)
    return root


def _leaf(part: Part, problems: list[str], why: str) -> None:
    if why not in problems:
        problems.append(why)
    part.content_type, part.start, part.headers = "message/rfc822", part.whole, []
    part.encoding = part.disposition = part.filename = ""


def _open(buffer: bytes, span: tuple[int, int], default: str, problems: list[str]) -> Part:
    start, end = span
    headers, body, found = split_headers(buffer, start, end)
    problems.extend(found)
    part = Part(buffer, start, body, end, headers, content_type=default)
    value = first(headers, "content-type")
    if value:
        kind, part.params = parameters(value)
        part.content_type = _content_type(kind, default)
    encoding = first(headers, "content-transfer-encoding")
    if encoding:
        part.encoding = parameters(encoding)[0].strip("\"'")
    value = first(headers, "content-disposition")
    disposition: dict[str, str] = {}
    if value:
        part.disposition, disposition = parameters(value)
    name = disposition.get("filename") or part.params.get("name") or disposition.get("name") or ""
    part.filename = decode_words(name)
    value = first(headers, "content-id")
    if value:
        part.content_id = value.decode("ascii", "replace").strip().strip("<>").strip() or None
    return part


def _content_type(kind: str, default: str) -> str:
    kind = kind.replace(" ", "").strip("\"'")
    if kind in ("text", "plain", "text/"):
        return "text/plain"
    if kind in ("html", "texthtml"):
        return "text/html"
    if kind in ("multipart", "multipart/"):
        return "multipart/mixed"
    main, slash, sub = kind.partition("/")
    return kind if main and slash and sub else ("application/octet-stream" if kind else default)


def _children(part: Part, problems: list[str], room: int) -> list[tuple[int, int]]:
    boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "replace")
    spans = _spans(part, boundary, room, problems) if boundary else []
    if not spans:
        match = _GUESSED_BOUNDARY.search(part.buffer, max(part.start - 1, 0), part.end)
        if match:
            problems.append("The boundary between parts was missing or wrong and was guessed.")
            return _spans(part, match[1], room, problems)
        problems.append("A multipart without parts; read as text.")
        part.content_type, part.broken = "text/plain", True
    return spans


def _spans(part: Part, boundary: bytes, room: int, problems: list[str]) -> list[tuple[int, int]]:
    """Where the parts between boundary lines begin and end. Text outside any part is not in a span."""
    spans: list[tuple[int, int]] = []
    buffer, marker, position, opened = part.buffer, b"--" + boundary, part.start, -1
    while True:
        at = buffer.find(marker, position, part.end)
        if at < 0:
            break
        position = at + len(marker)
        if at > part.start and buffer[at - 1 : at] != b"\n":
            continue
        line_end = buffer.find(b"\n", position, part.end)
        line_end = part.end if line_end < 0 else line_end + 1
        rest = buffer[position : min(line_end, position + 200)].strip()
        if rest not in (b"", b"--"):
            continue
        if opened >= 0:
            spans.append((opened, _before_line_end(buffer, at, opened)))
        opened = -1 if rest == b"--" else line_end
        position = line_end
        if len(spans) >= room - 1 and opened >= 0:
            problems.append("More parts than are read; the rest is kept whole.")
            break
    if 0 <= opened < part.end:
        spans.append((opened, part.end))
        if len(spans) < room:
            problems.append("The last boundary is missing.")
    return spans


def _before_line_end(buffer: bytes, at: int, start: int) -> int:
    """The line end before a boundary belongs to the boundary."""
    if at > start and buffer[at - 1 : at] == b"\n":
        at -= 1
        if at > start and buffer[at - 1 : at] == b"\r":
            at -= 1
    return at


def decode_transfer(data: bytes, encoding: str) -> bytes:
    """Take off base64, quoted-printable or uuencode; leave anything else. Broken input gives what it holds."""
    if _encoded(encoding):
        return decode_base64(data)
    if encoding in ("quoted-printable", "quotedprintable", "quoted/printable", "q", "qp"):
        return binascii.a2b_qp(data)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        files = take_out(data.decode("latin-1").replace("\r\n", "\n"))[1]
        return files[0][1] if files else data
    return data


def decode_base64(data: bytes) -> bytes:
    """Base64 with stray characters, wrong padding, or several pieces one after the other."""
    cleaned = data.translate(None, _NOT_BASE64)
    if b"=" not in cleaned.rstrip(b"="):
        return _padded(cleaned.rstrip(b"="))
    return b"".join(_padded(piece) for piece in cleaned.split(b"=") if piece)


def _padded(data: bytes) -> bytes:
    if len(data) % 4 == 1:
        data = data[:-1]
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def leaves(root: Part) -> list[Part]:
    """The parts that hold something, in the order they stand."""
    found: list[Part] = []
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.children:
            waiting.extend(reversed(part.children))
        elif part.main != "multipart":
            found.append(part)
    return found
