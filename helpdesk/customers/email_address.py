"""E-mail addresses as the register compares them. Pure: values in, values out."""

import unicodedata
from pathlib import Path

import idna

ADDRESS_MAX = 320
"""Characters, as the column: 64 and 255 by RFC 5321, 4.5.3.1, and the sign between."""

ROLES = frozenset(
    word
    for line in Path(__file__).with_name("role_names.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
"""What stands before the @ when nobody in particular is behind it: role_names.txt."""


def normal_email(address: str) -> str | None:
    """`address` in the one form in which the register keeps and compares it; None if it is none.

    Lower case, NFC, the domain as its ASCII form (IDNA 2008 with UTS 46 mapping: `post@blåbær.no` is
    `post@xn--blbr-roah.no`). A domain that IDNA refuses, such as one with an underscore, stays as it is, in lower case.
    Nothing is dropped from the part before the @: dots and +tags may mean another mailbox.
    """
    text = unicodedata.normalize("NFC", (address or "").strip().strip("<>").lower())
    local, at, domain = text.rpartition("@")
    domain = domain.rstrip(".")
    if not (local and at and domain) or len(text) > ADDRESS_MAX:
        return None
    if any(char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") for char in text):
        return None
    found = f"{local}@{_ascii_domain(domain)}"
    return found if len(found) <= ADDRESS_MAX else None


def _ascii_domain(domain: str) -> str:
    if domain.startswith("["):
        return domain
    try:
        # The mapping makes dots of other scripts' full stops: one may stand at the end only now.
        return idna.encode(domain, uts46=True).decode().lower().rstrip(".")
    except (idna.IDNAError, UnicodeError):
        return domain


def readable_email(address: str) -> str:
    """A normal address with its domain in the letters that people use: `post@blåbær.no`."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}" if "xn--" in domain else address
    except (idna.IDNAError, UnicodeError):
        return address


def domain_of(address: str) -> str:
    """The domain of a normal address."""
    return address.rpartition("@")[2]


def is_role(address: str) -> bool:
    """Whether a normal address is an office's rather than a person's: post@, faktura@, no-reply@."""
    return address.rpartition("@")[0].partition("+")[0] in ROLES
