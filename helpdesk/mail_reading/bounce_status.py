"""The status, the SMTP code and the reason that the words about one recipient hold."""

from __future__ import annotations

import re

from helpdesk.mail_reading.mail import BounceRecipient

STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]|\.\d)")
CODE = re.compile(r"(?<![\d.:/@-])([45]\d\d)(?=[ \-#:;,.<(]|$)(?![.]\d)", re.MULTILINE)
_DELAYED = re.compile(
    r"warning message only|has been delayed|will be retried|not yet been delivered|temporar"
    r"|no action is required|still trying|delivery attempts will continue"
    r"|delayed \d+ hours|vorübergehend|will keep trying|try again later|transient|could not be delivered for"
    r"|will continue",
    re.IGNORECASE,
)
_SILENT = re.compile(r"^[\s>*\-=_]*$")


def read_status(address: str, own: str, whole: str) -> BounceRecipient:
    """What is said about `address`: in the lines that are its own, else anywhere in the text."""
    status = _first(STATUS, own) or _first(STATUS, whole)
    code = _first(CODE, own) or (_first(CODE, whole) if not _first(STATUS, own) else "")
    if not status:
        status = f"{code[0]}.0.0" if code else "4.0.0" if _DELAYED.search(whole) else "5.0.0"
    permanent = status.startswith("5")
    return BounceRecipient(address, status, code, permanent, None, reason_of(own, address))


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def reason_of(own: str, address: str) -> str:
    """The first lines that say why, at most 500 characters."""
    lines = [line.strip() for line in own.split("\n") if not _SILENT.match(line)]
    kept = [line for line in lines if line.strip("<>\"': ").lower() != address.lower()]
    return " ".join(kept)[:500]
