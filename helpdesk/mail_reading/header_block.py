"""The block of From, Sent, To and Subject lines that mail programs put above a mail they quote or forward."""

from __future__ import annotations

import re

from helpdesk.mail_reading.quote_words import HEADER_FAMILY

_DECORATION = " \t>*|_\xa0\u200e\u200f\u202a\u202b\u202c\ufeff•"
_MAX_KEY_CHARS = 32
_MAX_BLOCK_LINES = 40
_MAX_CONTINUATIONS = 8
Block = dict[str, str]
_INLINE_KEY = re.compile(
    "("
    + "|".join(re.escape(word.capitalize()) for word in sorted(HEADER_FAMILY, key=len, reverse=True) if len(word) < 24)
    + "|CC)(\\s?[:：]|\\s(?=\\S))"
)


def header_line(line: str) -> tuple[str, str] | None:
    """`*Fra:* Kari <kari@x>` as ("from", "Kari <kari@x>"); None if the line does not begin with a header's name."""
    head = line[:160]
    start = len(head) - len(head.lstrip(_DECORATION))
    colon = head.find(":", start, start + _MAX_KEY_CHARS)
    wide = head.find("：", start, start + _MAX_KEY_CHARS)
    if wide >= 0 and (colon < 0 or wide < colon):
        colon = wide
    if colon < 0:
        return None
    family = HEADER_FAMILY.get(" ".join(head[start:colon].strip(_DECORATION).lower().split()))
    if family is None:
        return None
    return family, line[colon + 1 :].strip(_DECORATION)


def header_block(lines: list[str], start: int) -> tuple[Block, int] | None:
    """The block that begins at line `start` and the index after it, or None.

    It must have two families or more, one of them From, or Date with To; blank lines between two header lines and
    values that run on are part of it.
    """
    first = header_line(lines[start])
    if first is None:
        return None
    found: Block = {first[0]: first[1]}
    last, position, end, running = first[0], start + 1, start + 1, 0
    blanks = 0
    while position < min(len(lines), start + _MAX_BLOCK_LINES):
        line = lines[position]
        bare = line.strip(_DECORATION)
        entry = header_line(line) if bare else None
        if entry is not None and entry[0] not in found:
            last, running, blanks = entry[0], 0, 0
            found[last] = entry[1]
            end = position + 1
        elif not bare:
            blanks += 1
            if blanks > 1 or (len(found) > 2 and "subject" in found and "to" in found):
                break
        elif blanks or entry is not None or running >= _MAX_CONTINUATIONS or not _runs_on(lines, position, last):
            break
        else:
            found[last] = f"{found[last]} {bare}".strip()
            running, end = running + 1, position + 1
        position += 1
    return (found, end) if _enough(found) else None


def _runs_on(lines: list[str], position: int, last: str) -> bool:
    """Whether this line is the rest of the header above it: another header or a blank line follows soon."""
    line = lines[position]
    if last in ("to", "cc", "bcc", "from") and ("@" in line or line.startswith((" ", "\t", "<"))):
        return True
    following = lines[position + 1 : position + 3]
    return any(header_line(later) is not None for later in following) and len(line) < 200


def inline_block(text: str) -> Block | None:
    """A block that was run together on one line, as Yahoo writes it: `Von: Jo <jo@x>An: kim@xBetreff: Prices`."""
    found: Block = {}
    last, start = "", 0
    for match in _INLINE_KEY.finditer(text):
        family = HEADER_FAMILY[match[1].lower()]
        if family in found or family == last or (not last and match.start() > 0):
            continue
        if match[2].strip() == "" and family != "subject":
            continue
        if last:
            found[last] = text[start : match.start()].strip()
        last, start = family, match.end()
    if last:
        found[last] = text[start:].strip()
    return found if "from" in found and _enough(found) else None


def _has_digits(text: str) -> bool:
    return any(map(str.isdigit, text))


def _enough(found: Block) -> bool:
    if len(found) < 2:
        return False
    if len(found) == 2 and not any("@" in value for value in found.values()) and not _has_digits(found.get("date", "")):
        return False
    if "from" in found:
        return any(family in found for family in ("date", "subject", "to"))
    return "date" in found and ("to" in found or "subject" in found) and _has_digits(found["date"])
