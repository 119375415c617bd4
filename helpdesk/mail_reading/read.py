"""The reader: a message's bytes in, a `Mail` out, whatever the bytes are."""

from __future__ import annotations

import time

from helpdesk.mail_reading import caps
from helpdesk.mail_reading.addresses import parse_addresses
from helpdesk.mail_reading.automatic import classify
from helpdesk.mail_reading.body import Body, hints_for, marks_history, read_body, split_lines
from helpdesk.mail_reading.bounces import find_bounce
from helpdesk.mail_reading.charsets import tidy
from helpdesk.mail_reading.content import Content, collect
from helpdesk.mail_reading.forwarded_parts import attached_forward, original_sender
from helpdesk.mail_reading.headers import first, message_ids, parse_date, subject_of, text_of
from helpdesk.mail_reading.mail import Address, Headers, Mail
from helpdesk.mail_reading.mime import Part, parse


def read(raw: bytes) -> Mail:
    """Read a message. Never raises: what could not be read is in `problems`, with as much of the mail as there is."""
    started = time.perf_counter()
    problems: list[str] = []
    try:
        if len(raw) > caps.MAX_MESSAGE_BYTES:
            problems.append("Larger than is read; only its header was looked at.")
            return headers_only(raw, problems, started)
        return _read(raw, problems, started)
    except Exception as error:  # a mail must never stop the mails behind it
        problems.append(f"The mail could not be read whole ({type(error).__name__}).")
        return headers_only(raw, problems, started)


def headers_only(raw: bytes, problems: list[str], started: float) -> Mail:
    """What the first 256 kB of a message's header say, for mail that cannot be read in full."""
    head = raw[: 256 * 1024]
    for end in (b"\r\n\r\n", b"\n\n"):
        if (at := head.find(end)) >= 0:
            head = head[:at]
    try:
        root = parse(head + b"\n\n", [])
    except Exception:
        return Mail(problems=tuple(problems), seconds=time.perf_counter() - started)
    return _mail(root, Content(), Body("", "", "", None), (problems, started))


def _read(raw: bytes, problems: list[str], started: float) -> Mail:
    root = parse(raw, problems)
    content = collect(root, problems)
    subject = subject_of(first(root.headers, "subject") or b"", content.charset)
    return _mail(root, content, _body(content, subject, problems), (problems, started))


def _body(content: Content, subject: str, problems: list[str]) -> Body:
    """Read the plain text; where it has no history but the HTML marks some, the HTML's own."""
    if len(content.html) > caps.MAX_HTML_CHARS:
        problems.append("The HTML is longer than is made into text; it is kept whole.")
    if not content.text.strip() and content.html:
        return read_body(content.html, "html", subject=subject)
    lines = content.text.split("\n")
    body = split_lines(lines, None, subject)
    if body.quoted_text or not content.html or not marks_history(content.html):
        return body
    hints = hints_for(lines, content.html)
    return split_lines(lines, hints, subject) if any(hints) else body


def _addresses(values: list[str], problems: list[str]) -> tuple[Address, ...]:
    found = parse_addresses(tidy(", ".join(values[:10])))
    if len(found) >= caps.MAX_ADDRESSES:
        problems.append("More addresses than are read.")
    return found


def _mail(root: Part, content: Content, body: Body, state: tuple[list[str], float]) -> Mail:
    problems, started = state
    headers, hint = root.headers, content.charset

    def addresses(name: str) -> tuple[Address, ...]:
        return _addresses([text_of(value, hint) for key, value in headers if key == name], problems)

    def ids(name: str) -> tuple[str, ...]:
        value = first(headers, name)
        return message_ids(tidy(text_of(value))) if value else ()

    subject = tidy(subject_of(first(headers, "subject") or b"", hint))
    from_all = addresses("from")
    lines = Headers(tuple((name, tidy(text_of(value, hint))) for name, value in headers))
    bounce, date = find_bounce(root), first(headers, "date")
    return Mail(
        sender=from_all[0] if from_all else None,
        from_all=from_all,
        reply_to=addresses("reply-to"),
        to=addresses("to"),
        cc=addresses("cc"),
        subject=subject,
        date=parse_date(text_of(date)) if date else None,
        message_id=next(iter(ids("message-id")), None),
        in_reply_to=ids("in-reply-to"),
        references=ids("references"),
        text=body.text,
        html=content.html,
        reply_text=body.reply_text,
        quoted_text=body.quoted_text,
        attachments=tuple(content.attachments),
        automatic=classify(lines, root, subject, bounced=bounce is not None),
        bounce=bounce,
        forwarded=body.forwarded or attached_forward(root, body, subject),
        problems=tuple(dict.fromkeys(problems))[: caps.MAX_PROBLEMS],
        seconds=time.perf_counter() - started,
        original_sender=original_sender(lines, from_all),
        headers=lines,
    )
