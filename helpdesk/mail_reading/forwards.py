"""A mail that somebody passes on: who wrote it, what it said, and what the forwarder wrote above it."""

from __future__ import annotations

import re

from helpdesk.mail_reading.addresses import parse_addresses
from helpdesk.mail_reading.attribution import MAX_LINES, email_in, may_end, name_in
from helpdesk.mail_reading.header_block import Block, header_block, header_line, inline_block
from helpdesk.mail_reading.mail import Address, Forwarded
from helpdesk.mail_reading.quote_words import FORWARD_PREFIXES, FORWARDED_WORDS, ORIGINAL_WORDS, REPLY_PREFIXES
from helpdesk.mail_reading.quotes import attribution_end, is_separator, lower

_FORWARDED = tuple(FORWARDED_WORDS.split("|"))
_ORIGINAL = frozenset(ORIGINAL_WORDS.split("|"))
_FORWARD_PREFIXES = frozenset(FORWARD_PREFIXES.split("|"))
_REPLY_PREFIXES = frozenset(REPLY_PREFIXES.split("|"))
_RUN = "-_=–—"
_RULE = re.compile(r"[\s>]{0,8}_{10,200}\s*$")
_MAILTO = re.compile(r"<mailto:[^<>]{0,300}>|<https?:[^<>]{0,500}>", re.IGNORECASE)
_BRACKETS = re.compile(r"\[(?:mailto:)?([^\[\]\s]{1,100}@[^\[\]\s]{1,200})\]", re.IGNORECASE)
_BEHALF = re.compile(
    r"\s(?:on behalf of|im auftrag von|pour le compte de|en nombre de|för|på vegne af|på vegne av|namens)\s",
    re.IGNORECASE,
)
_MAX_LINES = 3_000


def find_forward(lines: list[str], subject: str | None = None) -> Forwarded | None:
    """The forwarded mail in these lines, or None. `subject` is the mail's own; None if there is no telling.

    A separator such as "Forwarded message" decides alone. A block of headers or an attribution without one is a reply's
    as often, so that the subject must speak for a forward; without a subject, that nothing stands above it.
    """
    lines = lines[:_MAX_LINES] if len(lines) > _MAX_LINES * 4 else lines
    for index, line in enumerate(lines[:_MAX_LINES]):
        if line and (found := _separated(lines, index, line)):
            return found
    return None if is_reply_subject(subject) else _unseparated(lines, subject)


def is_forward_subject(subject: str | None) -> bool:
    """Whether a subject begins with Fw:, Fwd:, VS:, WG:, TR: or another program's word for it."""
    return _prefix(subject) in _FORWARD_PREFIXES


def is_reply_subject(subject: str | None) -> bool:
    """Whether a subject begins with Re:, SV:, AW: or another program's word for a reply."""
    return _prefix(subject) in _REPLY_PREFIXES


def _prefix(subject: str | None) -> str:
    head, colon, _ = (subject or "").strip().replace("：", ":").partition(":")
    head = head.strip(" [].")
    return lower(re.sub(r"\s?[\[(]\d{1,3}[\])]$|\d$", "", head)) if colon and len(head) <= 30 else ""


def _separated(lines: list[str], index: int, line: str) -> Forwarded | None:
    """The mail below a line that says "Forwarded message", between dashes or before a colon."""
    small = lower(line) if is_separator(line) else ""
    known = bool(small) and any(word in small for word in _FORWARDED)
    dashed = _dashed(line) if "--" in line or "__" in line or "==" in line else None
    if not known and dashed is None:
        return None
    if dashed is not None:
        words = lower(dashed[0]).strip(" -*:")
        if words in _ORIGINAL:
            return None
        if dashed[1] and (inline := inline_block(dashed[1])):
            return _forwarded(lines[:index], lines[index + 1 :], inline)
        known = known or any(word in words for word in _FORWARDED)
    start = _next_filled(lines, index + 1)
    block = header_block(lines, start) if start < len(lines) else None
    if block is None or not (known or _complete(block[0])):
        return None
    return _forwarded(lines[:index], lines[block[1] :], block[0])


