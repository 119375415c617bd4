"""Mail that says what became of other mail: RFC 3464 reports, RFC 5965 complaints, and reports in plain words."""

from __future__ import annotations

import re

from helpdesk.mail_reading.addresses import parse_addresses
from helpdesk.mail_reading.bounce_prose import looks_bounced, read_prose
from helpdesk.mail_reading.bounce_status import CODE, STATUS, read_status
from helpdesk.mail_reading.caps import MAX_RECIPIENTS
from helpdesk.mail_reading.charsets import decode
from helpdesk.mail_reading.headers import RawHeaders, decode_words, first, message_ids, split_headers, text_of
from helpdesk.mail_reading.html_text import html_to_text
from helpdesk.mail_reading.mail import Address, Bounce, BounceRecipient
from helpdesk.mail_reading.mime import Part, leaves

_ORIGINAL_TYPES = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
)
_IN_TEXT = re.compile(r"^Final-Recipient\s*:", re.IGNORECASE | re.MULTILINE)
_NOTICE = re.compile(r'"(?:notificationType|eventType)"\s*:\s*"(Bounce|Complaint)"')
_NOTICE_ADDRESS = re.compile(r'"emailAddress"\s*:\s*"([^"]{3,300})"([^}]{0,1000})')
_COMPLAINT = re.compile(
    r"^(?:complaint about message from|email feedback report for ip|\[?abuse report|feedback report)", re.IGNORECASE
)
_ORIGINAL_RECIPIENT = ("x-hmxmroriginalrecipient", "x-original-to", "original-rcpt-to", "to")
_MAX_WORDS = 100_000


def find_bounce(root: Part) -> Bounce | None:
    """The report that this mail is, or None."""
    parts = leaves(root)
    original = _original_headers(parts)
    recipients = _machine(parts, original) or _complained(root, parts, original) or _in_words(root, parts, original)
    if not recipients:
        return None
    found = message_ids(text_of(first(original, "message-id") or b""))
    return Bounce(tuple(recipients[:MAX_RECIPIENTS]), found[0] if found else None)


def _machine(parts: list[Part], original: RawHeaders) -> list[BounceRecipient]:
    """What the parts made for machines say."""
    bodies = [part.body() for part in parts if part.content_type.endswith("delivery-status")]
    recipients = _recipients(b"\n\n".join(bodies)) if bodies else []
    if recipients:
        return _explained(recipients, parts)
    for part in parts:
        if part.content_type == "message/feedback-report":
            return _complaints(part.body(), original)
    return []


def _groups(body: bytes) -> list[list[tuple[str, str]]]:
    """The blocks of header lines in a status part, the message's own first."""
    found = []
    position, count = 0, 0
    while position < len(body) and count < MAX_RECIPIENTS * 2:
        headers, after, _ = split_headers(body, position, len(body))
        count += 1
        if headers:
            found.append([(name, text_of(value)) for name, value in headers])
        if after <= position:
            end = body.find(b"\n", position)
            after = len(body) if end < 0 else end + 1
        position = after
    return found


def _recipients(body: bytes) -> list[BounceRecipient]:
    found: dict[str, BounceRecipient] = {}
    for lines in _groups(body):
        group = dict(reversed(lines))
        address = group.get("final-recipient") or group.get("original-recipient") or group.get("x-actual-recipient")
        if not address:
            continue
        if group.get("action", "").lower().split(" ")[0] in ("relayed", "expanded"):
            continue
        recipient = _recipient(_address(address), group)
        found.setdefault(recipient.address.lower(), recipient)
    return list(found.values())


def _recipient(address: str, group: dict[str, str]) -> BounceRecipient:
    said = group.get("diagnostic-code", "")
    stated, told = STATUS.search(group.get("status", "")), STATUS.search(said)
    status = stated[1] if stated else ""
    if told and (not status or status.endswith(".0.0") or told[1][0] != status[0]):
        status = told[1]
    code = CODE.search(said.partition(";")[2] or said)
    delayed = group.get("action", "").lower().startswith("delay")
    if code and (not status or (status.endswith(".0.0") and not delayed and not told)):
        status = f"{code[1][0]}.0.0"
    status = status or ("4.0.0" if delayed else "5.0.0")
    reason = (said.partition(";")[2] or said).strip()
    return BounceRecipient(address, status, code[1] if code else "", status.startswith("5"), None, reason[:500])


def _explained(recipients: list[BounceRecipient], parts: list[Part]) -> list[BounceRecipient]:
    """Where the machine part says no more than 5.0.0, the words beside it may."""
    if len(recipients) != 1 or not recipients[0].status.endswith(".0.0") or recipients[0].code:
        return recipients
    one = recipients[0]
    words = read_status(one.address, _words(parts), "")
    if words.code or not words.status.endswith(".0.0"):
        return [
            BounceRecipient(one.address, words.status, words.code, words.permanent, None, one.reason or words.reason)
        ]
    return recipients


def _address(value: str) -> str:
    value = value.partition(";")[2] if ";" in value else value
    found = parse_addresses(value, 1)
    return found[0].email if found and found[0].email else value.strip().strip("<>").strip()[:300]


