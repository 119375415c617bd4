"""How the ledger's words are said to people."""

from typing import Any

from helpdesk.core.i18n import lazy as _l
from helpdesk.mail_in.explain import explain

OUTCOMES: dict[str, Any] = {
    "new_case": _l("new case"),
    "appended": _l("onto its case"),
    "duplicate": _l("duplicate"),
    "automatic": _l("automatic"),
    "bounce": _l("bounce"),
    "held": _l("held"),
    "refused": _l("refused"),
    "unreadable": _l("unreadable"),
    "waiting": _l("waiting"),
}
DOORS: dict[str, Any] = {
    "smtp": "SMTP",
    "lmtp": "LMTP",
    "imap": _l("mailbox"),
    "pipe": _l("pipe"),
    "form": _l("form"),
    "api": _l("program"),
}


def outcome_name(outcome: str | None) -> str:
    """What became of a mail, in a word or two."""
    return str(OUTCOMES.get(outcome or "waiting", outcome))


def door_name(door: str) -> str:
    """The way it came."""
    return str(DOORS.get(door, door))


FILTERS = (outcome_name, door_name, explain)
