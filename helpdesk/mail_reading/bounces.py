"""Mail that says what became of other mail: RFC 3464 reports and RFC 5965 complaints."""

from __future__ import annotations

import re

from helpdesk.mail_reading.caps import MAX_RECIPIENTS
from helpdesk.mail_reading.charsets import decode
from helpdesk.mail_reading.headers import first, message_ids, split_headers, text_of
from helpdesk.mail_reading.mail import Bounce, BounceRecipient
from helpdesk.mail_reading.mime import Part, leaves

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?=[ \-#:;,.<(]|$)")


def find_bounce(root: Part) -> Bounce | None:
    """The report that this mail is, or None."""
    parts = leaves(root)
    for part in parts:
        if part.content_type in ("message/delivery-status", "message/global-delivery-status"):
            recipients = _recipients(part.body())
            if recipients:
                return Bounce(tuple(recipients), _original_id(parts))
    for part in parts:
        if part.content_type == "message/feedback-report":
            return Bounce(tuple(_complaints(part.body())), _original_id(parts))
    return None


def _groups(body: bytes) -> list[dict[str, str]]:
    """The blocks of header lines in a status part, the message's own first."""
    found: list[dict[str, str]] = []
    position, count = 0, 0
    while position < len(body) and count < MAX_RECIPIENTS * 2:
        headers, after, _ = split_headers(body, position, len(body))
        count += 1
        if headers:
            found.append({name: text_of(value) for name, value in reversed(headers)})
        position = after if after > position else len(body)
    return found


def _recipients(body: bytes) -> list[BounceRecipient]:
    found = []
    for group in _groups(body):
        address = group.get("final-recipient") or group.get("original-recipient") or group.get("x-actual-recipient")
        if not address and "action" not in group:
            continue
        if group.get("action", "").lower().split(" ")[0] in ("relayed", "expanded"):
            continue
        found.append(_recipient(address or "", group))
    return found[:MAX_RECIPIENTS]


def _recipient(address: str, group: dict[str, str]) -> BounceRecipient:
    said = group.get("diagnostic-code", "")
    stated = _STATUS.search(group.get("status", ""))
    told = _STATUS.search(said)
    status = stated[1] if stated else ""
    if told and (not status or status.endswith(".0.0")):
        status = told[1]
    code = _CODE.search(said.partition(";")[2] or said)
    reason = (said.partition(";")[2] or said).strip()
    return BounceRecipient(
        address=_address(address),
        status=status,
        code=code[1] if code else "",
        permanent=(status[:1] or (code[1][:1] if code else "")) == "5",
        reason=reason[:500],
    )


def _address(value: str) -> str:
    return value.rpartition(";")[2].strip().strip("<>").strip()


def _complaints(body: bytes) -> list[BounceRecipient]:
    groups = _groups(body)
    kind = groups[0].get("feedback-type", "").lower() if groups else ""
    addresses = [group.get("original-rcpt-to", "") for group in groups[:1]]
    return [BounceRecipient(_address(address), "", "", False, kind or "other") for address in addresses]


def _original_id(parts: list[Part]) -> str | None:
    for part in parts:
        if part.content_type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            body = part.body()
            found = message_ids(text_of(first(split_headers(body, 0, len(body))[0], "message-id") or b""))
            if found:
                return found[0]
    return None


def words_of(part: Part) -> str:
    """A part's text for looking at."""
    return decode(part.body()[:200_000], part.params.get("charset"))[0]
