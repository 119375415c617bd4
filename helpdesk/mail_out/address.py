"""Addresses as they go over the wire."""

import idna
import re2

LOCAL = re2.compile(r'^(?:[^\s<>()\[\],;:\\"@[:cntrl:]]{1,64}|"[^"\\[:cntrl:]]{1,62}")$')
DOMAIN = re2.compile(r"^(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}$|^\[[0-9A-Fa-f:.IPv]{3,45}\]$")


def on_the_wire(address: str) -> str:
    """`address` with its domain in ASCII (IDNA 2008, as UTS 46 maps it). Raises ValueError for what is no address."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not LOCAL.match(local):
        raise ValueError(address)
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    if len(domain) > 253 or not DOMAIN.match(domain):
        raise ValueError(address)
    return f"{local}@{domain}"


def is_address(address: str) -> bool:
    """Whether mail could go to `address`."""
    try:
        on_the_wire(address)
    except ValueError:
        return False
    return True


def needs_utf8(address: str) -> bool:
    """Whether only a server that speaks SMTPUTF8 (RFC 6531) can deliver there."""
    return not on_the_wire(address).isascii()
