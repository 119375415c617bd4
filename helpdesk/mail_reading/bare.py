"""A bare body, without header, as a `Mail`."""

from __future__ import annotations

import time

from helpdesk.mail_reading.body import read_body
from helpdesk.mail_reading.charsets import decode
from helpdesk.mail_reading.mail import Mail


def read_bare(raw: bytes, kind: str, subject: str | None = None) -> Mail:
    """Take bytes as the body of a mail. kind: text or html."""
    started = time.perf_counter()
    source, problem = decode(raw, "utf-8")
    body = read_body(source, kind, subject=subject)
    return Mail(
        subject=subject or "",
        text=body.text,
        html=source if kind == "html" else "",
        reply_text=body.reply_text,
        quoted_text=body.quoted_text,
        forwarded=body.forwarded,
        problems=(problem,) if problem else (),
        seconds=time.perf_counter() - started,
    )
