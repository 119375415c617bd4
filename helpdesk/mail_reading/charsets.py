"""Bytes to text: the declared charset, its superset, UTF-8, a detector; never an error and never a lone surrogate."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

_SAMPLE_BYTES = 20_000
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
    "iso2022_jp_2": "iso2022_jp_2",
    "johab": "johab",
}
_ALIASES = {
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-unknown": "",
    "unknown-8bit": "",
    "unknown": "",
    "default": "",
    "8bit": "",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "x-sjis": "cp932",
    "x-ms-cp932": "cp932",
    "windows-31j": "cp932",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "gb18030-2022": "gb18030",
    "x-big5": "big5hkscs",
    "x-euc-tw": "big5hkscs",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "x-windows-949": "cp949",
    "windows-949": "cp949",
    "windows-874": "cp874",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "x-mac-icelandic": "mac_iceland",
    "ansi_x3.110-1983": "cp1252",
    "ansi": "cp1252",
    "x-user-defined": "",
    "iso-10646-ucs-2": "utf-16-be",
    "ucs-2": "utf-16-be",
    "unicode": "utf-16",
    "iso-10646-ucs-4": "utf-32-be",
}
# Codecs that turn bytes into something other than the letters of a charset, or that depend on the machine.
_NO_CHARSETS = {"idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem", "utf-8-sig"}
_WEAK = {"cp1252", "iso8859-15", "latin_1", "cp1250", "cp1254", "mac_roman", "cp437", "cp850", "iso8859-2"}
_HIGH_BYTES = bytes(range(0x80, 0x100))
_SURROGATES = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=512)
def codec_for(name: str) -> str | None:
    """The Python codec for mail declared as `name`, widened to what senders really put there; None if unknown."""
    cleaned = name.strip().strip("\"'<>;").strip().lower()[:60]
    if cleaned.startswith("charset="):
        cleaned = cleaned[8:].strip("\"'")
    cleaned = _ALIASES.get(cleaned, cleaned)
    if not cleaned or not cleaned.isascii() or "\0" in cleaned:
        return None
    try:
        info = codecs.lookup(cleaned)
    except (LookupError, ValueError, TypeError):
        return _numbered(cleaned)
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("-", "_") in _NO_CHARSETS:
        return "utf-8" if info.name == "utf-8-sig" else None
    return _SUPERSETS.get(info.name, info.name)


def _numbered(name: str) -> str | None:
    """Spellings such as windows1252, x-cp1251, iso8859_15 and latin-1 with a wrong dash."""
    match = re.fullmatch(r"(?:x-)?(?:windows|win|cp|ibm|x-cp|ms)[-_ ]?(\d{3,4})(?:[-_].*)?", name)
    if match:
        return _lookup(f"cp{match[1]}")
    match = re.fullmatch(r"(?:x-)?(?:iso|is)[-_ ]?8859[-_ ]?(\d{1,2})(?:[-_:].*)?", name)
    if match:
        found = _lookup(f"iso8859-{int(match[1])}")
        return _SUPERSETS.get(found or "", found)
    if re.fullmatch(r"utf[-_ ]?8.*", name):
        return "utf-8"
    return "cp1252" if name.startswith(("us-ascii", "ascii", "latin")) else None


def _lookup(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def tidy(text: str) -> str:
    """Text that a database and a page can hold: no NUL, no lone surrogate."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii() and _SURROGATES.search(text):
        text = _SURROGATES.sub("\ufffd", text)
    return text


def decode(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """The text of `data`, and a sentence about what was wrong with its charset (None if nothing was)."""
    codec = codec_for(declared) if declared else "ascii"
    if data.isascii() and codec in (None, "ascii", "utf-8", "cp1252"):
        return tidy(data.decode("ascii")), _unknown(declared, codec)
    if data[:3] == codecs.BOM_UTF8 or (data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and b"\0" in data[:200]):
        text = _strict(data, "utf-8-sig" if data[:3] == codecs.BOM_UTF8 else "utf-16")
        if text is not None:
            return tidy(text), None
    if codec in _WEAK or codec in (None, "ascii", "utf-8"):
        text = _strict(data, "utf-8")
        if text is not None:
            wrong = codec not in ("utf-8", "ascii") and declared
            return tidy(text), f"Declared as {declared}, read as UTF-8." if wrong else None
    if codec and codec != "utf-8" and codec != "ascii":
        text = _strict(data, codec)
        if text is not None:
            return tidy(text), None
        text = _strict(data, "utf-8")
        if text is not None:
            return tidy(text), f"Declared as {(declared or '')[:60]}, read as UTF-8."
    return _guessed(data, declared, codec)


def _unknown(declared: str | None, codec: str | None) -> str | None:
    return f"Unknown charset {declared[:60]!r}." if declared and codec is None else None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, OverflowError):
        return None


def _guessed(data: bytes, declared: str | None, codec: str | None) -> tuple[str, str]:
    """Neither the declared charset nor UTF-8 fits: mostly right with few holes, else what a detector thinks."""
    said = f"Declared as {declared[:60]}, " if declared else "No charset declared, "
    if codec and codec not in ("ascii", "cp1252"):
        text = data.decode(codec, "replace")
        holes = text.count("\ufffd")
        if holes <= max(3, len(text) // 25) and (codec != "utf-8" or holes <= _foreign(text) - holes):
            return tidy(text), f"{said}some bytes do not fit it."
    detected = detect(data)
    return tidy(data.decode(detected, "replace")), f"{said}read as {detected}."


def _foreign(text: str) -> int:
    return sum(1 for char in text[:100_000] if char > "\x7f")


def detect(data: bytes) -> str:
    """A likely charset for bytes that are not UTF-8. Western European where nothing speaks against it."""
    if b"\x1b$" in data or b"\x1b(J" in data:
        return "iso2022_jp_ext"
    sample = data[:_SAMPLE_BYTES]
    high = len(sample) - len(sample.translate(None, _HIGH_BYTES))
    if high < 3 or high * 6 < len(sample):
        return "cp1252" if _strict(data, "cp1252") is not None else "latin_1"
    best = from_bytes(sample, threshold=0.4).best()
    found = codec_for(best.encoding) if best else None
    return found if found and not found.startswith(("utf-16", "utf-32", "utf_16", "utf_32")) else "cp1252"
