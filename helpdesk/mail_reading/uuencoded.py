"""Files that old programs put into the text itself: begin 644 name … end."""

from __future__ import annotations

import binascii
import re

_BEGIN = re.compile(r"begin(?:-base64)? [0-7]{3,4} (\S[^\r\n]{0,250})$")
_MAX_FILES = 100


def take_out(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without its uuencoded files, and those files as (name, content). What does not decode stays text."""
    if "\nend" not in text or "begin" not in text:
        return text, []
    lines = text.split("\n")
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    position = 0
    while position < len(lines):
        match = _BEGIN.match(lines[position].rstrip()) if lines[position].startswith("begin") else None
        taken = _file(lines, position) if match and len(files) < _MAX_FILES else None
        if match is None or taken is None:
            kept.append(lines[position])
            position += 1
            continue
        content, position = taken
        files.append((match[1], content))
    return ("\n".join(kept), files) if files else (text, [])


def _file(lines: list[str], start: int) -> tuple[bytes, int] | None:
    """The file whose `begin` stands on line `start`, and the line after its `end`."""
    base64 = lines[start].startswith("begin-base64")
    out: list[bytes] = []
    for position in range(start + 1, len(lines)):
        line = lines[position].rstrip("\r")
        if line.rstrip() in ("end", "===="):
            return b"".join(out), position + 1
        data = line.encode("latin-1", "replace")
        try:
            out.append(binascii.a2b_base64(data) if base64 else binascii.a2b_uu(data) if data.strip() else b"")
        except binascii.Error:
            # Some encoders count a line's bytes wrongly.
            wanted = (((data[0] - 32) & 63) * 4 + 5) // 3 if data else 0
            try:
                out.append(binascii.a2b_uu(data[:wanted]))
            except binascii.Error:
                return None
    return None
