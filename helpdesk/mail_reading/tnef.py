"""winmail.dat: the files and the text that Outlook packs into one attachment (MS-OXTNEF), in one bounded pass."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from helpdesk.mail_reading.charsets import decode
from helpdesk.mail_reading.rtf import rtf_to_text, unpack_rtf

_SIGNATURE = b"\x78\x9f\x3e\x22"
_TITLE, _DATA, _NEW_FILE, _FILE_PROPS, _MAIL_PROPS, _BODY = 0x8010, 0x800F, 0x9002, 0x9005, 0x9003, 0x800C
_MAX_RECORDS = 5_000
_MAX_PROPS = 2_000
_FIXED = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_VARIABLE = (0x000D, 0x001E, 0x001F, 0x0102)
_LONG_NAME, _NAME, _KIND, _CONTENT, _CONTENT_ID = 0x3707, 0x3704, 0x370E, 0x3701, 0x3712
_TEXT, _HTML, _RTF = 0x1000, 0x1013, 0x1009


@dataclass(slots=True)
class PackedFile:
    name: str = ""
    content_type: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Packed:
    """What was inside: the mail's own text or HTML, where it had one, and the files."""

    text: str = ""
    html: str = ""
    files: list[PackedFile] = field(default_factory=list)


def unpack(data: bytes) -> Packed | None:
    """The content of a winmail.dat; None if it is none. What is cut off or broken gives what can be read before it."""
    if not data.startswith(_SIGNATURE):
        return None
    found = Packed()
    position = 6
    for _ in range(_MAX_RECORDS):
        if position + 9 > len(data):
            break
        _, tag, _, size = struct.unpack_from("<BHHI", data, position)
        start = position + 9
        content = data[start : start + size]
        if len(content) < size:
            break
        _take(found, tag, content)
        position = start + size + 2
    found.files = [file for file in found.files if file.content or file.name]
    return found


def _take(found: Packed, tag: int, content: bytes) -> None:
    if tag == _NEW_FILE:
        found.files.append(PackedFile())
    elif tag == _BODY:
        found.text = found.text or decode(content.rstrip(b"\0"))[0]
    elif tag == _MAIL_PROPS:
        _take_words(found, _props(content))
    elif found.files and tag == _TITLE:
        found.files[-1].name = found.files[-1].name or decode(content.rstrip(b"\0"))[0]
    elif found.files and tag == _DATA:
        found.files[-1].content = content
    elif found.files and tag == _FILE_PROPS:
        _take_file(found.files[-1], _props(content))


def _take_words(found: Packed, props: dict[int, bytes | str]) -> None:
    text, html, rtf = props.get(_TEXT), props.get(_HTML), props.get(_RTF)
    if text:
        found.text = text if isinstance(text, str) else decode(text)[0]
    if html:
        found.html = html if isinstance(html, str) else decode(html, "utf-8")[0]
    if rtf and isinstance(rtf, bytes) and not found.text and not found.html:
        found.text = rtf_to_text(unpack_rtf(rtf))


def _take_file(file: PackedFile, props: dict[int, bytes | str]) -> None:
    name = props.get(_LONG_NAME) or props.get(_NAME)
    if isinstance(name, str):
        file.name = name
    kind = props.get(_KIND)
    if isinstance(kind, str):
        file.content_type = kind
    content = props.get(_CONTENT)
    if isinstance(content, bytes) and not file.content:
        file.content = content


def _props(data: bytes) -> dict[int, bytes | str]:
    """MAPI properties with text or bytes, by number."""
    found: dict[int, bytes | str] = {}
    try:
        (count,) = struct.unpack_from("<I", data, 0)
        position = 4
        for _ in range(min(count, _MAX_PROPS)):
            kind, number = struct.unpack_from("<HH", data, position)
            position = _skip_name(data, position + 4, number)
            position, value = _value(data, position, kind)
            if value is not None:
                found.setdefault(number, value)
    except (struct.error, ValueError):
        return found
    return found


def _skip_name(data: bytes, position: int, number: int) -> int:
    """A named property has a GUID and a number or a name before its value."""
    if number < 0x8000:
        return position
    (named,) = struct.unpack_from("<I", data, position + 16)
    if not named:
        return position + 24
    (size,) = struct.unpack_from("<I", data, position + 20)
    return position + 24 + size + (-size % 4)


def _value(data: bytes, position: int, kind: int) -> tuple[int, bytes | str | None]:
    many, kind = kind & 0x1000, kind & 0x0FFF
    count = 1
    if many or kind in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    if count > _MAX_PROPS:
        raise ValueError
    if kind in _FIXED:
        return position + _FIXED[kind] * count, None
    if kind not in _VARIABLE:
        raise ValueError
    value: bytes | str | None = None
    for _ in range(count):
        (size,) = struct.unpack_from("<I", data, position)
        raw = data[position + 4 : position + 4 + size]
        position += 4 + size + (-size % 4)
        value = _text(raw, kind) if value is None else value
    return position, value


def _text(raw: bytes, kind: int) -> bytes | str:
    if kind == 0x001E:
        return decode(raw.rstrip(b"\0"))[0]
    if kind == 0x001F:
        return raw.decode("utf-16-le", "replace").rstrip("\0")
    return raw[16:] if kind == 0x000D else raw
