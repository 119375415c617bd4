"""Mail passed on as an attachment by a person, or by a server that rewrote its sender."""

from __future__ import annotations

from helpdesk.mail_reading.addresses import parse_addresses
from helpdesk.mail_reading.body import Body, read_body
from helpdesk.mail_reading.content import collect
from helpdesk.mail_reading.forwards import is_forward_subject
from helpdesk.mail_reading.headers import decode_words, first, subject_of, text_of
from helpdesk.mail_reading.mail import Address, Forwarded, Headers
from helpdesk.mail_reading.mime import Part, leaves, parse


def attached_forward(root: Part, body: Body, subject: str) -> Forwarded | None:
    """The one message attached to a mail with little text of its own; None in reports and where there are several."""
    if root.content_type == "multipart/report" or root.content_type == "message/rfc822":
        return None
    attached = [part for part in leaves(root) if part.content_type in ("message/rfc822", "message/global")]
    if len(attached) != 1:
        return None
    inner = parse(attached[0].body(), [])
    sender = first(inner.headers, "from")
    if sender is None:
        return None
    if not is_forward_subject(subject) and len(body.reply_text) > 2_000:
        return None
    content = collect(inner, [])
    text = content.text or (read_body(content.html, "html").text if content.html else "")
    found = _addresses(inner, "from")
    return Forwarded(
        sender=found[0] if found else None,
        to=_addresses(inner, "to"),
        cc=_addresses(inner, "cc"),
        subject=subject_of(first(inner.headers, "subject") or b"", content.charset),
        date=text_of(first(inner.headers, "date") or b""),
        text=text.strip(),
        note=body.reply_text,
    )


def _addresses(part: Part, name: str) -> tuple[Address, ...]:
    value = first(part.headers, name)
    return parse_addresses(text_of(value)) if value else ()


def original_sender(headers: Headers, from_all: tuple[Address, ...]) -> Address | None:
    """Who wrote a mail that a server or a list passed on under another From.

    X-Original-From and its kin; the Reply-To of a list that wrote "Jane via list" into From. Resent-From names the
    person who passed it on and leaves From alone, so From itself is the writer.
    """
    for name in ("x-original-from", "original-from", "x-google-original-from", "x-mailman-original-from"):
        found = parse_addresses(decode_words(headers.get(name)), 1) if name in headers else ()
        if found and found[0].email and (not from_all or found[0].email.lower() != from_all[0].email.lower()):
            return found[0]
    if "resent-from" in headers and from_all:
        return from_all[0]
    if from_all and _rewritten(from_all[0], headers):
        found = parse_addresses(headers.get("reply-to"), 1)
        if found and found[0].email and found[0].email.lower() != from_all[0].email.lower():
            name = found[0].name or from_all[0].name.partition(" via ")[0].strip(" '\"")
            return Address(name, found[0].email)
    return None


def _rewritten(sender: Address, headers: Headers) -> bool:
    listed = "list-id" in headers or "list-post" in headers
    post = headers.get("list-post").lower()
    return listed and (" via " in sender.name or (bool(sender.email) and sender.email.lower() in post))
