"""Header lines as we write them.

The standard library's own folding breaks display names with commas and turns long Message-IDs into encoded words,
differently in each of its versions; these few headers are therefore folded here.
"""

from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueAddressHeader, UniqueUnstructuredHeader
from email.policy import SMTP
from typing import Any

import re2

LINE = 76
WORD_MAX = 900
NEEDS_QUOTES = re2.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]")


def encoded(text: str, name: str) -> str:
    """`text` as folded encoded words (RFC 2047) for the header `name`."""
    return Header(text, "utf-8", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")


def phrase(display_name: str, name: str) -> str:
    """A display name for an address header: bare, quoted or encoded, as its characters ask for."""
    if not display_name.isascii() or "=?" in display_name:
        return encoded(display_name, name)
    if NEEDS_QUOTES.search(display_name):
        return '"' + display_name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return display_name


def mailbox(address: Address, name: str) -> str:
    """One address with its display name, folded."""
    if not address.display_name:
        return address.addr_spec
    shown = phrase(address.display_name, name)
    last_line = shown.rsplit("\r\n", 1)[-1]
    gap = "\r\n " if len(last_line) + len(address.addr_spec) + len(name) > LINE else " "
    return f"{shown}{gap}<{address.addr_spec}>"


def words(text: str, name: str) -> str:
    """Free text, folded between words; encoded if it holds anything else than ASCII."""
    if not text.isascii() or "=?" in text or any(len(word) > WORD_MAX for word in text.split(" ")):
        return encoded(text, name)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        room = LINE - (len(name) + 2 if not lines else 1)
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


class _Addresses(UniqueAddressHeader):
    name: str

    def fold(self, *, policy: Any) -> str:
        """One address a line."""
        return f"{self.name}: " + ",\r\n ".join(mailbox(each, self.name) for each in self.addresses) + "\r\n"


class _AsGiven(UniqueUnstructuredHeader):
    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """The value is text, not a header to be decoded: a subject may speak of "=?utf-8?q?…?="."""
        kwds.update(decoded=value, parse_tree=None)


class _Words(_AsGiven):
    def fold(self, *, policy: Any) -> str:
        """Between words, or as encoded words."""
        return f"{self.name}: {words(str(self), self.name)}\r\n"


class _Ids(_AsGiven):
    def fold(self, *, policy: Any) -> str:
        """One Message-ID a line, never encoded, however long it is."""
        return f"{self.name}: " + "\r\n ".join(str(self).split()) + "\r\n"


def _registry() -> HeaderRegistry:
    registry: Any = HeaderRegistry()
    for name in ("from", "to", "cc", "reply-to"):
        registry.map_to_type(name, _Addresses)
    for name in ("message-id", "in-reply-to", "references"):
        registry.map_to_type(name, _Ids)
    registry.map_to_type("subject", _Words)
    return registry


POLICY = SMTP.clone(header_factory=_registry(), cte_type="7bit")
"""CRLF, 7-bit bodies (so that every server takes the very same bytes), and headers folded as above."""
