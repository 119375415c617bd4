"""A mail that somebody passes on: who wrote it, what it said, and what the forwarder wrote above it."""

from __future__ import annotations

from helpdesk.mail_reading.addresses import parse_addresses
from helpdesk.mail_reading.header_block import Block, header_block, header_line
from helpdesk.mail_reading.mail import Address, Forwarded
from helpdesk.mail_reading.quote_words import FORWARDED_WORDS
from helpdesk.mail_reading.quotes import is_separator

_FORWARDED = tuple(word for word in FORWARDED_WORDS.split("|"))
_PREFIXES = frozenset(
    [
        "fw",
        "fwd",
        "vs",
        "vb",
        "vl",
        "tr",
        "rv",
        "enc",
        "i",
        "wg",
        "wtr",
        "doorst",
        "trs",
        "pd",
        "przek",
        "pfwd",
        "пересылка",
        "fs",
        "vidarebefordrat",
        "videresendt",
        "vidaresend",
        "iletilen",
        "ilt",
        "továbbítás",
        "转发",
        "轉寄",
        "転送",
        "전달",
        "fyi",
        "prz",
        "πρθ",
        "reencaminhado",
        "encaminhada",
    ]
)


def find_forward(lines: list[str], subject: str = "") -> Forwarded | None:
    """The forwarded mail in these lines, or None."""
    for index, line in enumerate(lines[:2000]):
        if _is_forward_separator(line):
            start = _next_filled(lines, index + 1)
            block = header_block(lines, start) if start < len(lines) else None
            if block is not None:
                return _forwarded(lines[:index], lines[block[1] :], block[0])
    if is_forward_subject(subject):
        for index, line in enumerate(lines[:2000]):
            if header_line(line) is not None and (block := header_block(lines, index)) is not None:
                above = lines[:index]
                while above and (not above[-1].strip() or is_separator(above[-1]) or not above[-1].strip(" _-*")):
                    above = above[:-1]
                return _forwarded(above, lines[block[1] :], block[0])
    return None


def is_forward_subject(subject: str) -> bool:
    """Whether a subject begins with Fw:, Fwd:, VS:, WG:, TR: or another client's word for it."""
    head, colon, _ = subject.strip().partition(":")
    if not colon:
        head, colon, _ = subject.strip().partition("：")
    return bool(colon) and head.strip(" []").lower() in _PREFIXES


def _is_forward_separator(line: str) -> bool:
    return is_separator(line) and any(word in line.lower() for word in _FORWARDED)


def _next_filled(lines: list[str], position: int) -> int:
    while position < len(lines) and not lines[position].strip(" \t>"):
        position += 1
    return position


def _forwarded(above: list[str], below: list[str], block: Block) -> Forwarded:
    return Forwarded(
        sender=_sender(block.get("from", "")),
        to=parse_addresses(block.get("to", "")),
        cc=parse_addresses(block.get("cc", "")),
        subject=block.get("subject", ""),
        date=block.get("date", ""),
        text="\n".join(below).strip(),
        note="\n".join(above).strip(),
    )


def _sender(value: str) -> Address | None:
    found = parse_addresses(value, 1)
    return found[0] if found else None
