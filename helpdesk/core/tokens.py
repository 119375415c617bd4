"""Unguessable strings: links that work once, and the reply token in our own Message-IDs."""

import base64
import hashlib
import hmac
import secrets

LINK_BYTES = 32


def new_secret() -> str:
    """256 random bits for a link or a session, safe in a URL."""
    return secrets.token_urlsafe(LINK_BYTES)


def fingerprint(secret: str) -> bytes:
    """What we keep of a secret: its SHA-256. The secret is already random, so a plain hash will do."""
    return hashlib.sha256(secret.encode()).digest()


def seal(key: str, *parts: str) -> str:
    """160 bits of HMAC-SHA256 over `parts`, as 32 lower-case base32 characters: safe in an address's local part."""
    message = "\x1f".join(parts).encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()[:20]
    return base64.b32encode(digest).decode().lower()


def is_seal(key: str, token: str, *parts: str) -> bool:
    """Whether `token` is the seal of `parts`, compared in constant time."""
    return hmac.compare_digest(seal(key, *parts), token)
