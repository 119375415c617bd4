"""The words for what stands in the outbox."""

from typing import Any

from helpdesk.core.i18n import _, _n
from helpdesk.core.looks import clock_time
from helpdesk.mail_out.models import OutboundMail, Recipient


def mail_state(mail: OutboundMail) -> str:
    """How far a mail has come."""
    words: dict[str, Any] = {
        "queued": _("waiting"),
        "sending": _("sending"),
        "delayed": _("delayed, next try %(when)s", when=clock_time(mail.next_try_at)),
        "uncertain": _("unsure, sent again %(when)s", when=clock_time(mail.next_try_at)),
        "sent": _("sent again, first try unknown") if mail.resent else _("sent"),
        "failed": _("failed"),
        "discarded": _("discarded"),
    }
    return words[mail.state]


def recipient_state(recipient: Recipient) -> str:
    """What became of it for one recipient."""
    return {
        "waiting": _("waiting"),
        "uncertain": _("unsure"),
        "sent": _("sent"),
        "failed": _("failed"),
    }[recipient.state]


def mail_kind(mail: OutboundMail) -> str:
    """Why the mail was written."""
    return {
        "answer": _("Answer"),
        "confirmation": _("Confirmation"),
        "link": _("Sign-in link"),
        "test": _("Test"),
    }[mail.kind]


def to_whom(mail: OutboundMail) -> str:
    """The first recipient, and how many more."""
    first, rest = mail.recipients[0], len(mail.recipients) - 1
    if not rest:
        return first.address
    return _n("%(address)s and %(n)s more", "%(address)s and %(n)s more", rest, address=first.address)


FILTERS = (mail_state, recipient_state, mail_kind, to_whom)
