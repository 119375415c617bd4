"""From a row of the outbox to the mail's bytes. Pure: the same row gives the same bytes."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import re2

from helpdesk.mail_out.address import is_address, needs_utf8, on_the_wire
from helpdesk.mail_out.headers import POLICY
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.plain import one_line
from helpdesk.mail_out.text_to_html import text_to_html

REFERENCES_MAX = 21
"""The first, which begins the thread, and the last twenty."""
ID_MAX = 900
MESSAGE_ID = re2.compile(r"<[!-;=?-~]+>")
CONTENT_TYPE = re2.compile(r"^(?:application|audio|font|image|model|text|video)/[A-Za-z0-9!#$&^_.+-]{1,100}$")
FILENAME_MAX = 200

File = tuple[dict[str, Any], bytes]
"""What the row says of an attachment, and its bytes."""


def compose(mail: OutboundMail, files: Sequence[File], written_at: datetime) -> bytes:
    """The mail as it leaves, CRLF line ends, no line over 998 characters.

    `written_at` becomes its Date, in the zone it carries. Recipients whose address is none are left out; raises
    ValueError when the sender's is none.
    """
    message = EmailMessage(policy=POLICY)
    message["Date"] = format_datetime(written_at)
    _address(message, mail)
    message["Subject"] = one_line(mail.subject, 1000)
    message["Message-ID"] = mail.message_id
    _thread(message, mail)
    if mail.automatic:
        _say_automatic(message, mail)
    _body(message, mail, files)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(_boundary(mail.message_id, number))
    return message.as_bytes(policy=POLICY.clone(utf8=wants_utf8(mail)))


def wants_utf8(mail: OutboundMail) -> bool:
    """Whether an address in the headers has letters outside ASCII before its @, so that SMTPUTF8 is needed."""
    addresses = [mail.from_address, mail.reply_to, *(recipient.address for recipient in mail.recipients)]
    return any(needs_utf8(address) for address in addresses if is_address(address))


def _address(message: EmailMessage, mail: OutboundMail) -> None:
    message["From"] = _person(mail.from_name, mail.from_address)
    if mail.reply_to:
        message["Reply-To"] = _person("", mail.reply_to)
    for header, role in (("To", "to"), ("Cc", "cc")):
        people = [
            _person(recipient.name, recipient.address)
            for recipient in mail.recipients
            if recipient.role == role and is_address(recipient.address)
        ]
        if people:
            message[header] = people


def _person(name: str, address: str) -> Address:
    local, domain = on_the_wire(address).rsplit("@", 1)
    return Address(display_name=one_line(name, 300), username=local.strip('"'), domain=domain)


def _thread(message: EmailMessage, mail: OutboundMail) -> None:
    """RFC 5322, 3.6.4. Ids that are none are left out: a client that sent them will not look for them."""
    parents = _ids([mail.in_reply_to])
    chain = list(dict.fromkeys(_ids(mail.references)))
    if parents:
        message["In-Reply-To"] = parents[0]
        chain = [each for each in chain if each != parents[0]] + [parents[0]]
    if len(chain) > REFERENCES_MAX:
        chain = [chain[0], *chain[1 - REFERENCES_MAX :]]
    if chain:
        message["References"] = " ".join(chain)


def _ids(texts: Iterable[str]) -> list[str]:
    """Message-IDs as they stand in a header. One that was kept without its angle brackets gets them back."""
    bracketed = [f"<{text}>" if text and "<" not in text else text for text in texts]
    found = [each for text in bracketed for each in MESSAGE_ID.findall(text)]
    return [each for each in found if len(each) <= ID_MAX]


def _say_automatic(message: EmailMessage, mail: OutboundMail) -> None:
    """So that no machine answers a machine: RFC 3834, section 5, and Exchange's own word (MS-OXCMAIL, 2.2.3.2.14).

    No Precedence: RFC 2076 discourages it, nothing that honours it ignores these two and the null return path, and
    some filters put "bulk" aside.
    """
    message["Auto-Submitted"] = "auto-replied" if mail.in_reply_to else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"


def _body(message: EmailMessage, mail: OutboundMail, files: Sequence[File]) -> None:
    message.set_content(mail.text.rstrip("\n") + "\n", charset="utf-8")
    message.add_alternative(mail.html or text_to_html(mail.text), subtype="html", charset="utf-8")
    html = list(message.iter_parts())[-1]
    for about, data in files:
        inline = bool(mail.html and about.get("inline") and about.get("content_id"))
        where = html if inline else message
        maintype, subtype = _content_type(about["content_type"])
        add = where.add_related if inline else where.add_attachment
        add(
            data,
            maintype=maintype,
            subtype=subtype,
            filename=_filename(about["filename"]),
            disposition="inline" if inline else "attachment",
            cid=f"<{str(about['content_id']).strip('<>')}>" if inline else None,
        )


def _content_type(declared: str) -> tuple[str, str]:
    """Types that wrap other mails would have to be parsed to be sent whole; as plain bytes they arrive as they are."""
    kind = declared.split(";")[0].strip().lower()
    maintype, subtype = kind.split("/") if CONTENT_TYPE.match(kind) else ("application", "octet-stream")
    return maintype, subtype


def _filename(name: str) -> str:
    short = one_line(name.replace("/", "_").replace("\\", "_"), 1000)
    stem, dot, ending = short.rpartition(".")
    if len(short) <= FILENAME_MAX:
        return short or "file"
    return stem[: FILENAME_MAX - 20] + dot + ending[:19] if dot else short[:FILENAME_MAX]


def _boundary(message_id: str, number: int) -> str:
    return f"=_{number}_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
