"""Outlook's packed RTF (MS-OXRTFCP) and RTF as text; both bounded."""

from __future__ import annotations

import re
import struct

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor"
    b" MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab"
    b"\\tx"
)
_MAX_BYTES = 2_000_000
_TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
_HIDDEN_WORDS = (
    "fonttbl colortbl stylesheet info pict object themedata colorschememapping latentstyles datastore listtable"
    " listoverridetable generator htmltag mhtmltag xmlnstbl rsidtbl"
)
_HIDDEN = frozenset(_HIDDEN_WORDS.split())
_BREAKS = {
    "par": "\n",
    "line": "\n",
    "tab": "\t",
    "row": "\n",
    "cell": "\t",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
}
_BREAKS |= {"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”"}


def unpack_rtf(data: bytes) -> bytes:
    """Packed RTF as RTF, at most 2 MB of it; empty if it is not packed RTF."""
    if len(data) < 16:
        return b""
    _, size, magic, _ = struct.unpack_from("<IIII", data, 0)
    if magic == 0x414C454D:
        return data[16 : 16 + min(size, _MAX_BYTES)]
    if magic != 0x75465A4C:
        return b""
    window = bytearray(_DICTIONARY.ljust(4096, b"\0"))
    write, out, position = len(_DICTIONARY), bytearray(), 16
    while position < len(data) and len(out) < min(size, _MAX_BYTES):
        flags = data[position]
        position += 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece, position = data[position : position + 1], position + 1
            else:
                pair = data[position : position + 2]
                position += 2
                if len(pair) < 2 or (offset := pair[0] << 4 | pair[1] >> 4) == write:
                    return bytes(out)
                piece = _copied(window, offset, (pair[1] & 15) + 2, write)
            if not piece:
                return bytes(out)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % 4096
            out += piece
    return bytes(out)


def _copied(window: bytearray, offset: int, length: int, write: int) -> bytes:
    """A piece of what was written before; it may overlap with itself."""
    piece = bytearray()
    for step in range(length):
        at = (offset + step) % 4096
        ahead = (at - write) % 4096
        piece.append(piece[ahead] if ahead < len(piece) else window[at])
    return bytes(piece)


def rtf_to_text(data: bytes) -> str:
    """The words of RTF. HTML packed into RTF gives its words too."""
    source = data[:_MAX_BYTES].decode("latin-1")
    if not source.lstrip().startswith("{\\rtf"):
        return ""
    codec = "cp1252"
    if match := re.search(r"\\ansicpg(\d{3,5})", source[:500]):
        codec = f"cp{match[1]}"
    out: list[str] = []
    hidden: list[bool] = [False]
    skip = 0
    for match in _TOKEN.finditer(source):
        word, number, byte, sign, brace, text = match.groups()
        if brace:
            hidden = [*hidden[-500:], hidden[-1]] if brace == "{" else hidden[:-1] or [False]
        elif word in _HIDDEN or word == "htmlrtf" or sign == "*":
            hidden[-1] = word != "htmlrtf" or number != "0"
        elif not hidden[-1]:
            piece = _piece(word, number, byte, sign, codec) if text is None else text
            if skip and piece:
                piece, skip = piece[skip:], max(0, skip - len(piece))
            skip = skip or (1 if word == "u" else 0)
            out.append(piece)
    return "".join(out).strip()


def _piece(word: str | None, number: str | None, byte: str | None, sign: str | None, codec: str) -> str:
    """The letters that one control stands for."""
    if word == "u" and number:
        code = int(number) % 65536
        return "" if 0xD800 <= code < 0xE000 else chr(code)
    if byte:
        try:
            return bytes.fromhex(byte).decode(codec, "replace")
        except LookupError:
            return bytes.fromhex(byte).decode("cp1252", "replace")
    if sign:
        return {"~": "\xa0", "_": "-", "\n": "\n", "\r": "\n"}.get(sign, sign if sign in "\\{}" else "")
    return _BREAKS.get(word or "", "")
