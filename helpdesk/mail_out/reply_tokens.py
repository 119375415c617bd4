"""The reply token: what proves that a mail answers ours.

A Message-ID of ours reads `<c4809.k3x9….SEAL@domain>`, a reply address `name+c4809.SEAL@domain`. The seal is 160
bits of HMAC-SHA256 over case, recipient and purpose. It has one length, one parser and no older form.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import re2
from flask import current_app

from helpdesk.core.tokens import is_seal, seal

PURPOSE = "reply"
TOKEN = re2.compile(r"\bc([0-9]{1,15})\.(?:[0-9a-z]{13}\.)?([a-z2-7]{32})@")
LONGEST = 998


@dataclass(frozen=True)
class ReplyToken:
    """A token as it was found; only fits() says whether it is ours."""

    case_id: int
    seal: str


def new_message_id(case_id: int, recipient: str) -> str:
    """A fresh Message-ID (RFC 5322, 3.6.4) that carries the token for `recipient`."""
    unique = "".join(secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(13))
    return f"<c{case_id}.{unique}.{_seal(case_id, recipient)}@{current_app.config['MAIL_DOMAIN']}>"


def reply_address(queue_address: str, case_id: int, recipient: str) -> str:
    """The queue's address with the token behind a plus sign (RFC 5233)."""
    name, domain = queue_address.rsplit("@", 1)
    return f"{name}+c{case_id}.{_seal(case_id, recipient)}@{domain}"


def tokens_in(strings: Iterable[str]) -> list[ReplyToken]:
    """Every token in these Message-IDs and addresses, in their order, each once."""
    found = {
        ReplyToken(int(match.group(1)), match.group(2)): None
        for string in strings
        for match in TOKEN.finditer(string[:LONGEST].lower())
    }
    return list(found)


def fits(token: ReplyToken, address: str) -> bool:
    """Whether we issued this token to `address`."""
    return is_seal(current_app.config["SECRET_KEY"], token.seal, PURPOSE, str(token.case_id), address.lower())


def _seal(case_id: int, recipient: str) -> str:
    return seal(current_app.config["SECRET_KEY"], PURPOSE, str(case_id), recipient.lower())
