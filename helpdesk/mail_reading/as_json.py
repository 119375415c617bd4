"""A mail as the JSON object that `flask mail parse --json` prints."""

from __future__ import annotations

from typing import Any

from helpdesk.mail_reading.mail import Address, Attachment, Bounce, Forwarded, Mail


def as_json(mail: Mail, file: str) -> dict[str, Any]:
    """The fields in the order that the command's documentation lists them; attachments without their content."""
    return {
        "file": file,
        "from": _address(mail.sender),
        "reply_to": _addresses(mail.reply_to),
        "to": _addresses(mail.to),
        "cc": _addresses(mail.cc),
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "text": mail.text,
        "html": mail.html,
        "reply_text": mail.reply_text,
        "quoted_text": mail.quoted_text,
        "attachments": [_attachment(attachment) for attachment in mail.attachments],
        "automatic": {"kind": mail.automatic.kind, "why": mail.automatic.why} if mail.automatic else None,
        "bounce": _bounce(mail.bounce),
        "forwarded": _forwarded(mail.forwarded),
        "original_sender": _address(mail.original_sender),
        "problems": list(mail.problems),
        "seconds": round(mail.seconds, 6),
    }


def _address(address: Address | None) -> dict[str, str] | None:
    return {"name": address.name, "email": address.email} if address else None


def _addresses(addresses: tuple[Address, ...]) -> list[dict[str, str] | None]:
    return [_address(address) for address in addresses]


def _attachment(attachment: Attachment) -> dict[str, Any]:
    names = ("filename", "content_type", "size", "sha256", "inline", "content_id")
    return {name: getattr(attachment, name) for name in names}


def _bounce(bounce: Bounce | None) -> dict[str, Any] | None:
    if bounce is None:
        return None
    names = ("address", "status", "code", "permanent", "feedback_type", "reason")
    recipients = [{name: getattr(recipient, name) for name in names} for recipient in bounce.recipients]
    return {"recipients": recipients, "original_message_id": bounce.original_message_id}


def _forwarded(forwarded: Forwarded | None) -> dict[str, Any] | None:
    if forwarded is None:
        return None
    return {
        "from": _address(forwarded.sender),
        "to": _addresses(forwarded.to),
        "cc": _addresses(forwarded.cc),
        "subject": forwarded.subject,
        "date": forwarded.date,
        "text": forwarded.text,
        "note": forwarded.note,
    }