def _complaints(body: bytes, original: RawHeaders) -> list[BounceRecipient]:
    lines = [line for group in _groups(body) for line in group]
    kind = next((value.lower().strip() for name, value in lines if name == "feedback-type"), "") or "other"
    if kind in ("opt-out", "opt-out-list"):
        kind = "opt-out"
    named = [value for name, value in lines if name in ("original-rcpt-to", "removal-recipient")]
    addresses = list(dict.fromkeys(_address(value) for value in named))
    if not addresses:
        addresses = [found.email for found in _original_to(original)][:1] or [""]
    return [BounceRecipient(address, "", "", False, kind) for address in addresses]


def _complained(root: Part, parts: list[Part], original: RawHeaders) -> list[BounceRecipient]:
    """Complaints and bounces in forms of their own: Hotmail's mail with the original attached, Amazon's JSON."""
    subject = decode_words(text_of(first(root.headers, "subject") or b""))
    if original and _COMPLAINT.match(subject):
        for name in _ORIGINAL_RECIPIENT:
            found = parse_addresses(text_of(first(original, name) or b""), 1)
            if found and found[0].email:
                return [BounceRecipient(found[0].email, "", "", False, "abuse")]
        return [BounceRecipient("", "", "", False, "abuse")]
    text = _words(parts[:1])
    notice = _NOTICE.search(text[:2000]) if text.lstrip().startswith("{") else None
    if notice is None:
        return []
    whole = text.replace("\n", "")
    kind = "abuse" if notice[1] == "Complaint" else None
    recipients = []
    for match in list(_NOTICE_ADDRESS.finditer(whole))[:MAX_RECIPIENTS]:
        if kind:
            recipients.append(BounceRecipient(match[1], "", "", False, kind))
        else:
            recipients.append(read_status(match[1], match[2], ""))
    return recipients


def _in_words(root: Part, parts: list[Part], original: RawHeaders) -> list[BounceRecipient]:
    """A bounce written for people, judged by who sent it, its subject, its envelope and its words together."""
    senders = parse_addresses(text_of(first(root.headers, "from") or b""), 1)
    name = senders[0].name if senders else ""
    sender = senders[0].email if senders else ""
    submitted = text_of(first(root.headers, "auto-submitted") or b"").lower()
    if submitted.startswith("auto-replied") and "daemon" not in sender.lower() and not original:
        return []
    path = first(root.headers, "return-path")
    failed = text_of(first(root.headers, "x-failed-recipients") or b"")
    facts = {
        "sender": sender,
        "name": name,
        "subject": decode_words(text_of(first(root.headers, "subject") or b"")),
        "return_path": "" if path is None else path.decode("latin-1").strip("<> ") or "null",
        "failed": failed,
        "original": "yes" if original else "",
        "report": "yes" if root.params.get("report-type", "").lower() == "delivery-status" else "",
    }
    if not _worth_a_look(facts, root):
        return []
    text = _words(parts)
    if not looks_bounced(facts, text):
        return []
    if _IN_TEXT.search(text) and (found := _recipients(text[_block(text) :].encode("utf-8", "replace"))):
        return found
    ignored = {sender.lower()} | {
        one.email.lower() for one in parse_addresses(text_of(first(root.headers, "to") or b""), 5)
    }
    known = [one.email for one in parse_addresses(failed)]
    recipients = read_prose(text, known, ignored)
    if recipients:
        return recipients
    named = [one.email for one in _original_to(original)][:1] or [""]
    return [read_status(address, text[:6000], text[:6000]) for address in named]


def _block(text: str) -> int:
    """Where the paragraph with the first Final-Recipient begins."""
    match = _IN_TEXT.search(text)
    return max(text.rfind("\n\n", 0, match.start()), 0) if match else 0


def _worth_a_look(facts: dict[str, str], root: Part) -> bool:
    """Ordinary mail is passed over before its words are read."""
    local = (facts["sender"].partition("@")[0] + " " + facts["name"]).lower()
    marks = ("daemon", "master", "deliver", "admin", "system", "bounce", "root", "mail", "ndr", "reply")
    return (
        bool(facts["failed"])
        or facts["return_path"] == "null"
        or "daemon" in facts["return_path"].lower()
        or bool(facts["report"])
        or any(mark in local for mark in marks)
    )


def _words(parts: list[Part]) -> str:
    """The text of the parts written for people."""
    found: list[str] = []
    for part in parts[:20]:
        if part.main == "text" and part.content_type not in _ORIGINAL_TYPES and part.disposition != "attachment":
            text = decode(part.body()[:_MAX_WORDS], part.params.get("charset"))[0]
            if part.content_type == "text/html":
                if found:
                    continue
                text = html_to_text(text)
            found.append(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(found)[:_MAX_WORDS]


def _original_headers(parts: list[Part]) -> RawHeaders:
    for part in parts:
        if part.content_type in _ORIGINAL_TYPES:
            body = part.body()
            start = len(body) - len(body.lstrip(b"\r\n"))
            return split_headers(body, start, len(body))[0]
    return []


def _original_to(original: RawHeaders) -> tuple[Address, ...]:
    return parse_addresses(text_of(first(original, "to") or b""), 5)
