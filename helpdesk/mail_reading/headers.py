"""Header lines: unfolding, encoded words, parameters, dates and identifiers, all in linear time."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from helpdesk.mail_reading.caps import MAX_HEADER_BYTES, MAX_HEADERS, MAX_PARAMETERS, MAX_REFERENCES
from helpdesk.mail_reading.charsets import decode

RawHeaders = list[tuple[str, bytes]]
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_LIKELY_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:[ \t]")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,70})\?([bBqQ])\?([^?]*)(?:\?=|$)|(=\?[^?\s]{1,70}\?[qQ]\?[^\s]*?\?=)")
_MESSAGE_ID = re.compile(r"<\s*([^<>\s]{1,990})\s*>")
_WHITE = re.compile(r"[ \t\r\n]+")


def split_headers(raw: bytes, start: int, end: int) -> tuple[RawHeaders, int, list[str]]:
    """The header lines of `raw[start:end]` unfolded, where the body begins, and what was wrong with them."""
    headers: RawHeaders = []
    problems: list[str] = []
    position = start
    while position < end:
        line_end = raw.find(b"\n", position, end)
        next_line = end if line_end < 0 else line_end + 1
        line = raw[position : min(next_line, position + MAX_HEADER_BYTES)].rstrip(b"\r\n")
        if not line:
            return headers, next_line, problems
        if next_line - position > MAX_HEADER_BYTES:
            _note(problems, "A header longer than is read.")
        if line[:1] in b" \t" and headers:
            _continue(headers, line, problems)
        elif match := _NAME.match(line):
            if len(headers) < MAX_HEADERS:
                headers.append((match[1].decode("ascii").lower(), line[match.end() :].strip(b" \t\r")))
            else:
                _note(problems, "More headers than are read.")
        elif line.startswith((b"From ", b">From ")) and len(headers) < 3:
            pass
        elif headers and _header_follows(raw, next_line, end):
            problems.append("A header line without a name.")
            _continue(headers, b" " + line, problems)
        else:
            if headers:
                problems.append("No empty line between header and body.")
            return headers, position, problems
        position = next_line
    return headers, end, problems


def _continue(headers: RawHeaders, line: bytes, problems: list[str]) -> None:
    name, value = headers[-1]
    if len(value) < MAX_HEADER_BYTES:
        headers[-1] = (name, value + b"\n" + line)
    else:
        _note(problems, "A header longer than is read.")


def _note(problems: list[str], problem: str) -> None:
    """Once is enough."""
    if problem not in problems:
        problems.append(problem)


def _header_follows(raw: bytes, position: int, end: int) -> bool:
    return _LIKELY_HEADER.match(raw[position : min(end, position + 100)]) is not None


def first(headers: RawHeaders, name: str) -> bytes | None:
    """The first value of that (lower-case) name."""
    for key, value in headers:
        if key == name:
            return value
    return None


def text_of(value: bytes, hint: str | None = None) -> str:
    """A header value as unfolded text. 8-bit bytes are UTF-8 or the mail's own charset `hint`."""
    if len(value) > MAX_HEADER_BYTES:
        value = value[:MAX_HEADER_BYTES]
    text = value.decode("ascii") if value.isascii() and b"\x1b" not in value else decode(value, hint)[0]
    if "\n" in text or "\r" in text:
        text = re.sub(r"\r*\n[ \t]*|\r", " ", text)
    return text.replace("\0", "").strip()


def decode_words(text: str) -> str:
    """Replace RFC 2047 encoded words, also those with folded, missing or wrongly split ends."""
    if "=?" not in text:
        return text
    out: list[str] = []
    pending: list[bytes] = []
    charset, last = "", 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[last : match.start()]
        word = _word(match)
        if word is None:
            continue
        if pending and (between.strip() or word[0] != charset):
            out.append(decode(b"".join(pending), charset)[0])
            pending = []
        if between.strip() or not last:
            out.append(between)
        charset = word[0]
        pending.append(word[1])
        last = match.end()
    if pending:
        out.append(decode(b"".join(pending), charset)[0])
    out.append(text[last:])
    return "".join(out)


