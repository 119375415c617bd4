"""What makes two deliveries the same mail: everything but the marks of the way it took."""

import hashlib

TRACE = frozenset(
    b"received return-path delivered-to x-original-to envelope-to x-envelope-to x-delivered-to dkim-signature "
    b"authentication-results arc-seal arc-message-signature arc-authentication-results received-spf x-received "
    b"x-spam-status x-spam-score x-spam-level x-spam-checker-version x-google-smtp-source x-gm-message-state "
    b"x-forwarded-to x-forwarded-for x-forwarded-encrypted lines status x-status x-uid x-mozilla-status "
    b"x-mozilla-status2".split()
)
"""Header fields that servers add on the way (RFC 5321, 4.4; RFC 8601; RFC 8617), in small letters."""


def content_hash(raw: bytes) -> str:
    """SHA-256 of the mail without its trace fields and with every line end as LF. Linear in its size."""
    plain = raw.replace(b"\r\n", b"\n")
    head, gap, body = plain.partition(b"\n\n")
    digest = hashlib.sha256()
    keep = True
    for line in head.split(b"\n"):
        if not line.startswith((b" ", b"\t")):
            keep = line.partition(b":")[0].strip().lower() not in TRACE and not line.startswith(b"From ")
        if keep:
            digest.update(line + b"\n")
    digest.update(gap)
    digest.update(body.rstrip(b"\n"))
    return digest.hexdigest()
