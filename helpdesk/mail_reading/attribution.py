"""The line above a quotation: "On 3 May 2024 at 10:12, Jane <jane@x> wrote:" in forty languages, on up to six lines."""

from __future__ import annotations

import re

import re2

from helpdesk.mail_reading.quote_words import OPENER_SIGNS, OPENER_WORDS, WROTE_SIGNS, WROTE_WORDS

MAX_LINES = 6
_MAX_CHARS = 500
_DIRECTIONS = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_EDGES = " \t*_-–—|>~\xa0\u200e\u200f\ufeff"


def _any_of(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words.split("|")), key=len, reverse=True))


# Some hundred words in one pattern: re2 looks for all of them at once, Python's re for one after the other.
_WROTE = re2.compile(rf"(?i)(?:^|[^\pL\pN_])(?:{_any_of(WROTE_WORDS)})(?:$|[^\pL\pN_])|>wrote\b|{_any_of(WROTE_SIGNS)}")
_WROTE_AT_END = re.compile(
    rf"(?:(?<!\w)(?:{_any_of(WROTE_WORDS)})|>wrote|{_any_of(WROTE_SIGNS)})[\s*_:：.\-–—~|]{{0,20}}$", re.IGNORECASE
)
_LAST_WORDS = frozenset(word.split()[-1] for word in WROTE_WORDS.split("|"))
_LAST_SIGNS = tuple(WROTE_SIGNS.split("|"))
_OPENER = re.compile(
    rf"(?:(?:{_any_of(OPENER_WORDS)})(?:[.,:]|(?!\w))|{_any_of(OPENER_SIGNS)}"
    r"|\d{1,4}(?:[./\- ]|\w{0,3}\b|年|日|년))",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d(?!\d)|\d{1,2}[:.h]\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2}|\d年|\d日|\d년|\d{1,2}[./]\s?\d{1,2}[./]"
    r"|[๐-๙]{4}|[٠-٩]{4}"
)
_EMAIL = re.compile(r"[^\s<>()\[\]@,;:\"]{1,80}@[^\s<>()\[\]@,;:\"]{1,120}")
_EMAIL_AT_END = re.compile(r"(?:[<(\[]\s*(?:mailto:)?[^\s<>()\[\]@]{1,80}@[^\s<>()\[\]@]{1,120}\s*[>)\]])\s*[:：]?\s*$")
_NAME_AND_EMAIL = re.compile(r"[\"'\w][^<>@]{0,80}<\s*(?:mailto:)?[^\s<>@]{1,80}@[^\s<>@]{1,120}>")
_QUOTED_NAME = re.compile(r"[\"“”„«]([^\"“”„«»@]{1,100})[\"“”»]\s{0,3}[<(\[]")
_NOT_NAMES = frozenset(
    [
        "schrieb",
        "heeft",
        "użytkownik",
        "időpontban",
        "skrev",
        "von",
        "от",
        "пользователь",
        "klo",
        "uhr",
        "am",
        "pm",
        "kl.",
        "at",
        "le",
        "el",
        "la",
        "by",
        "af",
        "av",
        "de",
    ]
)
_DASHED = re.compile(r"^\s*-{2,6}\s?\S.{2,300}?\s?-{2,6}\s*$")


def may_end(line: str) -> bool:
    """A cheap look at whether an attribution could end on this line."""
    bare = line.rstrip(" \t*_\xa0\u200e\u200f\u202c")
    if not bare:
        return False
    if bare[-1] in ":：>-)":
        return True
    last = bare[-40:].rsplit(None, 1)[-1].lower().rstrip(".~–—|")
    return last in _LAST_WORDS or last.endswith(_LAST_SIGNS) or last.endswith(">wrote")


def strength(text: str, *, quoted_next: bool, single: bool) -> int:
    """How surely `text` (one to six lines joined, white space folded) says who wrote what follows.

    2 for one that begins as an attribution and has a date, 1 for one that must do without, 0 for none.
    """
    if not 6 <= len(text) <= _MAX_CHARS:
        return 0
    text = text.lstrip(_EDGES).rstrip(" \t*_-–—|~\xa0")
    if not text:
        return 0
    wrote = _WROTE.search(text)
    dated = _DATE.search(text) is not None
    opened = _OPENER.match(text) is not None
    emailed = "@" in text and _EMAIL.search(text) is not None
    if dated and emailed and text[-1:] in (":", "："):
        # In whatever language: somebody's address, a date, and a colon at the end.
        return 2
    if wrote is None:
        return 2 * (dated and opened and _EMAIL_AT_END.search(text) is not None and (quoted_next or text[-1] in ":："))
    if not (text[-1] in ":：" or _WROTE_AT_END.search(text[-60:])):
        return 0
    if dated and opened:
        return 2
    if emailed and (opened or _NAME_AND_EMAIL.match(text)):
        return 1
    return int(single and ((emailed and len(text) < 300) or len(text) <= 120) and (quoted_next or (emailed and dated)))


def email_in(text: str) -> str:
    """The first address in an attribution."""
    match = _EMAIL.search(text)
    return match[0].removeprefix("mailto:") if match else ""


def name_in(text: str) -> str:
    """The name before the address in an attribution: in quotes, or the words after the date and before the bracket."""
    quoted = _QUOTED_NAME.search(text)
    if quoted:
        return quoted[1].strip()
    match = _EMAIL.search(text)
    before = text[: match.start()].rstrip(' <("') if match else ""
    words = before.split()
    name: list[str] = []
    for word in reversed(words):
        if any(char.isdigit() for char in word) or word.lower() in _NOT_NAMES or word.endswith((",", ":")):
            break
        name.insert(0, word)
    return " ".join(name).strip(" ,;:\"'“”„")


def is_dashed(line: str) -> bool:
    """`---- John Smith wrote ----` and `---- On Tue, 22 Dec 2015 … wrote ----`."""
    if len(line) > 320 or not line.rstrip().endswith("--") or not line.lstrip().startswith("--"):
        return False
    return any(map(str.isalpha, line)) and _DASHED.match(line) is not None and _WROTE.search(line) is not None


def join(lines: list[str]) -> str:
    """Lines as one, folded; a quoted-printable soft break left in the text is taken out."""
    out = ""
    for line in lines:
        piece = line.translate(_DIRECTIONS).strip(" \t\xa0")
        out = out[:-1] + piece if out.endswith("=") else f"{out} {piece}" if out else piece
    return out