def _word(match: re.Match[str]) -> tuple[str, bytes] | None:
    if match[4]:
        charset, kind, data = match[4][2:-2].split("?", 2)
    else:
        charset, kind, data = match[1], match[2], match[3]
    charset = charset.partition("*")[0].lower()
    if kind in "qQ":
        raw = data.replace("_", " ").encode("utf-8", "replace")
        return charset, binascii.a2b_qp(raw, header=False)
    cleaned = re.sub(r"[^A-Za-z0-9+/]", "", data)
    if len(cleaned) % 4 == 1:
        cleaned = cleaned[:-1]
    return charset, base64.b64decode(cleaned + "=" * (-len(cleaned) % 4))


def subject_of(value: bytes, hint: str | None = None) -> str:
    """A subject as a person reads it: decoded, on one line."""
    return _WHITE.sub(" ", decode_words(text_of(value, hint))).strip()


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=x` as its first word and its parameters, RFC 2231 pieces joined and decoded."""
    text = text_of(value)
    head, _, rest = text.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, content in _split_parameters(rest):
        base, star, tail = name.partition("*")
        if not star:
            plain.setdefault(base, content)
            continue
        number = tail.rstrip("*")
        order = int(number) if number.isdecimal() and len(number) < 4 else 0
        pieces.setdefault(base, []).append((order, tail.endswith("*") or tail == "", content))
    for base, found in pieces.items():
        plain[base] = _joined(found)
    return _without_comments(head).strip().lower(), plain


def _without_comments(text: str) -> str:
    return re.sub(r"\([^()]*\)", "", text) if "(" in text else text


def _split_parameters(rest: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position, length = 0, len(rest)
    while position < length and len(found) < MAX_PARAMETERS:
        equals = rest.find("=", position)
        if equals < 0:
            break
        name = rest[position:equals].rpartition(";")[2].strip(" \t,").lower()
        position = equals + 1
        while position < length and rest[position] in " \t":
            position += 1
        if position < length and rest[position] == '"':
            value, position = _quoted(rest, position + 1)
            position = length if (after := rest.find(";", position)) < 0 else after + 1
        else:
            stop = rest.find(";", position)
            stop = length if stop < 0 else stop
            value, position = rest[position:stop].strip(), stop + 1
        if name:
            found.append((name, value))
    return found


def _quoted(text: str, start: int) -> tuple[str, int]:
    """The content of a quoted string that begins at `start`, and where it ends; tolerant of a missing end quote."""
    out: list[str] = []
    position, length = start, len(text)
    while position < length and text[position] != '"':
        if text[position] == "\\" and position + 1 < length and text[position + 1] in '"\\':
            position += 1
        out.append(text[position])
        position += 1
    return "".join(out), position + 1


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    charset, data, plain = "", b"", True
    for index, (_, encoded, value) in enumerate(sorted(pieces, key=lambda piece: piece[0])):
        if encoded:
            plain = False
            if index == 0 and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            data += unquote_to_bytes(value)
        else:
            data += value.encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "replace") if plain else decode(data, charset or "utf-8")[0]


def parse_date(text: str) -> datetime | None:
    """An aware UTC date, or None. A date without a zone is taken as UTC; nonsense and overflow are None."""
    text = text[:200]
    try:
        parts = parsedate_tz(text)
        if parts is None:
            found = datetime.fromisoformat(text.strip())
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        zone = timezone(timedelta(seconds=parts[9] or 0))
        return datetime(*parts[:6], tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def message_ids(text: str) -> tuple[str, ...]:
    """The identifiers in a Message-ID, In-Reply-To or References line, without brackets, each once, in order."""
    found = _MESSAGE_ID.findall(text)
    if not found and text.strip() and "<" not in text:
        words = (word.strip(">") for word in text.replace(",", " ").split())
        found = [word for word in words if "@" in word and ">" not in word and len(word) < 990]
    unique = list(dict.fromkeys(found))
    if len(unique) > MAX_REFERENCES:
        # RFC 5322 wants the first (the thread's root) and the last ones (the nearest parents).
        unique = unique[:1] + unique[-(MAX_REFERENCES - 1) :]
    return tuple(unique)
