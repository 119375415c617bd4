"""Which parts are the letter and which are attached to it."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass, field

from helpdesk.mail_reading.caps import MAX_FILENAME_CHARS, MAX_PARTS
from helpdesk.mail_reading.charsets import decode, tidy
from helpdesk.mail_reading.mail import Attachment
from helpdesk.mail_reading.mime import Part, leaves
from helpdesk.mail_reading.tnef import unpack
from helpdesk.mail_reading.uuencoded import take_out

_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_ENVELOPED = bytes.fromhex("2a864886f70d010703")
_LETTER = ("text/plain", "text/html")
_HOSTILE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_TAIL = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "message/delivery-status": ".txt",
    "text/plain": ".txt",
}


@dataclass(slots=True)
class Content:
    """The letter's text and HTML, and all else as attachments. `charset` is the first that a text part declares."""

    text: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    charset: str | None = None


def collect(root: Part, problems: list[str]) -> Content:
    """Sort the parts of a message into letter and attachments; nothing is left out."""
    found = Content()
    texts: list[str] = []
    htmls: list[str] = []
    for part in leaves(root):
        if _is_letter(part):
            text = _text(part, found, problems)
            if part.content_type == "text/html":
                htmls.append(text)
                continue
            if not (_is_noise(text) or part.garbled()):
                texts.append(text)
                if not part.broken or not text.strip():
                    continue
        found.attachments.append(_attachment(part, len(found.attachments) + 1))
        if part.content_type in _TNEF or part.filename.lower() == "winmail.dat":
            _unpack(found, found.attachments[-1].content, texts, htmls)
        elif is_encrypted(part, found.attachments[-1].content):
            problems.append("The mail is encrypted; it is kept as it came.")
    if any("-----BEGIN PGP MESSAGE-----" in text for text in texts):
        problems.append("The mail is encrypted; it is kept as it came.")
    found.text, files = take_out("\n".join(texts))
    for name, content in files:
        found.attachments.append(_file(name, content, len(found.attachments) + 1))
    found.html = "\n".join(htmls)
    return found


def _unpack(found: Content, data: bytes, texts: list[str], htmls: list[str]) -> None:
    """Add what Outlook packed into a winmail.dat: its files, and its words where the mail has none beside it."""
    packed = unpack(data)
    if packed is None:
        return
    for file in packed.files[:MAX_PARTS]:
        found.attachments.append(_file(file.name, file.content, len(found.attachments) + 1))
    if packed.html and not htmls:
        htmls.append(tidy(packed.html))
    if packed.text and not any(text.strip() for text in texts):
        texts.append(tidy(packed.text).replace("\r\n", "\n"))


def is_encrypted(part: Part, content: bytes) -> bool:
    """S/MIME or PGP/MIME that only its receiver's key opens. `content` is the part's, transfer encoding taken off."""
    if part.content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        said = part.params.get("smime-type", "").lower()
        return said == "enveloped-data" or (not said and _ENVELOPED in content[:60])
    return part.parent is not None and part.parent.content_type == "multipart/encrypted"


def _is_letter(part: Part) -> bool:
    if part.content_type not in _LETTER or part.disposition == "attachment" or part.filename:
        return part.depth == 0 and part.main == "text" and part.disposition != "attachment"
    return True


def _is_noise(text: str) -> bool:
    """Text that is mostly control characters and holes: bytes that were called text."""
    sample = text[:2000]
    bad = sum(1 for char in sample if char == "\ufffd" or (char < " " and char not in "\n\r\t\f\x1b"))
    return "\ufffd" in sample and bad * 3 > len(sample)


def _text(part: Part, found: Content, problems: list[str]) -> str:
    declared = part.params.get("charset")
    if found.charset is None:
        found.charset = declared
    text, problem = decode(part.body(), declared)
    if problem:
        problems.append(problem)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _attachment(part: Part, number: int) -> Attachment:
    content = part.body()
    return Attachment(
        filename=safe_filename(part.filename) or _made_up(part, number),
        content_type=tidy(part.content_type)[:200],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        inline=_is_inline(part),
        content_id=tidy(part.content_id)[:500] if part.content_id else None,
        content=content,
    )


def _file(name: str, content: bytes, number: int) -> Attachment:
    """A file that was found inside another part."""
    filename = safe_filename(name) or f"part-{number}.bin"
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return Attachment(filename, kind, len(content), hashlib.sha256(content).hexdigest(), False, None, content)


def _is_inline(part: Part) -> bool:
    if part.disposition == "attachment":
        return False
    related = part.parent is not None and part.parent.content_type == "multipart/related"
    return (bool(part.content_id) and (related or part.main == "image")) or (
        part.disposition == "inline" and part.main == "image"
    )


def _made_up(part: Part, number: int) -> str:
    tail = _TAIL.get(part.content_type) or mimetypes.guess_extension(part.content_type) or ".bin"
    return f"part-{number}{tail}"


def safe_filename(name: str) -> str:
    """A name that can be shown and saved: no path, no control or direction characters, not hidden, not too long."""
    name = _HOSTILE.sub("", tidy(name)).replace("\\", "/").rpartition("/")[2].strip().strip(".").strip()
    name = re.sub(r'[<>:"|?*]', "_", name)
    if len(name) > MAX_FILENAME_CHARS:
        stem, dot, tail = name.rpartition(".")
        name = (
            f"{stem[: MAX_FILENAME_CHARS - 20]}{dot}{tail[:15]}"
            if dot and len(tail) <= 15
            else name[:MAX_FILENAME_CHARS]
        )
    return name
