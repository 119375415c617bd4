"""What a person may do with a mail in the outbox: try it again now, or discard it."""

from dataclasses import dataclass

from sqlalchemy import func, select

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.db import transaction
from helpdesk.core.errors import InvalidInput, NotFound
from helpdesk.core.events import emit
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.jobs import later
from helpdesk.mail_out.attempt import recipients_of
from helpdesk.mail_out.errors import BeingSent, SentAlready
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.plain import one_line
from helpdesk.mail_out.words import trouble

REASON_MAX = 300


@dataclass(frozen=True)
class ByHand:
    """Somebody did something with a mail."""

    mail: OutboundMail
    by: Agent


def try_again(mail: OutboundMail, by: Agent) -> None:
    """Due now, with all the patience of a new mail. Only those get it who do not have it.

    Raises BeingSent, SentAlready.
    """
    with transaction():
        mail = _held(mail)
        if mail.state == "sent":
            raise SentAlready()
        for recipient in mail.recipients:
            if recipient.state == "failed":
                recipient.state, recipient.settled_at, recipient.trouble = "waiting", None, {}
        was, mail.state = mail.state, "queued"
        mail.next_try_at = func.now()
        mail.delays, mail.crashes, mail.first_tried_at, mail.trouble = 0, 0, None, {}
        note(by, "tried again", "outbound mail", mail.id, {"state": [was, "queued"]})
        later("mail_out.send", mail.id)


def discard(mail: OutboundMail, reason: str, by: Agent) -> None:
    """It is not sent (any more); the reason is kept with it. Raises BeingSent, SentAlready, InvalidInput."""
    reason = one_line(reason, REASON_MAX)
    if not reason:
        raise InvalidInput(fields={"reason": _l("Please say why; the case shows it.")})
    with transaction() as session:
        mail = _held(mail)
        if mail.state in ("sent", "discarded"):
            raise SentAlready()
        was, mail.state = mail.state, "discarded"
        mail.trouble = trouble("discarded", name=by.name, reason=reason)
        note(by, "discarded", "outbound mail", mail.id, {"state": [was, "discarded"], "reason": [None, reason]})
        session.flush()
        emit("mail_discarded", ByHand(mail, by))


def _held(mail: OutboundMail) -> OutboundMail:
    """The mail's row, locked, unless a worker's lease on it still runs."""
    with transaction() as session:
        query = select(OutboundMail, OutboundMail.leased_until > func.now()).where(OutboundMail.id == mail.id)
        row = session.execute(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
        if row is None:
            raise NotFound()
        found, leased = row
        if found.state == "sending" and leased:
            raise BeingSent()
        # A worker that comes back late finds that the mail is no longer its own.
        found.leased_until, found.attempts = None, found.attempts + 1
        recipients_of(found)
        return found
