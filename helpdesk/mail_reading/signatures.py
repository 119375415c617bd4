"""Signatures, closings and phone footers below what somebody wrote. In doubt they are left as the writer's words."""

from __future__ import annotations

import re

from helpdesk.mail_reading.signature_words import CLOSINGS, DEVICES, SENT_WORDS

_CLOSINGS = frozenset(CLOSINGS.split("|"))
_SENT = tuple(SENT_WORDS.split("|"))
_DEVICES = frozenset(DEVICES.split("|"))
# Parts of names that endings are hung on: iPhonesta, iPhonu, iPhoneから.
_STEMS = ("iphon", "ipad", "ipod", "android", "samsung", "galaxy", "blackberry", "outlook", "huawei", "xiaomi", "nokia")
_DEVICE_SIGNS = (*(word for word in _DEVICES if not word.isascii()), *_STEMS)
_WORD = re.compile(r"[\w&'’-]+")
_MARK = re.compile(r"\s{0,4}(?:--|—|––|-- )\s*$")
_RULE = re.compile(r"\s{0,8}(?:ᐧ|([-*#~=_+—–])\1{1,200})\s*$")
_DASHED_NAME = re.compile(r"\s{0,3}(?:[-–—]{1,2}\s?|/)[^\W\d_][\w.'’-]{0,30}(?:\s[^\W\d_][\w.'’-]{0,30}){0,3}\s*$")
_VERBS = frozenset(["is", "was", "are", "were", "will", "would", "can", "has", "have", "had"])
_DISCLAIMER = re.compile(
    r"confidential|intended (?:solely|only|recipient)|legally privileged|disclaimer|konfidensiel|fortrolig"
    r"|konfidentiel|vertraulich"
    r"|confidentiel|confidencial|riservat|vertrouwelijk|poufne|конфиденц|luottamuksel",
    re.IGNORECASE,
)
_LIST_FOOTER = re.compile(r"mailing list|mailman|listinfo|unsubscribe", re.IGNORECASE)
_MAX_SIGNATURE_LINES = 25
_MAX_CLOSING_LINES = 9


def is_mark(line: str) -> bool:
    """The line `-- ` that begins a signature."""
    return _MARK.match(line) is not None


def is_footer(line: str) -> bool:
    """A line that a phone or a mail program adds by itself, such as "Sent from my iPhone"."""
    bare = line.strip(" \t*_<>()[]\xa0\u200e\u200f|")
    if not 8 <= len(bare) <= 200:
        return False
    lower = bare.lower().replace("[", "")
    if not any(word in lower for word in _SENT):
        return False
    bare_words = lower.partition("http")[0]
    words = _WORD.findall(bare_words)
    if len(words) > 14 or _VERBS & set(words):
        return False
    known = any(word in _DEVICES or word.partition("-")[0] in _DEVICES for word in words) or any(
        sign in lower for sign in _DEVICE_SIGNS
    )
    short = lower.startswith("sent from my ") and len(words) <= 6 and "," not in lower
    return (known and len(_before_please(bare_words)) <= 90) or short or lower.startswith("sent from a ")


def _before_please(text: str) -> str:
    return text.partition("please")[0]


def signature_start(lines: list[str]) -> int:
    """Where the signature of these lines (one stretch of the writer's own) begins; their number if there is none."""
    end = _footers(lines, len(lines))
    marked = _marked(lines, end)
    if marked < end:
        return _footers(lines, marked)
    closing = _closing(lines, end)
    return _footers(lines, closing) if closing < end else end


def _footers(lines: list[str], end: int) -> int:
    """Leave out footers, rules, dashed names and blank lines from the bottom up."""
    position = end
    while position > 0:
        line = lines[position - 1]
        if (
            not line.strip()
            or is_footer(line)
            or _RULE.match(line)
            or (position > 1 and _DASHED_NAME.match(line) and not lines[position - 2].strip())
        ):
            position -= 1
        else:
            break
    return position


def _marked(lines: list[str], end: int) -> int:
    """The first `-- ` with few enough lines after it, or an underscore rule above a mailing list's footer."""
    filled = 0
    found = end
    for position in range(end - 1, -1, -1):
        line = lines[position]
        if not line.strip():
            continue
        rule = line.strip()
        if (is_mark(line) and (position == 0 or filled <= _MAX_SIGNATURE_LINES)) or (
            len(rule) >= 20
            and not rule.strip("_")
            and _LIST_FOOTER.search("\n".join(lines[position + 1 : position + 4]))
        ):
            found = position
        filled += 1
        if filled > _MAX_SIGNATURE_LINES:
            break
    return found


def _closing(lines: list[str], end: int) -> int:
    """A closing such as "Best regards," with a name and few short lines below it."""
    filled = 0
    for position in range(end - 1, -1, -1):
        bare = lines[position].strip(" \t*_\xa0")
        if not bare:
            continue
        word = bare.rstrip(" ,.!:;、。").lower()
        if word in _CLOSINGS or ("/" in word and any(part.strip() in _CLOSINGS for part in word.split("/"))):
            comma = bare != bare.rstrip(",")
            below = lines[position + 1].strip() if position + 1 < end else ""
            return position if filled and (comma or below) else end
        filled += 1
        if filled > _MAX_CLOSING_LINES or (len(bare) > 80 and not _DISCLAIMER.search(bare)):
            break
    return end
