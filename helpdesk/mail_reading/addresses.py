"""Address lists as mail really has them: quotes, comments, groups, semicolons, missing brackets; one pass, no regex.

`alice@example.org <bob@evil.example>` is bob: what stands in the angle brackets is the address, the rest is a name.
"""

from __future__ import annotations

from helpdesk.mail_reading.caps import MAX_ADDRESSES
from helpdesk.mail_reading.headers import decode_words
from helpdesk.mail_reading.mail import Address

_STOPS = ',;:<>"()'


class _Entry:
    """One mailbox while it is being read: words outside brackets, what was in brackets, comments."""

    __slots__ = ("angle", "comment", "quoted", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.angle: str | None = None
        self.comment: list[str] = []
        self.quoted = False


def parse_addresses(text: str, limit: int = MAX_ADDRESSES) -> tuple[Address, ...]:
    """The mailboxes of a From, To or Cc value; group names are dropped, their members kept."""
    found: list[Address] = []
    entry = _Entry()
    position, length = 0, len(text)
    while position < length and len(found) < limit:
        char = text[position]
        if char == '"':
            value, position = _quoted(text, position + 1)
            entry.words.append(value)
            entry.quoted = True
        elif char == "(":
            value, position = _comment(text, position + 1)
            entry.comment.append(value)
        elif char == "<":
            entry.angle, position = _angle(text, position + 1, entry.angle)
        elif char == ":" and entry.angle is None and not any("@" in word for word in entry.words):
            entry, position = _Entry(), position + 1
        elif char in ",;":
            if _ends(entry, text, position):
                _add(found, entry)
                entry = _Entry()
            else:
                entry.words.append(char)
            position += 1
        else:
            stop = position + 1
            while stop < length and text[stop] not in _STOPS:
                stop += 1
            entry.words.append(text[position:stop])
            position = stop
    if len(found) < limit:
        _add(found, entry)
    return tuple(found)


def _ends(entry: _Entry, text: str, position: int) -> bool:
    """Whether a comma here parts two mailboxes, or stands in a name that should have been quoted."""
    if entry.angle is not None or any("@" in word for word in entry.words):
        return True
    stop = text.find("<", position)
    comma = min((at for at in (text.find(",", position + 1), text.find(";", position + 1)) if at >= 0), default=-1)
    if stop < 0 or (0 <= comma < stop):
        return True
    return "@" in text[position:stop]


def _quoted(text: str, start: int) -> tuple[str, int]:
    out: list[str] = []
    position, length = start, len(text)
    while position < length:
        char = text[position]
        if char == '"':
            return "".join(out), position + 1
        if char == "\\" and position + 1 < length:
            position += 1
            char = text[position]
        out.append(char)
        position += 1
    return "".join(out), length


def _comment(text: str, start: int) -> tuple[str, int]:
    depth, position, length = 1, start, len(text)
    out: list[str] = []
    while position < length:
        char = text[position]
        if char == "\\" and position + 1 < length:
            position += 1
            char = text[position]
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return "".join(out), position + 1
        out.append(char)
        position += 1
    return "".join(out), length


def _angle(text: str, start: int, already: str | None) -> tuple[str | None, int]:
    """What stands between < and >; the last pair that holds an address counts."""
    stop = text.find(">", start)
    stop = len(text) if stop < 0 else stop
    inside = text[start:stop].strip()
    while inside.startswith("<"):
        inside = inside[1:].strip()
    if inside.startswith("@") and ":" in inside:
        inside = inside.rpartition(":")[2]
    if already and "@" in already and "@" not in inside:
        return already, stop + 1
    return inside, stop + 1


def _add(found: list[Address], entry: _Entry) -> None:
    words = " ".join(" ".join(entry.words).split()).replace(" ,", ",").replace(" ;", ";")
    comment = " ".join(entry.comment).strip()
    if entry.angle is not None:
        email, name = entry.angle, words or comment
    elif "@" in words:
        email, name = _bare(words, comment)
    else:
        email, name = "", words or comment
    email = clean_email(email)
    name = " ".join(decode_words(name).split()).strip("'\"" if not entry.quoted else "").strip()
    if not email and "@" in name and " " not in name:
        email, name = clean_email(name), ""
    if email or name:
        found.append(Address(name, email))


def _bare(words: str, comment: str) -> tuple[str, str]:
    """An address without brackets, maybe with a name beside it."""
    if " " not in words:
        return words, comment
    parts = words.split(" ")
    joined = "".join(parts)
    if joined.count("@") == 1 and (parts[0].endswith(("@", ".")) or any(part.startswith(("@", ".")) for part in parts)):
        return joined, comment
    at = next(index for index, part in enumerate(parts) if "@" in part)
    rest = [part for index, part in enumerate(parts) if index != at]
    return parts[at], comment or " ".join(rest)


def clean_email(email: str) -> str:
    """An address without white space, `mailto:` and stray quotes; a `xn--` domain as its letters."""
    email = "".join(decode_words(email).split()).strip("<>,;'[]\"" if not email.startswith('"') else "<>,;")
    if email[:7].lower() == "mailto:":
        email = email[7:].partition("?")[0]
    local, at, domain = email.rpartition("@")
    if at and "xn--" in domain.lower():
        domain = ".".join(_label(label) for label in domain.split("."))
    return f"{local}{at}{domain}"


def _label(label: str) -> str:
    if not label.lower().startswith("xn--") or len(label) > 63:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label
