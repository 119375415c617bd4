"""A `Mail` as bytes and back, between the reading child process and its parent. Plain JSON: nothing in it can run."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from helpdesk.mail_reading.mail import (
    Address,
    Attachment,
    Automatic,
    Bounce,
    BounceRecipient,
    Forwarded,
    Headers,
    Mail,
)

_PLAIN = ("subject", "message_id", "text", "html", "reply_text", "quoted_text", "seconds")
_LISTS = ("in_reply_to", "references", "problems")
_ADDRESSES = ("from_all", "reply_to", "to", "cc")


def dump(mail: Mail) -> bytes:
    """The mail with its attachments' content."""
    data: dict[str, Any] = {name: getattr(mail, name) for name in (*_PLAIN, *_LISTS)}
    data |= {name: [_pair(address) for address in getattr(mail, name)] for name in _ADDRESSES}
    data |= {
        "sender": _pair(mail.sender),
        "original_sender": _pair(mail.original_sender),
        "date": mail.date.isoformat() if mail.date else None,
        "automatic": [mail.automatic.kind, mail.automatic.why] if mail.automatic else None,
        "bounce": _dump_bounce(mail.bounce),
        "forwarded": _dump_forwarded(mail.forwarded),
        "headers": mail.headers.lines,
        "attachments": [_dump_attachment(attachment) for attachment in mail.attachments],
    }
    return json.dumps(data, ensure_ascii=True).encode("ascii")


def load(data: bytes) -> Mail:
    """The mail that `dump` wrote. Raises ValueError, KeyError or TypeError on anything else."""
    found = json.loads(data)
    fields: dict[str, Any] = {name: found[name] for name in _PLAIN}
    fields |= {name: tuple(found[name]) for name in _LISTS}
    fields |= {name: tuple(Address(*pair) for pair in found[name]) for name in _ADDRESSES}
    return Mail(
        **fields,
        sender=_address(found["sender"]),
        original_sender=_address(found["original_sender"]),
        date=datetime.fromisoformat(found["date"]) if found["date"] else None,
        automatic=Automatic(*found["automatic"]) if found["automatic"] else None,
        bounce=_load_bounce(found["bounce"]),
        forwarded=_load_forwarded(found["forwarded"]),
        headers=Headers(tuple((name, value) for name, value in found["headers"])),
        attachments=tuple(_load_attachment(attachment) for attachment in found["attachments"]),
    )


def _pair(address: Address | None) -> list[str] | None:
    return [address.name, address.email] if address else None


def _address(pair: list[str] | None) -> Address | None:
    return Address(*pair) if pair else None


def _dump_attachment(it: Attachment) -> list[Any]:
    content = base64.b64encode(it.content).decode("ascii")
    return [it.filename, it.content_type, it.size, it.sha256, it.inline, it.content_id, content]


def _load_attachment(found: list[Any]) -> Attachment:
    filename, content_type, size, sha256, inline, content_id, content = found
    return Attachment(filename, content_type, size, sha256, inline, content_id, base64.b64decode(content))


def _dump_bounce(bounce: Bounce | None) -> list[Any] | None:
    if bounce is None:
        return None
    rows = [[r.address, r.status, r.code, r.permanent, r.feedback_type, r.reason] for r in bounce.recipients]
    return [rows, bounce.original_message_id]


def _load_bounce(found: list[Any] | None) -> Bounce | None:
    return Bounce(tuple(BounceRecipient(*row) for row in found[0]), found[1]) if found else None


def _dump_forwarded(it: Forwarded | None) -> list[Any] | None:
    if it is None:
        return None
    return [
        _pair(it.sender),
        [_pair(a) for a in it.to],
        [_pair(a) for a in it.cc],
        it.subject,
        it.date,
        it.text,
        it.note,
    ]


def _load_forwarded(found: list[Any] | None) -> Forwarded | None:
    if not found:
        return None
    to, cc = (tuple(Address(*pair) for pair in found[index]) for index in (1, 2))
    return Forwarded(_address(found[0]), to, cc, *found[3:])