def _dashed(line: str) -> tuple[str, str] | None:
    """The words between two runs of dashes, and what follows the second."""
    bare = line[:2500].lstrip(" \t>*")
    inner = bare.lstrip(_RUN)
    if len(bare) - len(inner) < 3:
        return None
    ends = [at for at in (inner.find(run, 0, 150) for run in ("---", "___", "===")) if at > 0]
    words = inner[: min(ends)].strip() if ends else ""
    return (words, inner[min(ends) :].lstrip(_RUN + " \t").rstrip()) if words else None


def _complete(block: Block) -> bool:
    return "from" in block and "subject" in block and ("to" in block or "date" in block)


def _unseparated(lines: list[str], subject: str | None) -> Forwarded | None:
    forwarding = is_forward_subject(subject)
    for index, line in enumerate(lines[:_MAX_LINES]):
        if not line.strip():
            continue
        if header_line(line) is not None and (block := header_block(lines, index)) is not None:
            above = _without_rule(lines[:index])
            ruled = subject is None and index > 0 and bool(_RULE.match(lines[index - 1])) and _complete(block[0])
            if forwarding or ruled or _same_subject(subject, block[0]) or (not above and _complete(block[0])):
                return _forwarded(above, lines[block[1] :], block[0])
            return None
        end = attribution_end(lines, index) if any(map(may_end, lines[index : index + MAX_LINES])) else index
        if end > index:
            above = _without_rule(lines[:index])
            if (forwarding or (subject is None and not above)) and not _quoted(lines, end):
                return _attributed(above, lines[index:end], lines[end:], subject)
            if not forwarding:
                return None
    return None


def _same_subject(subject: str | None, block: Block) -> bool:
    """ "Weiter: Prices" over a mail called "Prices": a prefix that is unknown here, and no reply's."""
    rest = (subject or "").partition(":")[2].strip()
    return bool(rest) and _prefix(subject) != "" and rest == " ".join(block.get("subject", "").split())


def _quoted(lines: list[str], position: int) -> bool:
    start = _next_filled(lines, position)
    return start < len(lines) and lines[start].lstrip().startswith(">")


def _without_rule(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip(" \t_-*=>\ufeff"):
        end -= 1
    return lines[:end]


def _next_filled(lines: list[str], position: int) -> int:
    while position < len(lines) and not lines[position].strip(" \t>"):
        position += 1
    return position


def _attributed(above: list[str], said: list[str], below: list[str], subject: str | None) -> Forwarded:
    text = " ".join(line.strip() for line in said)
    sender = Address(name_in(text), email_in(text))
    title = (subject or "").partition(":")[2].strip() if is_forward_subject(subject) else subject or ""
    return Forwarded(sender=sender, subject=title, text=_body(below), note="\n".join(above).strip())


def _forwarded(above: list[str], below: list[str], block: Block) -> Forwarded:
    return Forwarded(
        sender=_sender(block.get("from", "")),
        to=_addresses(block.get("to", "")),
        cc=_addresses(block.get("cc", "")),
        subject=block.get("subject", ""),
        date=block.get("date", ""),
        text=_body(below),
        note="\n".join(above).strip(" \t\n>\ufeff"),
    )


def _body(lines: list[str]) -> str:
    """The forwarded text; where it begins quoted, one level of quotation is taken off."""
    start = _next_filled(lines, 0)
    if start < len(lines) and lines[start].lstrip().startswith(">"):
        lines = [_unquoted(line) for line in lines]
    return "\n".join(lines).strip()


def _unquoted(line: str) -> str:
    bare = line.lstrip()
    return bare[1:].removeprefix(" ") if bare.startswith(">") else line


def _plain(value: str) -> str:
    value = _BRACKETS.sub(r"<\1>", _MAILTO.sub("", value))
    return value.replace("*", "").replace("“", '"').replace("”", '"')


def _addresses(value: str) -> tuple[Address, ...]:
    return parse_addresses(_plain(value))


def _sender(value: str) -> Address | None:
    found = parse_addresses(_BEHALF.split(_plain(value), maxsplit=1)[0], 1)
    return found[0] if found else None
